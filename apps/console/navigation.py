"""What stands in the sidebar: by what people do, and only what they may open."""

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apps.console import badges
from apps.console.addresses import list_of
from apps.console.groups import GROUPS, RECORDS, may_look
from apps.console.permissions import may_view


def sidebar(request: HttpRequest) -> list[dict[str, Any]]:
    """The groups this person may see, with counts of what needs somebody; a group without rows is left out."""
    home = {"title": _("Home"), "icon": "home", "link": reverse("admin:index")}
    shown: list[dict[str, Any]] = [{"items": [home]}]
    counts = badges.of(request)
    for title, rows in GROUPS:
        items = [_item(*row, counts.get(row[2])) for row in rows if may_view(request, row[2])]
        if title is RECORDS and may_look(request.user):
            items.append({"title": _("Who may do what"), "icon": "policy", "link": reverse("console:who")})
        if items:
            shown.append({"title": title, "separator": True, "items": items})
    return shown


def _item(label: str | Promise, icon: str, model: str, count: str | None) -> dict[str, Any]:
    item = {"title": label, "icon": icon, "link": list_of(model)}
    return {**item, "badge": count} if count else item
