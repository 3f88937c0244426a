"""What may be done with a request. A decision is one transaction: read everything again under lock, then write it all."""

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal, InvalidOperation

from django.db import transaction
from django.utils.translation import gettext as _

from apps.approvals import policy, queries, seating, telling, watching
from apps.approvals.machine import REQUEST, STAGE
from apps.approvals.models import Decision, Flow, Request, Seat, StageRun
from apps.approvals.policy import Refusal
from apps.core import clock
from apps.core.errors import (
    InvalidInputError,
    MoveNotAllowedError,
    NotPermittedError,
    RecadoError,
    StaleVersionError,
)
from apps.core.together import joined
from apps.files import services as files
from apps.forms import conditions
from apps.forms import queries as forms
from apps.forms.models import Submission
from apps.forms.parse import clean
from apps.journal.actors import SYSTEM, HasActor
from apps.journal.services import record, transition
from apps.people import queries as people
from apps.people.models import Employee

_ERRORS: dict[Refusal, type[RecadoError]] = {
    Refusal.LEFT: NotPermittedError,
    Refusal.OWN_REQUEST: NotPermittedError,
    Refusal.NOT_ASKED: NotPermittedError,
    Refusal.SEAT_MOVED: NotPermittedError,
    Refusal.STALE: StaleVersionError,
    Refusal.STEP_UP: NotPermittedError,
}  # the rest: MoveNotAllowedError
LONGEST_REASON = 500
"""Fits into every message that tells it."""
_UNFINISHED = (StageRun.State.WAITING, StageRun.State.OPEN)


@transaction.atomic
def submit(*, flow: Flow, submission: Submission, by: Employee) -> Request:
    """Freeze the route as it stands now and open the first stage that is needed. One request per submission.

    Raises InvalidInputError when the flow is not offered or has no stages: an empty route would approve everything.
    """
    existing = Request.objects.filter(submission=submission).first()
    if existing is not None:
        return existing
    stages = list(flow.stages.order_by("order", "id"))
    if not flow.is_active or not stages:
        raise InvalidInputError(_("This cannot be requested at present. Please ask HR."))
    amount, currency = _amount(flow, submission)
    filer = submission.filed_by
    request = Request.objects.create(
        flow=flow, requester=by, submission=submission, summary=_summary(flow, submission), amount=amount,
        currency=currency, filed_by=people.employee_of(filer) if filer else None,
        is_step_up=amount is not None and flow.page_above is not None and amount > flow.page_above,
        expires_at=clock.now() + timedelta(days=flow.expires_days) if flow.expires_days else None,
    )  # fmt: skip
    step = 0
    for position, stage in enumerate(stages, start=1):
        step += not (stage.is_beside and step)
        StageRun.objects.create(
            request=request, position=position, step=step, name=stage.name, approver=stage.approver,
            person=stage.person, team=stage.team, job=stage.job, rule=stage.rule, quorum=stage.quorum,
            condition=stage.condition, patience=stage.patience.to_json(),
        )  # fmt: skip
    files.adopt(files=forms.files_of(submission, reveals=True), owner=request)
    record("request.submitted", subject=request, by=filer or by, after={
        "state": request.state, "flow": flow.key, "stages": len(stages), **({"on_behalf_of": by.pk} if filer else {})},
        body={"amount": str(amount) if amount is not None else "", "currency": currency})  # fmt: skip
    watching.watch_end(request)
    telling.submitted(request)
    if not seating.advance(request):
        _finish_if_nothing_is_left(request)
    return _locked(request)


@joined
def decide(
    *, stage_run: StageRun, by: Employee, verdict: str, version_seen: int, via: str, reason: str = "", proof: str = ""
) -> Decision:
    """Count one yes or no of `by` on an open stage, and go on from there.

    Only the key of `stage_run` counts: everything is read under lock. `version_seen` is the request's version on the
    button or page; `via` is button, admin or link; `proof` the wamid of the tap, the sign-in or the link. Raises, with who decided and
    when: NotPermittedError (not asked, passed on, own request, left, too large for the chat), StaleVersionError (changed since),
    MoveNotAllowedError (decided already); InvalidInputError for a rejection without reason, or a request that is gone.
    All of them before anything is written.
    """
    if verdict not in Decision.Verdict.values:
        raise InvalidInputError(_("Choose to approve or to reject."))
    run = _locked_run(stage_run)
    seats = queries.seats_of(run.request)
    _check(run, by, version_seen, seats, via=via)
    reason = clean(reason)
    if len(reason) > LONGEST_REASON:
        raise InvalidInputError(
            _("At most %(most)s characters.") % {"most": LONGEST_REASON},
            fields={"reason": _("Too long.")},
        )
    if verdict == Decision.Verdict.REJECT and not reason:
        raise InvalidInputError(
            _("Please say why: the person who asked reads your reason."), fields={"reason": _("Missing.")}
        )
    seat = next(row for row in seats if row.stage_run_id == run.pk and row.employee_id == by.pk)
    seat.stage_run = run
    decision = Decision.objects.create(seat=seat, verdict=verdict, reason=reason, version_seen=version_seen, via=via,
                                       proof=proof[:255])  # fmt: skip
    seat.is_open = False
    seat.save(update_fields=["is_open"])
    record("decision.made", subject=run.request, by=by, after={
        "stage_run": run.pk, "verdict": verdict, "deputy_for": seat.deputy_for_id, "version_seen": version_seen,
        "via": via, "proof": proof[:255]}, body={"reason": reason} if reason else None)  # fmt: skip
    verdict_of_stage = policy.outcome(run.rule, queries.seat_views(run, seats), run.wanted)
    if verdict_of_stage == Decision.Verdict.REJECT:
        _reject(run, decision)
    elif verdict_of_stage == Decision.Verdict.APPROVE:
        _approve(run, decision, seats)
    return decision


def _check(
    run: StageRun, by: Employee, version_seen: int, seats: Sequence[Seat] | None = None, *, via: str = ""
) -> None:
    refused = policy.refusal(queries.attempt(run, by, version_seen, seats, via=via))
    if refused is not None:
        error = _ERRORS.get(refused, MoveNotAllowedError)
        raise error(queries.refusal_sentence(refused, run, by), code=refused.value)


def check_may_decide(*, stage_run: StageRun, by: Employee, version_seen: int, via: str = "button") -> None:
    """Raises what `decide` would raise: asked before somebody types a reason."""
    _check(seating.runs(stage_run.request).get(pk=stage_run.pk), by, version_seen, via=via)


def note_refusal(*, stage_run: StageRun, by: Employee, error: RecadoError, proof: str) -> None:
    """Keep in the journal that somebody tried and why it did not count."""
    record("decision.refused", subject=stage_run.request, by=by, after={
        "stage_run": stage_run.pk, "why": error.code, "proof": proof[:255]})  # fmt: skip


def _approve(run: StageRun, decision: Decision, seats: Sequence[Seat] | None = None) -> None:
    """`seats` of the request, when they have just been read."""
    run = transition(run, STAGE, "approve", by=decision.seat.employee, is_locked=True, closed_at=clock.now())
    request = run.request
    if seats is None or any(row.is_open for row in seats):
        telling.settled(request, seating.close_seats(request, run), decision)
    left = list(StageRun.objects.filter(request=request, state__in=_UNFINISHED).order_by("position"))
    if not left:
        _finish(request, decision)
        return
    beside = [other for other in left if other.state == StageRun.State.OPEN]
    following = beside or seating.advance(_locked(request))
    if following:
        telling.stage_passed(decision, following)
    else:
        _finish_if_nothing_is_left(request, decision)


def _reject(run: StageRun, decision: Decision) -> None:
    transition(run, STAGE, "reject", by=decision.seat.employee, closed_at=clock.now())
    request = transition(run.request, REQUEST, "reject", by=decision.seat.employee, decided_at=clock.now())
    request = _locked(request)
    telling.settled(request, seating.close_seats(request), decision)
    seating.skip_rest(request)
    telling.rejected(request, decision)


def _finish_if_nothing_is_left(request: Request, decision: Decision | None = None) -> None:
    """No stage is open or waiting: approved. A stuck request has one waiting, and stays."""
    if not StageRun.objects.filter(request=request, state__in=_UNFINISHED).exists():
        _finish(_locked(request), decision)


def _finish(request: Request, decision: Decision | None) -> None:
    """Approve a request that has just been read under lock."""
    by: HasActor = decision.seat.employee if decision else SYSTEM
    approved = transition(request, REQUEST, "approve", by=by, is_locked=True, decided_at=clock.now())
    telling.approved(approved, by.as_actor().label)


@transaction.atomic
def withdraw(*, request: Request, by: Employee) -> Request:
    """The requester takes it back; whoever was asked hears that there is nothing left to decide.

    Raises NotPermittedError for anybody else and MoveNotAllowedError when it is decided.
    """
    row = _locked(request)
    if row.requester_id != by.pk:
        raise NotPermittedError(_("Only %(name)s can withdraw this request.") % {"name": row.requester.name})
    if row.state not in REQUEST["withdraw"].sources:
        raise MoveNotAllowedError(queries.standing(row, by))
    transition(row, REQUEST, "withdraw", by=by, decided_at=clock.now())
    row = _locked(row)
    seats = seating.close_seats(row)
    seating.skip_rest(row, by)
    telling.withdrawn(row, seats)
    return _locked(row)


@transaction.atomic
def try_again(*, request: Request, by: HasActor) -> Request:
    """Look again for somebody who can decide a stuck request; it stays stuck when there is still nobody."""
    row = _locked(request)
    if row.state != Request.State.STUCK:
        raise MoveNotAllowedError(queries.standing(row))
    if _is_hopeless(row):
        return row
    transition(row, REQUEST, "try_again", by=by)
    row = _locked(row)
    opened = list(seating.runs(row).filter(state=StageRun.State.OPEN))
    for run in opened:
        run.request = row
        _fill_seats(run)
    if not opened and not seating.advance(row):
        _finish_if_nothing_is_left(row)
    return _locked(row)


def _is_hopeless(request: Request) -> bool:
    """Whether there is still a stage that has to be decided now and that nobody can decide."""
    unfinished = list(seating.runs(request).filter(state__in=_UNFINISHED))
    opened = [run for run in unfinished if run.state == StageRun.State.OPEN]
    answers = request.submission.answers
    needed = opened or [run for run in unfinished if conditions.holds(run.condition, answers)]
    return any(seating.plan(run) is None for run in needed if run.step == needed[0].step)


def _fill_seats(run: StageRun) -> None:
    """Seat and ask again in a stage of a request that was stuck; decisions that were made stand."""
    planned = seating.plan(run)
    for seat in Seat.objects.filter(stage_run=run, is_open=True).select_related("stage_run__request"):
        seating.leave_seat(seat)
    seating.ask(run, planned or [])
    settle(run)


def settle(run: StageRun) -> None:
    """Go on after seats of an open stage have changed hands. A stage without open seats never waits: what is decided
    decides it, else nobody can."""
    views = queries.seat_views(run)
    if any(view.is_open for view in views):
        return
    last = Decision.objects.filter(seat__stage_run=run).select_related("seat__employee").order_by("-id").first()
    if last is not None and policy.outcome(run.rule, views, run.wanted) == Decision.Verdict.APPROVE:
        _approve(run, last)
    else:
        seating.get_stuck(run)


@transaction.atomic
def reseat(*, employee: Employee) -> int:
    """Pass on every open seat of somebody who is away or has left; returns how many seats moved."""
    held = Seat.objects.filter(employee=employee, is_open=True, stage_run__state=StageRun.State.OPEN)
    ids = list(held.filter(stage_run__request__state=Request.State.OPEN).values_list("stage_run_id", flat=True))
    moved = 0
    for row in StageRun.objects.filter(pk__in=ids).order_by("pk"):
        run = _locked_run(row)
        if seating.move_seats(run, employee):
            moved += 1
            if run.request.state == Request.State.OPEN:
                settle(run)
    return moved


@transaction.atomic
def ask_again(*, employee: Employee) -> int:
    """Put every open question to somebody anew who has another phone: the buttons on the old one are nobody's. Returns how
    many were asked."""
    held = Seat.objects.filter(employee=employee, is_open=True, stage_run__state=StageRun.State.OPEN)
    ids = list(held.filter(stage_run__request__state=Request.State.OPEN).values_list("stage_run_id", flat=True))
    asked = 0
    for row in StageRun.objects.filter(pk__in=ids).order_by("pk"):
        run = _locked_run(row)
        waiting = Seat.objects.select_related("employee", "deputy_for").filter(
            stage_run=run, employee=employee, is_open=True, decision=None
        )
        for seat in waiting:
            # The key of a question names its second: a new question needs another one.
            seat.stage_run, seat.asked_at = run, max(clock.now(), seat.asked_at + timedelta(seconds=1))
            seat.reminders = 0
            seat.save(update_fields=["asked_at", "reminders"])
            asked += seating.put_question(seat)
    return asked


@transaction.atomic
def retry_stuck(*, by: HasActor = SYSTEM) -> int:
    """Look again at every stuck request that somebody could decide now; returns how many went on."""
    moved = 0
    for request in Request.objects.filter(state=Request.State.STUCK).order_by("pk"):
        moved += try_again(request=request, by=by).state != Request.State.STUCK
    return moved


# --- inside -----------------------------------------------------------------------------------------------------------


def _locked(request: Request) -> Request:
    rows = Request.objects.select_for_update(of=("self",)).select_related("requester__manager", "flow", "submission")
    return rows.get(pk=request.pk)


def _locked_run(stage_run: StageRun) -> StageRun:
    """The request's lock guards all of its rows: two decisions on one request queue here.

    Both rows are locked, the request first: a row that is not would be read as it was before the wait for the other.
    """
    rows = StageRun.objects.select_related("request__requester", "request__flow", "request__submission").order_by()
    named = rows.filter(pk=stage_run.pk, request=stage_run.request_id)
    found = next(iter(named.select_for_update(of=("request", "self"))), None)
    if found is None:
        raise InvalidInputError(_("This request is gone."))
    return found


def _amount(flow: Flow, submission: Submission) -> tuple[Decimal | None, str]:
    raw = submission.answers.get(flow.amount_field) if flow.amount_field else None
    if raw in (None, ""):
        return None, ""
    spec = forms.schema_of(submission.version).field(flow.amount_field)
    if spec is not None and spec.is_sensitive:  # an amount stands in every message about the request
        return None, ""
    try:
        return Decimal(str(raw)), spec.currency if spec else ""
    except InvalidOperation as error:
        raise InvalidInputError(_("The amount cannot be read.")) from error


def _summary(flow: Flow, submission: Submission) -> str:
    spec = forms.schema_of(submission.version).field(flow.summary_field) if flow.summary_field else None
    raw = submission.answers.get(flow.summary_field)
    if raw and not (spec and spec.is_sensitive):
        return " ".join(str(raw).split())[:200]
    return queries.flow_name(flow, submission.by.language)[:200]
