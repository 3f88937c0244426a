"""Reads about requests: who may see and decide them, how they stand, and why a decision does not count."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import translation
from django.utils.translation import gettext as _

from apps.approvals import kinds, policy
from apps.approvals.models import Decision, Flow, Request, Seat, Stage, StageRun
from apps.approvals.policy import Chosen, Refusal, SeatView
from apps.contacts import queries as contacts
from apps.contacts.models import Contact
from apps.core.together import recall
from apps.files.models import File
from apps.forms import queries as forms
from apps.forms import show
from apps.forms.schema import in_language
from apps.outbox.models import OutboundMessage
from apps.people import queries as people
from apps.people.models import Employee

VIEW_ALL = "approvals.view_all_requests"
DECIDE = "approvals.decide_request"
SHOWN = 5


def visible_to(user: Any) -> QuerySet[Request]:
    """All with `approvals.view_all_requests`; else one's own people's and what one was ever asked to decide."""
    if not user.is_active:
        return Request.objects.none()
    if user.has_perm(VIEW_ALL):
        return Request.objects.all()
    own = people.employee_of(user)
    if own is None:
        return Request.objects.none()
    asked = Seat.objects.filter(employee=own).values("stage_run__request_id")
    return Request.objects.filter(Q(requester__in=people.visible_employees(user)) | Q(pk__in=asked))


def waiting_for(employee: Employee) -> QuerySet[Request]:
    """Open requests in which this person holds an open seat of the open stage."""
    seats = Seat.objects.filter(employee=employee, is_open=True, stage_run__state=StageRun.State.OPEN)
    return Request.objects.filter(state=Request.State.OPEN, pk__in=seats.values("stage_run__request_id"))


def decided_today(rows: QuerySet[Request], reader: Employee | None) -> QuerySet[Request]:
    """Those of `rows` that were decided since the reader's midnight."""
    return rows.filter(decided_at__gte=people.midnight_of(reader))


def may_see_file(user: Any, file: File) -> bool:
    """Receipts belong to a request: whoever sees it sees them, but for those of sensitive questions."""
    is_receipt = file.owner_type == "approvals.request" and file.owner_id.isdigit()
    if not is_receipt or not user.has_perm("approvals.view_request"):
        return False
    rows = visible_to(user).select_related("submission__version", "submission__filed_by")
    request = rows.filter(pk=file.owner_id).first()
    if request is None:
        return False
    return file.pk not in forms.sensitive_files(request.submission) or reveals(user, request)


def reveals(user: Any, request: Request) -> bool:
    """Whether sensitive answers are shown to this sign-in: it has to decide now, or asked for it or filed it."""
    may_decide = user.has_perm(DECIDE) and open_seat(request, people.employee_of(user)) is not None
    return may_decide or is_own(user, request)


def is_own(user: Any, request: Request) -> bool:
    """Whether this sign-in asked for it, or filed it for somebody, and so knows what was answered."""
    own = people.employee_of(user)
    return request.submission.filed_by_id == user.pk or (own is not None and own.pk in request.own_ids)


def offered_flows() -> list[Flow]:
    """Flows that can be requested: offered, and with at least one stage."""
    rows = Flow.objects.filter(is_active=True, stages__isnull=False).distinct().order_by("key")
    return recall("offered flows", lambda: list(rows))


def requested_by(employee: Employee, most: int = SHOWN) -> Sequence[Request]:
    """The last ones, newest first."""
    rows = Request.objects.filter(requester=employee).select_related("requester", "flow", "submission__filed_by")
    return list(rows.order_by("-id")[:most])


# --- who decides ------------------------------------------------------------------------------------------------------


def named(stage: StageRun | Stage, requester: Employee, at: datetime) -> list[Employee]:
    """Whom a stage names at that moment for what this person asks, whether they are here or not."""
    match stage.approver:
        case Stage.Approver.MANAGER:
            found = [requester.manager]
        case Stage.Approver.MANAGERS_MANAGER:
            found = [requester.manager.manager if requester.manager else None]
        case Stage.Approver.PERSON:
            found = [stage.person]
        case Stage.Approver.COST_CENTRE:
            found = [requester.cost_centre.owner if requester.cost_centre else None]
        case Stage.Approver.JOB:
            found = list(people.in_position(stage.job))
        case Stage.Approver.TEAM:
            found = list(people.members_of(stage.team, at.date())) if stage.team else []
        case _:
            found = list(people.leads_of(stage.team, at.date())) if stage.team else []
    return [person for person in found if person is not None]


def chosen(bases: Sequence[Employee], own_ids: frozenset[int], at: datetime) -> list[Chosen]:
    """Who decides at that moment for each of `bases`; never those whose own matter it is."""
    stands = [(base, people.stand_in(base, at, exclude=own_ids)[0]) for base in bases]
    return [Chosen(base.pk, decider.pk if decider else None) for base, decider in stands]


def seats_of(request: Request) -> list[Seat]:
    """Every seat of every stage, with its person and decision."""
    rows = Seat.objects.filter(stage_run__request=request).select_related("decision", "employee")
    return list(rows.order_by("id"))


def seat_views(run: StageRun, seats: Sequence[Seat] | None = None) -> list[SeatView]:
    """The seats of a stage as the policy sees them; `seats` when they have just been read."""
    rows = Seat.objects.filter(stage_run=run).select_related("decision").order_by("id") if seats is None else seats
    return [SeatView(row.employee_id, row.is_open, verdict_of(row)) for row in rows if row.stage_run_id == run.pk]


def verdict_of(seat: Seat) -> str:
    decision = getattr(seat, "decision", None)
    return decision.verdict if decision else ""


def is_asked_at(contact: Contact) -> bool:
    """Whether every open question to this person stands in the chat with this address, with buttons to tap."""
    seats = Seat.objects.filter(employee=contact.employee, is_open=True, stage_run__state=StageRun.State.OPEN)
    waiting = set(seats.filter(decision=None).values_list("stage_run__request_id", flat=True))
    asked = [kinds.ASKED.name, kinds.ASKED_DEPUTY.name]
    rows = OutboundMessage.objects.filter(
        contact=contact, kind__in=asked, subject_type=Request._meta.label_lower, subject_id__in=map(str, waiting)
    )
    return waiting <= {int(pk) for pk in rows.values_list("subject_id", flat=True)}


def shows_reading(employee: Employee, *, since: datetime) -> bool:
    """Whether we saw since then that this person read something: their read receipts are on."""
    return OutboundMessage.objects.filter(contact__employee=employee, read_at__gte=since).exists()


def open_seat(request: Request, employee: Employee | None) -> Seat | None:
    """The seat from which this person may decide now."""
    return next(iter(open_seats([request], employee)), None)


def open_seats(requests: Sequence[Request], employee: Employee | None) -> list[Seat]:
    """The same for many requests: every seat from which this person may decide now, the oldest first."""
    if employee is None:
        return []
    able = [row.pk for row in requests if row.state == Request.State.OPEN and employee.pk not in row.own_ids]
    seats = Seat.objects.filter(stage_run__request__in=able, stage_run__state=StageRun.State.OPEN, employee=employee,
                                is_open=True)  # fmt: skip
    return list(seats.select_related("stage_run__request").order_by("pk"))


def deciders_now(request: Request) -> list[str]:
    """Names of those whose decision is awaited; whoever cannot tap until their phone is proved again is named as such."""
    seats = Seat.objects.filter(stage_run__request=request, stage_run__state=StageRun.State.OPEN, is_open=True)
    deciders = [seat.employee for seat in seats.select_related("employee").order_by("id")]
    doubtful = contacts.in_doubt(deciders)
    said = _("%(name)s (whose phone has to be proved again; they can decide in the portal)")
    return [said % {"name": one.name} if one.pk in doubtful else one.name for one in deciders]


# --- words ------------------------------------------------------------------------------------------------------------


def language_of(employee: Employee) -> str:
    """The language we write to this person in."""
    contact = contacts.contact_of(employee)
    return contact.spoken_language if contact else employee.language


def what(request: Request, language: str) -> str:
    """The matter in one line: "Taxi · R$ 780,00"."""
    return " · ".join(part for part in (request.summary, money(request, language)) if part)


def money(request: Request, language: str) -> str:
    """R$ 780,00 for Brazilians, R$ 780.00 for English readers; empty when nothing is asked for in money."""
    return show.money(str(request.amount), request.currency, language) if request.amount is not None else ""


def asker(request: Request) -> str:
    """Who asks, and who filed it for them, in the active language: "Ana Souza (filed by Hana Reis)"."""
    filer = forms.filed_by(request.submission)
    if not filer:
        return request.requester.name
    return _("%(name)s (filed by %(filer)s)") % {"name": request.requester.name, "filer": filer}


def flow_name(flow: Flow, language: str) -> str:
    return in_language(flow.name, language) or flow.key


def stage_name(run: StageRun | Stage, language: str) -> str:
    with translation.override(language):
        return in_language(run.name, language) or str(run.get_approver_display())


def _decided(decision: Decision, reader: Employee | None) -> str:
    values = {"name": decision.seat.employee.name, "time": people.clock_time(decision.at, reader)}
    if decision.verdict == Decision.Verdict.APPROVE:
        return _("Already approved by %(name)s at %(time)s.") % values
    return _("Already rejected by %(name)s at %(time)s.") % values


def standing(request: Request, reader: Employee | None = None) -> str:
    """How it stands, in the active language."""
    last = (
        Decision.objects.filter(seat__stage_run__request=request)
        .select_related("seat__employee")
        .order_by("-id")
        .first()
    )
    if request.state in {Request.State.APPROVED, Request.State.REJECTED} and last is not None:
        return _decided(last, reader)
    if request.state == Request.State.APPROVED:
        return _("Approved: nobody had to decide on it.")
    if request.state == Request.State.WITHDRAWN:
        return _("%(name)s has withdrawn it.") % {"name": request.requester.name}
    if request.state == Request.State.EXPIRED:
        return _("It expired: nobody decided in time.")
    if request.state == Request.State.STUCK:
        return _("At present nobody can decide on it; HR sees it on their list.")
    return _("It waits for %(names)s.") % {"names": ", ".join(deciders_now(request)) or "–"}


def refusal_sentence(reason: Refusal, run: StageRun, reader: Employee) -> str:
    """Why a decision of `reader` on this stage does not count, in the active language: who decided and when."""
    request = run.request
    if reason is Refusal.OWN_REQUEST and reader.pk != request.requester_id:
        return _("Whoever filed a request for somebody else does not decide on it. %(how)s") % {
            "how": standing(request, reader)}  # fmt: skip
    if reason is Refusal.STEP_UP:
        return _("This sum is decided on a page of its own, not in the chat. The link to it comes in a moment.")
    if reason is Refusal.OWN_REQUEST:
        return _("Nobody decides on their own request. %(how)s") % {"how": standing(request, reader)}
    if reason is Refusal.LEFT:
        return _("You cannot decide on this any more.")
    if reason is Refusal.STALE:
        return _("The request was changed after you were asked. Please use the newest question about it.")
    decisions = Decision.objects.filter(seat__stage_run=run).select_related("seat__employee").order_by("-id")
    if reason is Refusal.DECIDED_BEFORE:
        own = decisions.filter(seat__employee=reader).first()
        return _decided(own, reader) if own else standing(request, reader)
    if reason in {Refusal.REQUEST_CLOSED, Refusal.STAGE_CLOSED}:
        last = decisions.first()
        return _decided(last, reader) if last else standing(request, reader)
    if reason is Refusal.SEAT_MOVED:
        return _("It was passed on to somebody else. %(how)s") % {"how": standing(request, reader)}
    return _("This was not asked of you.")


def attempt(
    run: StageRun, by: Employee, version_seen: int, seats: Sequence[Seat] | None = None, *, via: str = ""
) -> policy.Attempt:
    """What the policy looks at when `by` decides; read it, and `seats` of the request, under lock."""
    request = run.request
    sitting = next((row.employee for row in seats or () if row.employee_id == by.pk), None)
    return policy.Attempt(
        employee_id=by.pk,
        is_active=sitting.is_active if sitting is not None else _is_active(by),
        own_ids=request.own_ids,
        is_request_open=request.state == Request.State.OPEN,
        is_stage_open=run.state == StageRun.State.OPEN,
        version=request.version,
        version_seen=version_seen,
        seats=seat_views(run, seats),
        needs_page=request.is_step_up and via == "button",
    )


def _is_active(employee: Employee) -> bool:
    return Employee.objects.filter(pk=employee.pk, state=Employee.State.ACTIVE).exists()
