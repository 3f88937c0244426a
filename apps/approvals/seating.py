"""Walks a request along its frozen route: which stage is next, who sits in it, who takes over a seat.

Everything here runs inside the transaction of a verb that has locked the request.
"""

from collections.abc import Sequence
from itertools import groupby
from typing import Any

from apps.approvals import policy, queries, telling, watching
from apps.approvals.machine import REQUEST, STAGE
from apps.approvals.models import Request, Seat, Stage, StageRun
from apps.core import clock
from apps.forms import conditions
from apps.journal.actors import SYSTEM, HasActor
from apps.journal.services import record, transition
from apps.people import queries as people
from apps.people.models import Employee

State = StageRun.State


def advance(request: Request) -> list[StageRun]:
    """Open the stages of the next step that are needed, all or none of them; empty when none is left or nobody can decide
    one of them (then the request is stuck)."""
    for _step, beside in groupby(runs(request).filter(state=State.WAITING), key=lambda run: run.step):
        needed = []
        for run in beside:
            if conditions.holds(run.condition, request.submission.answers):
                needed.append(run)
            else:
                transition(run, STAGE, "skip", by=SYSTEM, closed_at=clock.now())
        if needed:
            return _open_all(needed)
    return []


def _open_all(step: list[StageRun]) -> list[StageRun]:
    plans = [(run, plan(run)) for run in step]
    hopeless = next((run for run, planned in plans if planned is None), None)
    if hopeless is not None:  # nobody is asked about the rest either: no decision counts while the request is stuck
        get_stuck(hopeless)
        return []
    for run, planned in plans:
        opened = transition(run, STAGE, "open", by=SYSTEM, opened_at=clock.now())
        run.state, run.version, run.opened_at = opened.state, opened.version, opened.opened_at
        ask(run, planned or [])
    return step


def runs(request: Request | int) -> Any:
    """The stages of a request (or of its key) in order, with what the walk reads of them."""
    found = StageRun.objects.filter(request=request).order_by("position")
    return found.select_related(
        "request__requester__manager__manager", "request__requester__cost_centre__owner", "request__flow",
        "request__submission", "person", "team",
    )  # fmt: skip


def plan(run: StageRun) -> list[policy.Chosen] | None:
    """Who would sit in a stage as absences stand at this moment, beside what is decided in it; None: nobody can decide it."""
    decided = Seat.objects.filter(stage_run=run, decision__isnull=False)
    done = {pk for pair in decided.values_list("employee_id", "deputy_for_id") for pk in pair}
    missing = [one for one in queries.named(run, run.request.requester, clock.now()) if one.pk not in done]
    views = queries.seat_views(run)
    if not missing and policy.outcome(run.rule, [view for view in views if view.verdict], run.wanted) == "approve":
        return []
    chosen = queries.chosen(missing, run.request.own_ids, clock.now())
    if run.rule != Stage.Rule.ALL:  # whoever has decided is no second voice for somebody else
        chosen = [item for item in chosen if item.decider_id not in done]
    agreed = sum(view.verdict == "approve" for view in views)
    return policy.seat_plan(run.rule, chosen, own_ids=run.request.own_ids, wanted=max(1, run.wanted - agreed))


def ask(run: StageRun, planned: Sequence[policy.Chosen]) -> None:
    """Set the seats of a plan and put the question to each."""
    for item in planned:
        if item.decider_id is not None:
            seat = take_seat(run, item.base_id, item.decider_id)
            if seat.is_open:
                put_question(seat)


def put_question(seat: Seat) -> bool:
    """Ask, and look after it from now on. False: they have no address to be asked at."""
    is_said = telling.asked(seat)
    watching.watch(seat)
    return is_said


def take_seat(run: StageRun, base_id: int, decider_id: int) -> Seat:
    """A seat for one decider; a seat that moved away earlier opens again. A decided one stays as it is."""
    deputy_for_id = base_id if base_id != decider_id else None
    row, created = Seat.objects.select_related("employee", "deputy_for").get_or_create(
        stage_run=run, employee_id=decider_id, defaults={"deputy_for_id": deputy_for_id}
    )
    if not created and not queries.verdict_of(row) and not row.is_open:
        row.is_open, row.deputy_for_id, row.asked_at, row.reminders = True, deputy_for_id, clock.now(), 0
        row.save(update_fields=["is_open", "deputy_for", "asked_at", "reminders"])
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
    replace(row, base.pk, decider.pk if decider is not None else None)
    return 1


def replace(row: Seat, base_id: int, decider_id: int | None) -> None:
    """An open seat is left, and whoever stands in is asked unless they sit in the stage already; the request is stuck when
    too few are left to decide. `row.stage_run` was read under lock."""
    run = row.stage_run
    leave_seat(row)
    views = queries.seat_views(run)
    is_sitting = any(view.employee_id == decider_id and (view.is_open or view.verdict) for view in views)
    if decider_id is not None and not is_sitting:
        put_question(take_seat(run, base_id, decider_id))
    elif policy.is_starved(run.rule, views, run.wanted, is_covered=is_sitting):
        get_stuck(run)


def get_stuck(run: StageRun) -> None:
    """Nobody can decide: say so to the requester and on the screens instead of waiting silently."""
    request = transition(run.request, REQUEST, "get_stuck", by=SYSTEM)
    run.request = request
    telling.stuck(request)


def close_seats(request: Request, run: StageRun | None = None) -> list[Seat]:
    """Close what is still open in a request, or in one stage of it; returns those seats."""
    rows = Seat.objects.filter(stage_run__request=request, is_open=True).select_related(
        "employee", "stage_run__request"
    )
    open_seats = list(rows if run is None else rows.filter(stage_run=run))
    for row in open_seats:
        leave_seat(row)
    return open_seats


def skip_rest(request: Request, by: HasActor = SYSTEM) -> None:
    """Stages that no longer matter."""
    for run in StageRun.objects.filter(request=request, state__in=[State.WAITING, State.OPEN]):
        transition(run, STAGE, "skip", by=by, closed_at=clock.now())
