"""Nobody is forgotten: whoever does not answer is reminded, then their manager is asked; an undecided request ends in time."""

from datetime import timedelta

from django.db import transaction

from apps.approvals import patience, queries, seating, telling, watching
from apps.approvals.machine import REQUEST
from apps.approvals.models import Request, Seat, StageRun
from apps.approvals.patience import Step
from apps.core import clock
from apps.journal.actors import SYSTEM
from apps.journal.services import record, transition
from apps.people import queries as people

_READS_SHOWN = timedelta(days=30)
"""Whoever let us see within this time that they read has read receipts on."""


@transaction.atomic
def look_after(*, seat_id: int, asked_at: str) -> Step | None:
    """Do what is due about one question; returns what was done. A question that is answered, gone, or was put anew since
    `asked_at` (ISO 8601) is left alone."""
    seat = _locked(seat_id)
    if seat is None or seat.asked_at.isoformat() != asked_at:
        return None
    waits = patience.Patience.from_json(seat.stage_run.patience)
    after = people.working_hours_after(seat.employee, seat.asked_at)
    step = patience.due(waits, _standing(seat), after, clock.now())
    if step is Step.REMIND:
        _remind(seat)
    elif step is not None and pass_up(seat, step):
        return step
    watching.watch(seat)
    return step


def _locked(seat_id: int) -> Seat | None:
    """The seat while it can still be answered; the request's lock guards its seats."""
    mine = Seat.objects.filter(pk=seat_id).values("stage_run__request_id")
    if not Request.objects.select_for_update().filter(pk__in=mine, state=Request.State.OPEN):
        return None
    rows = Seat.objects.select_related("employee__manager", "deputy_for", "stage_run__request__requester",
                                       "stage_run__request__flow", "stage_run__request__submission")  # fmt: skip
    return rows.filter(pk=seat_id, is_open=True, stage_run__state=StageRun.State.OPEN).first()


def _standing(seat: Seat) -> patience.Standing:
    question = telling.question_to(seat)
    # Whoever has no WhatsApp here is asked by e-mail: no receipt of a phone can be waited for.
    reached = (
        bool(seat.employee.email) if question is None
        else question.delivered_at is not None or question.read_at is not None
    )  # fmt: skip
    return patience.Standing(
        is_delivered=reached,
        is_read=question is not None and question.read_at is not None,
        shows_reading=queries.shows_reading(seat.employee, since=clock.now() - _READS_SHOWN),
        reminders=seat.reminders,
    )


def _remind(seat: Seat) -> None:
    seat.reminders += 1
    seat.save(update_fields=["reminders"])
    record("seat.reminded", subject=seat.stage_run.request, after={
        "stage_run": seat.stage_run_id, "employee": seat.employee_id, "time": seat.reminders})  # fmt: skip
    telling.reminded(seat)


def pass_up(seat: Seat, why: Step) -> bool:
    """Ask the manager of whoever does not answer, or who stands in for them; False: nobody above them can decide.

    Nobody gets a question back that was passed up from them, so a round of managers ends.
    """
    run, manager = seat.stage_run, seat.employee.manager
    above = people.stand_in(manager, clock.now(), exclude=run.request.own_ids)[0] if manager is not None else None
    if above is None or Seat.objects.filter(stage_run=run, employee=above).exists():
        return False
    record("seat.passed_up", subject=run.request, before={"employee": seat.employee_id},
           after={"stage_run": run.pk, "employee": above.pk, "why": why.value})  # fmt: skip
    seating.replace(seat, seat.deputy_for_id or seat.employee_id, above.pk)
    telling.passed_up(seat, above)
    return True


@transaction.atomic
def expire(*, request_id: int) -> bool:
    """End a request whose time is up; False when it is decided, or its time was put off."""
    rows = Request.objects.select_for_update(of=("self",)).select_related("requester", "flow", "submission")
    request = rows.filter(pk=request_id, state__in=REQUEST["expire"].sources).first()
    if request is None or request.expires_at is None or request.expires_at > clock.now():
        return False
    transition(request, REQUEST, "expire", by=SYSTEM, is_locked=True, decided_at=clock.now())
    request.refresh_from_db()
    seats = seating.close_seats(request)
    seating.skip_rest(request)
    telling.expired(request, seats)
    return True
