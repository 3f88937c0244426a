"""The saved views above a list, and the form that saves one more."""

from typing import Any

from django import template

from apps.console import queries, viewing
from apps.console.models import LONGEST_NAME
from apps.core.errors import RecadoError

register = template.Library()


@register.inclusion_tag("console/views.html", takes_context=True)
def saved_views(context: dict[str, Any], changelist: Any) -> dict[str, Any]:
    """Nothing in a pop-up, which is for choosing one row."""
    request = context["request"]
    if changelist.is_popup:
        return {"is_hidden": True}
    try:
        query = viewing.spelled(viewing.parts_of(request.GET.urlencode()))
    except RecadoError:
        query = ""
    views = queries.views_of(request.user, changelist.opts.label_lower)
    return {
        "request": request, "csrf_token": context.get("csrf_token"), "model": changelist.opts.label_lower, "query": query,
        "views": [(view, view.query == query, view.owner_id != request.user.pk) for view in views],
        "managed": [view for view in views if queries.may_manage(request.user, view)],
        "may_save": bool(query) and all(view.query != query for view in views),
        "may_share": request.user.has_perm(queries.SHARE), "longest": LONGEST_NAME,
    }  # fmt: skip
