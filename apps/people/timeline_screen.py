"""The page of one employee's timeline."""

from typing import Any
from urllib.parse import urlencode

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action

from apps.people import timeline


class TimelinePage:
    """A button of an employee's page, and the page behind it. It only reads."""

    @action(description=_("Timeline"), url_path="timeline", icon="history")
    def timeline(self: Any, request: HttpRequest, object_id: str) -> HttpResponse:
        """404 for nobody and for whom one may not see, alike."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        employee = self.get_object(request, object_id)
        if employee is None:
            raise Http404
        kind = request.GET.get("kind", "")
        page = timeline.page(employee, user=request.user, kind=kind, before=request.GET.get("before", ""))
        shown = kind if kind in page.kinds else ""
        choices = [{"title": gettext("Everything"), "icon": "history", "query": "", "is_shown": not shown}]
        for name in page.kinds:
            title, icon = timeline.KINDS[name]
            choices.append(
                {"title": title, "icon": icon, "query": urlencode({"kind": name}), "is_shown": name == shown}
            )
        older = {"before": page.older, **({"kind": shown} if shown else {})}
        return TemplateResponse(request, "people/timeline.html", {
            **self.admin_site.each_context(request), "title": employee.name, "employee": employee, "page": page,
            "opts": self.opts, "choices": choices, "older": urlencode(older) if page.older else "",
            "is_first": "before" not in request.GET, "shown": shown, "newest": urlencode({"kind": shown} if shown else {}),
            "back": reverse("admin:people_employee_change", args=[employee.pk]),
        })  # fmt: skip
