"""What an employee reported and took, on their timeline: only tickets that the reader may see."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from apps.core import scope
from apps.incidents.models import Ticket
from apps.people.models import Employee
from apps.people.timeline import Line, register

VIEW = "incidents.view_ticket"


def _reported(employee: Employee, user: Any) -> QuerySet[Ticket]:
    return scope.narrow(Ticket.objects.filter(reporter=employee), user)


def _taken(employee: Employee, user: Any) -> QuerySet[Ticket]:
    return scope.narrow(Ticket.objects.filter(assignee=employee), user)


def _tell_reported(rows: Sequence[Ticket], user: Any) -> Iterable[Line]:
    for row in rows:
        what = _("Reported %(code)s (%(state)s)") % {"code": row.code, "state": row.get_state_display()}
        yield Line(what, row.summary, reverse("admin:incidents_ticket_change", args=[row.pk]))


def _tell_taken(rows: Sequence[Ticket], user: Any) -> Iterable[Line]:
    for row in rows:
        url = reverse("admin:incidents_ticket_change", args=[row.pk])
        yield Line(_("Took %(code)s") % {"code": row.code}, row.summary, url, "", "pan_tool")


register(
    "incidents.reported", kind="tickets", permission=VIEW, rows=_reported, moment="created_at", tell=_tell_reported
)
register("incidents.taken", kind="tickets", permission=VIEW, rows=_taken, moment="taken_at", tell=_tell_taken)
