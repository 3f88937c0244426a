"""Walks a request along its frozen route: which stage is next, who sits in it, who takes over a seat.

Everything here runs inside the transaction of a verb that has locked the request.
"""

from collections.abc import Sequence
from typing import Any

from apps.approvals import policy, queries, telling
from apps.approvals.machine import REQUEST, STAGE
from apps.approvals.models import Request, Seat, StageRun
from apps.core import clock
from apps.forms import conditions
from apps.journal.actors import SYSTEM, HasActor
from apps.journal.services import record, transition
from apps.people import queries as people
from apps.people.models import Employee

State = StageRun.State


def advance(request: Request) -> StageRun | None:
    """Open the next stage that is needed; None when none is left or nobody can decide it (then it is stuck)."""
    answers = request.submission.answers
    for run in runs(request).filter(state=State.WAITING):
        if not conditions.holds(run.condition, answers):
            transition(run, STAGE, "skip", by=SYSTEM, closed_at=clock.now())
            continue
        return run if open_stage(run) else None
    return None


def runs(request: Request | int) -> Any:
    """The stages of a request (or of its key) in order, with what the walk reads of them."""
    found = StageRun.objects.filter(request=request).order_by("position")
    return found.select_related(
        "request__requester__manager__manager", "request__flow", "request__submission", "person", "team"
    )


def open_stage(run: StageRun) -> bool:
    """Seat the deciders as absences stand at this moment and ask each. False: nobody can decide, the request is stuck."""
    seats = seat(run, queries.named(run))
    if not seats:
        get_stuck(run)
        return False
    opened = transition(run, STAGE, "open", by=SYSTEM, opened_at=clock.now())
    run.state, run.version, run.opened_at = opened.state, opened.version, opened.opened_at
    for taken in seats:
        telling.asked(taken)
    return True


def seat(run: StageRun, bases: Sequence[Employee]) -> list[Seat]:
    """Set the seats for those whom the route names; empty when that decides nothing."""
    chosen = queries.chosen(run, bases)
    plan = policy.seat_plan(run.rule, chosen, own_ids=run.request.own_ids)
    return [take_seat(run, item.base_id, item.decider_id) for item in plan or () if item.decider_id is not None]


def take_seat(run: StageRun, base_id: int, decider_id: int) -> Seat:
    """A seat for one decider; a seat that moved away earlier opens again. A decided one stays as it is."""
    deputy_for_id = base_id if base_id != decider_id else None
    row, created = Seat.objects.select_related("employee", "deputy_for").get_or_create(
        stage_run=run, employee_id=decider_id, defaults={"deputy_for_id": deputy_for_id}
    )
    if not created and not queries.verdict_of(row) and not row.is_open:
        row.is_open, row.deputy_for_id, row.asked_at = True, deputy_for_id, clock.now()
        row.save(update_fields=["is_open", "deputy_for", "asked_at"])
    row.stage_run = run
    record("seat.taken", subject=run.request, after={"stage_run": run.pk, "employee": row.employee_id,
                                                     "deputy_for": row.deputy_for_id})  # fmt: skip
    return row


def leave_seat(row: Seat) -> None:
    row.is_open = False
    row.save(update_fields=["is_open"])
    record(
        "seat.left", subject=row.stage_run.request, after={"stage_run": row.stage_run_id, "employee": row.employee_id}
    )


def move_seats(run: StageRun, employee: Employee) -> int:
    """Give the open seat of somebody who is away or gone to whoever stands in now; returns how many seats moved."""
    row = (
        Seat.objects.select_related("employee", "deputy_for")
        .filter(stage_run=run, employee=employee, is_open=True)
        .first()
    )
    if row is None:
        return 0
    base = row.deputy_for or row.employee
    decider, _for = people.stand_in(base, clock.now(), exclude=run.request.own_ids)
    if decider is not None and decider.pk == employee.pk:
        return 0
    row.stage_run = run
    leave_seat(row)
    sitting = {view.employee_id for view in queries.seat_views(run) if view.is_open or view.verdict}
    if decider is not None and decider.pk not in sitting:
        telling.asked(take_seat(run, base.pk, decider.pk))
    elif decider is None and (run.rule == "all" or not any(view.is_open for view in queries.seat_views(run))):
        get_stuck(run)
    return 1


def get_stuck(run: StageRun) -> None:
    """Nobody can decide: say so to the requester and on the screens instead of waiting silently."""
    request = transition(run.request, REQUEST, "get_stuck", by=SYSTEM)
    run.request = request
    telling.stuck(request)


def close_seats(request: Request) -> list[Seat]:
    """Close what is still open; returns those seats."""
    open_seats = list(Seat.objects.filter(stage_run__request=request, is_open=True)
                      .select_related("employee", "stage_run__request"))  # fmt: skip
    for row in open_seats:
        leave_seat(row)
    return open_seats


def skip_rest(request: Request, by: HasActor = SYSTEM) -> None:
    """Stages that no longer matter."""
    for run in StageRun.objects.filter(request=request, state__in=[State.WAITING, State.OPEN]):
        transition(run, STAGE, "skip", by=by, closed_at=clock.now())
