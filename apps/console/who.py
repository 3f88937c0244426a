"""The page “Who may do what”: the matrix with the roles as they stand in the database. Read-only."""

from typing import Any

from django.contrib import admin
from django.contrib.admin.views.decorators import staff_member_required
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from apps.console import matrix
from apps.console.groups import may_look
from apps.people.roles import ROLES, role_sentence

MARKS = (("view", "visibility", _("see")), ("add", "add", _("add")), ("change", "edit", pgettext_lazy("verb", "change")),
         ("delete", "delete", _("delete")))  # fmt: skip
CHANGED = {"own": _("made here"), "widened": _("widened here"), "narrowed": _("narrowed here")}
Mark = tuple[str, Any]


def columns() -> list[matrix.Column]:
    """The roles as administrators left them: ours in their order, then those made here by name, then nobody special."""
    groups = Group.objects.prefetch_related("permissions__content_type").order_by("name")
    found = {group.name: matrix.column_of(group.name, _codenames(group)) for group in groups}
    ours = [found.pop(role) for role in ROLES if role in found]
    nobody = [column for column in matrix.house_columns() if column.kind == matrix.NOBODY]
    return [*ours, *found.values(), *nobody]


def _codenames(group: Group) -> list[str]:
    return [f"{one.content_type.app_label}.{one.codename}" for one in group.permissions.all()]


@staff_member_required
@require_safe
def page(request: HttpRequest) -> HttpResponse:
    if not may_look(request.user):
        raise PermissionDenied
    shown = columns()
    sections = matrix.sections(shown)
    context = {
        **admin.site.each_context(request),
        "title": gettext("Who may do what"),
        "columns": [(column, CHANGED.get(column.kind, ""), role_sentence(column.name)) for column in shown],
        "sections": [(section.title, [(line, [_cell(cell) for cell in line.cells]) for line in section.lines])
                     for section in sections],
        "specials": matrix.specials(shown),
        "legend": [(icon, word) for _verb, icon, word in MARKS],
    }  # fmt: skip
    return TemplateResponse(request, "console/who.html", context)


def _cell(verbs: frozenset[str]) -> list[Mark]:
    return [(icon, word) for verb, icon, word in MARKS if verb in verbs]
