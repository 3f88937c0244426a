"""What a decider may do to many requests at once: say yes, or no with one reason for all."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from apps.approvals import queries, services
from apps.approvals.models import Decision, Request, Seat
from apps.core.errors import NotPermittedError, StaleVersionError
from apps.people import queries as people
from apps.people.bulk.deeds import Deed, Given, Words, register
from apps.people.models import User


def _seats(rows: Sequence[Request], by: User) -> dict[int, Seat]:
    """The seat from which this person may decide each of these now; of two, the first."""
    found = queries.open_seats(rows, people.employee_of(by))
    return {seat.stage_run.request_id: seat for seat in reversed(found)}


def _why_not(rows: Sequence[Request], by: User) -> Mapping[int, str]:
    seats, own = _seats(rows, by), people.employee_of(by)
    wrong: dict[int, str] = {}
    for row in rows:
        if own is not None and own.pk in row.own_ids:
            wrong[row.pk] = _("Nobody decides on their own request.")
        elif row.pk not in seats:
            wrong[row.pk] = _("It does not wait for your decision.")
        elif row.is_step_up:
            wrong[row.pk] = _("This sum is decided on its own page, one by one.")
    return wrong


def _look(rows: Sequence[Request], by: User) -> Mapping[int, Any]:
    """The seat and the version: a stage that has gone on, or a question put anew, was not what they saw."""
    return {pk: [seat.pk, seat.stage_run.request.version] for pk, seat in _seats(rows, by).items()}


def _decide(verdict: str) -> Any:
    def act(row: Request, by: User, given: Given) -> None:
        own = people.employee_of(by)
        if own is None:
            raise NotPermittedError(_("Your sign-in may not decide on requests."))
        seat_id, version = given.seen or (0, 0)
        seat = Seat.objects.select_related("stage_run").filter(pk=seat_id, employee=own, stage_run__request=row).first()
        if seat is None:
            raise StaleVersionError(
                _("The request was changed after you were asked. Please use the newest question about it.")
            )
        services.decide(stage_run=seat.stage_run, by=own, verdict=verdict, version_seen=version, via="admin",
                        reason=given.words, proof=f"user:{by.pk}")  # fmt: skip

    return act


def _label(row: Request) -> str:
    return f"{row.code} · {row.requester} · {queries.what(row, get_language() or 'en')}"


_NAMED: dict[str, Any] = {
    "label": _label, "related": ("requester", "flow", "submission__filed_by__employee"), "look": _look,
}  # fmt: skip
register("approvals.approve", Deed(
    "approvals.request", gettext_lazy("Approve"), queries.DECIDE, _why_not, _decide(Decision.Verdict.APPROVE),
    **_NAMED, words=Words(gettext_lazy("Reason for all of them (may stay empty)")),
    consequence=gettext_lazy("Each of them is decided by you, as if you had opened it; everybody concerned is told."),
    warning=gettext_lazy("A decision cannot be taken back."),
))  # fmt: skip
register("approvals.reject", Deed(
    "approvals.request", gettext_lazy("Reject"), queries.DECIDE, _why_not, _decide(Decision.Verdict.REJECT), **_NAMED,
    words=Words(gettext_lazy("Why not? Everybody who asked reads this reason."), is_needed=True),
    consequence=gettext_lazy("Each of them is decided by you, as if you had opened it; everybody concerned is told."),
    warning=gettext_lazy("A decision cannot be taken back."),
))  # fmt: skip
