"""Who hears what about a request. Each person in their own language; a key per saying, so nothing is said twice."""

from collections.abc import Iterable, Sequence
from datetime import timedelta

from django.utils import translation

from apps.approvals import kinds, queries
from apps.approvals.models import Decision, Request, Seat, StageRun
from apps.contacts import queries as contacts
from apps.conversations import services as conversations
from apps.core import clock
from apps.files import queries as files
from apps.forms import queries as forms
from apps.outbox import queries as outbox_queries
from apps.outbox import services as outbox
from apps.outbox.buttons import ButtonSpec
from apps.outbox.models import OutboundMessage
from apps.people.models import Employee
from apps.providers import capabilities
from apps.providers import queries as providers
from apps.providers.kinds import Kind
from apps.providers.types import MediaMessage

BUTTONS_LAST = timedelta(days=60)


def _tell(kind: Kind, request: Request, to: Employee, tag: object, *, buttons: Iterable[ButtonSpec] = (),
          **data: str) -> bool:  # fmt: skip
    language = queries.language_of(to)
    sent = conversations.notify(
        kind=kind.name,
        to=to,
        data={
            "request": request.code,
            "flow": queries.flow_name(request.flow, language),
            "what": queries.what(request, language),
            "name": request.requester.name,
            **data,
        },
        key=_key(kind, request, tag, to),
        subject=request,
        buttons=tuple(buttons),
    )
    return sent is not None


def _key(kind: Kind, request: Request, tag: object, to: Employee) -> str:
    return f"request:{request.pk}:{kind.name}:{tag}:{to.pk}"


def submitted(request: Request) -> None:
    _tell(kinds.SUBMITTED, request, request.requester, "")


def _tag(seat: Seat) -> str:
    """Names one question: a new one to the same person has another second, or another version."""
    run = seat.stage_run
    return f"{run.pk}v{run.request.version}t{int(seat.asked_at.timestamp())}"


def question_to(seat: Seat) -> OutboundMessage | None:
    """The message that put the question to them; None: it could not be written to them."""
    kind = kinds.ASKED if seat.deputy_for is None else kinds.ASKED_DEPUTY
    return outbox_queries.by_key(_key(kind, seat.stage_run.request, _tag(seat), seat.employee))


def asked(seat: Seat) -> bool:
    """Put the question, with two buttons that are bound to this stage and to the request's version. False: no address."""
    run = seat.stage_run
    request = run.request
    stage = queries.stage_name(run, queries.language_of(seat.employee))
    buttons = _buttons(run)
    with translation.override(queries.language_of(seat.employee)):
        name = queries.asker(request)
    receipts(request, seat.employee)  # first, so that the question stands below what it is about
    tag = _tag(seat)
    if seat.deputy_for is None:
        return _tell(kinds.ASKED, request, seat.employee, tag, name=name, stage=stage, buttons=buttons)
    return _tell(
        kinds.ASKED_DEPUTY,
        request,
        seat.employee,
        tag,
        name=name,
        stage=stage,
        absent=seat.deputy_for.name,
        buttons=buttons,
    )


def _buttons(run: StageRun) -> list[ButtonSpec]:
    return [
        ButtonSpec(
            action=action,
            target=f"approvals.{action}",
            version=run.request.version,
            data={"stage_run": run.pk},
            expires_in=BUTTONS_LAST,
        )
        for action in ("approve", "reject")
    ]


def reminded(seat: Seat) -> bool:
    """Once more, with buttons of its own."""
    run = seat.stage_run
    with translation.override(queries.language_of(seat.employee)):
        name = queries.asker(run.request)
    return _tell(
        kinds.REMINDED, run.request, seat.employee, f"{_tag(seat)}r{seat.reminders}", name=name, buttons=_buttons(run)
    )


def passed_up(seat: Seat, to: Employee) -> None:
    """Whoever did not answer hears that somebody else decides now."""
    _tell(kinds.PASSED_UP, seat.stage_run.request, seat.employee, _tag(seat), decider=to.name)


def expired(request: Request, seats: Iterable[Seat]) -> None:
    _tell(kinds.EXPIRED, request, request.requester, request.version)
    for seat in seats:
        _tell(kinds.EXPIRED_QUESTION, request, seat.employee, request.version)


def receipts(request: Request, to: Employee, tag: object = "") -> int:
    """Show a decider what was attached, if their 24-hour window is open: a photo fits no template, and one that came
    after the decision would only puzzle. Returns how many were sent."""
    contact = contacts.contact_of(to)
    if contact is None:
        return 0
    number = providers.default_number()
    facts = contacts.delivery_facts(contact, number, kinds.RECEIPT.klass, clock.now())
    attached = forms.files_of(request.submission, reveals=False) if facts.is_window_open else []
    shown = [file for file in attached if files.is_inline_safe(file)]
    sorts = [capabilities.sort_or_none(number.account, file.kind, file.size) for file in shown]
    taken = [(file, sort) for file, sort in zip(shown, sorts, strict=True) if sort]  # the page has the others
    for file, sort in taken:
        content = MediaMessage(kind=sort, file_id=file.pk, caption=request.code, filename=file.name)
        key = f"request:{request.pk}:receipt:{file.pk}:{tag}:{to.pk}"
        outbox.enqueue(key=key, contact=contact, kind=kinds.RECEIPT.name, content=content, subject=request)
    return len(taken)


def stage_passed(decision: Decision, following: Sequence[StageRun]) -> None:
    """`following`: the stages that are open now."""
    request = decision.seat.stage_run.request
    language = queries.language_of(request.requester)
    names = ", ".join(queries.stage_name(run, language) for run in following)
    _tell(kinds.STAGE_PASSED, request, request.requester, decision.pk, decider=decision.seat.employee.name, next=names)


def approved(request: Request, decider: str) -> None:
    _tell(kinds.APPROVED, request, request.requester, request.version, decider=decider)


def rejected(request: Request, decision: Decision) -> None:
    _tell(kinds.REJECTED, request, request.requester, request.version, decider=decision.seat.employee.name,
          reason=decision.reason)  # fmt: skip


def settled(request: Request, seats: Iterable[Seat], decision: Decision) -> None:
    """The question fell away for those who had it too."""
    for seat in seats:
        _tell(kinds.SETTLED, request, seat.employee, decision.pk, decider=decision.seat.employee.name)


def withdrawn(request: Request, seats: Iterable[Seat]) -> None:
    for seat in seats:
        _tell(kinds.WITHDRAWN, request, seat.employee, request.version)


def stuck(request: Request) -> None:
    _tell(kinds.STUCK, request, request.requester, request.version)
