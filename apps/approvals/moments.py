"""What an employee asked for and decided, on their timeline: only requests that the reader may see."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from apps.approvals.models import Decision, Request
from apps.core import scope
from apps.people.models import Employee
from apps.people.timeline import Line, register

VIEW = "approvals.view_request"


def _url(request_id: int) -> str:
    return reverse("admin:approvals_request_change", args=[request_id])


def _asked(employee: Employee, user: Any) -> QuerySet[Request]:
    return scope.narrow(Request.objects.filter(requester=employee), user)


def _tell_asked(rows: Sequence[Request], user: Any) -> Iterable[Line]:
    for row in rows:
        what = _("Asked for %(code)s (%(state)s)") % {"code": row.code, "state": row.get_state_display()}
        yield Line(what, row.summary, _url(row.pk))


def _decided(employee: Employee, user: Any) -> QuerySet[Decision]:
    seen = scope.narrow(Request.objects.all(), user)
    rows = Decision.objects.filter(seat__employee=employee).select_related("seat__stage_run__request")
    # Who sees every request gets the plain query.
    return rows.filter(seat__stage_run__request__in=seen.values("pk")) if seen.query.where else rows


def _tell_decided(rows: Sequence[Decision], user: Any) -> Iterable[Line]:
    for row in rows:
        request = row.seat.stage_run.request
        if row.verdict == Decision.Verdict.APPROVE:
            what, icon = _("Approved %(code)s") % {"code": request.code}, "check_circle"
        else:
            what, icon = _("Rejected %(code)s") % {"code": request.code}, "cancel"
        detail = f"{request.summary} · {row.reason}" if row.reason else request.summary
        yield Line(what, detail, _url(request.pk), "", icon)


register("approvals.asked", kind="requests", permission=VIEW, rows=_asked, moment="created_at", tell=_tell_asked)
register("approvals.decided", kind="requests", permission=VIEW, rows=_decided, moment="at", tell=_tell_decided)
