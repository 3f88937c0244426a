"""What becomes of a row after a try: one function per reaction. Rows are locked by the caller, who also saves them.

Late failures (a `failed` status hours after the carrier took the message) end here too: same table, same reactions.
"""

import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Count, Q

from apps.contacts import services as contacts
from apps.journal.services import Happened, record_many
from apps.outbox import budgets, reasons, uploads
from apps.outbox.models import Attempt, OutboundMessage
from apps.providers import services as providers
from apps.providers.base import Reaction, SendFailed
from apps.providers.models import Account, Number

State = OutboundMessage.State
Outcome = Attempt.Outcome

TRIES = 12
"""With the backoff below they span about two hours: a carrier that is down for ten minutes costs nobody a message."""
BACKOFF_LONGEST = 1800.0  # seconds
SLOW_NUMBER_SECONDS = 0.5  # of standstill at full rate: 1 s at half of it, 2 s at a quarter, 32 s at the least
SLOW_PERSON_LONGEST = 3600.0  # seconds; Meta: retry after 4^X seconds, X = 0, 1, 2...
HOLD_SECONDS = 3600.0
RECIPIENT_AGAIN = timedelta(minutes=15)
"""131026 is also said of phones that are only slow to register: once more, spaced, before a person counts as unreachable."""

SAVED = [
    "state", "how", "content", "given", "text", "held_reason", "not_before", "attempts", "lease_until", "lease_token",
    "remote_id", "error_code", "error_text", "is_resend", "window_refused_at", "sent_at", "delivered_at", "read_at",
    "failed_at",
]  # fmt: skip

FINAL: dict[str, str] = {
    State.DELIVERED: "outbound.delivered",
    State.READ: "outbound.delivered",
    State.FAILED: "outbound.failed",
    State.EXPIRED: "outbound.expired",
    State.CANCELLED: "outbound.cancelled",
}
"""The journal's name of each end; being read after being delivered is no second end."""


@dataclass
class Beside:
    """What the failures of one batch share: earlier tries read at once, and effects beside the rows that happen once."""

    tries: dict[tuple[int, str], int] | None = None
    """(message, outcome) -> how often before; None: asked one by one"""
    slowed: dict[int, datetime] = field(default_factory=dict)
    """number -> until when it stands still"""
    stopped: set[int] = field(default_factory=set)
    """accounts"""


@dataclass(frozen=True)
class Failure:
    """One failure of one message. `is_late`: the carrier had taken it, and the try was counted then."""

    message: OutboundMessage
    error: SendFailed
    now: datetime
    is_late: bool = False
    beside: Beside = field(default_factory=Beside)

    def times(self, outcome: "Outcome") -> int:
        """How often this message has ended so before."""
        if self.beside.tries is None:
            return self.message.tries.filter(outcome=outcome).count()
        return self.beside.tries.get((self.message.pk, outcome), 0)

    @property
    def after(self) -> float:
        return self.error.after or 0.0


def beside(message_ids: Iterable[int]) -> Beside:
    """For many failures in one transaction."""
    rows = Attempt.objects.filter(message__in=message_ids).order_by().values_list("message", "outcome")
    return Beside({(pk, outcome): count for pk, outcome, count in rows.annotate(count=Count("id"))})


def unsure_grace() -> timedelta:
    """How long a status may take to settle what nobody knows, before a harmless message is sent again."""
    return timedelta(seconds=settings.OUTBOX_UNSURE_GRACE)


def accept(message: OutboundMessage, *, remote_id: str, now: datetime) -> None:
    """The carrier took it. Accepted is not delivered: that is what statuses say."""
    message.state, message.remote_id, message.sent_at = State.SENT, remote_id, now
    message.attempts += 1
    message.held_reason = message.error_code = message.error_text = ""
    release(message)


def fail(failure: Failure) -> Outcome:
    """Let a failed try take its effect on the row and on what is beside it; returns the try's outcome for its Attempt."""
    error = uploads.second_look(failure.message, failure.error, is_late=failure.is_late)
    failure = replace(failure, error=error)
    message = failure.message
    message.error_code, message.error_text = error.code[:40], str(error)
    release(message)
    if not failure.is_late and error.reaction not in _BURNS_NO_TRY:
        message.attempts += 1
    outcome = _REACTIONS[error.reaction](failure)
    if message.state != State.FAILED:
        message.remote_id = ""  # the try keeps it; a repeated failure of that try must not hit the next one
    return outcome


def release(message: OutboundMessage) -> None:
    message.lease_token, message.lease_until = "", None


def attempt(message: OutboundMessage, outcome: Outcome, *, now: datetime, error: SendFailed | None = None,
            remote_id: str = "", seconds: float = 0.0) -> Attempt:  # fmt: skip
    """The row of one try, unsaved: codes and the carrier's words, never the message's text."""
    return Attempt(
        message=message, at=now, outcome=outcome, remote_id=remote_id[:255], seconds=round(seconds, 3),
        code=error.code[:40] if error else "", detail=error.detail[:2000] if error else "",
    )  # fmt: skip


def end_of(message: OutboundMessage, before: str) -> Happened | None:
    """The journal's entry of an end, under the correlation that the message was written in; None when it is none, or none new."""
    name = FINAL.get(message.state)
    if name is None or name == FINAL.get(before):
        return None
    after = {"state": message.state, "tries": message.attempts, "error": message.error_code}
    return Happened(name, message, before={"state": before}, after=after, correlation=message.correlation_id)


def record_ends(moved: Iterable[tuple[OutboundMessage, str]]) -> None:
    """Write the ends among these messages into the journal, each once and all in one statement; with the state before."""
    ends = (end_of(message, before) for message, before in moved)
    record_many(end for end in ends if end is not None)


# --- reactions --------------------------------------------------------------------------------------------------------


def _wait(failure: Failure, seconds: float, reason: str) -> None:
    message = failure.message
    message.state, message.held_reason = State.QUEUED, reason
    message.not_before = failure.now + timedelta(seconds=seconds)


def _give_up(failure: Failure, sentence: str = "") -> None:
    message = failure.message
    message.state, message.held_reason, message.failed_at = State.FAILED, "", failure.now
    message.error_text = sentence or message.error_text


def _retry(failure: Failure) -> Outcome:
    tries = failure.message.attempts
    if tries >= TRIES:
        _give_up(failure, reasons.gave_up(tries))
    else:
        jitter = random.uniform(0.5, 1.5)  # noqa: S311 - spreads retries, guards nothing
        _wait(failure, max(failure.after, min(BACKOFF_LONGEST, 2.0**tries) * jitter), reasons.RETRY)
    return Outcome.RETRY


def _slow_number(failure: Failure) -> Outcome:
    """The whole number stands still for a moment and goes on at half its rate, once for all that a burst was told."""
    number_id, slowed = failure.message.number_id, failure.beside.slowed
    until = failure.now + timedelta(seconds=failure.after)
    if number_id not in slowed:
        factor = budgets.throttled(number_id, now=failure.now)
        seconds = min(BACKOFF_LONGEST, SLOW_NUMBER_SECONDS / factor)
        until = max(until, failure.now + timedelta(seconds=seconds))
    if number_id not in slowed or until > slowed[number_id]:
        slowed[number_id] = until
        sooner = Q(slow_until=None) | Q(slow_until__lt=until)
        Number.objects.filter(sooner, pk=number_id).update(slow_until=until)
    _wait(failure, (slowed[number_id] - failure.now).total_seconds(), reasons.SLOW_NUMBER)
    return Outcome.SLOW


def _slow_person(failure: Failure) -> Outcome:
    message = failure.message
    before = failure.times(Outcome.SLOW_PERSON)
    _wait(failure, max(failure.after, min(SLOW_PERSON_LONGEST, 4.0**before)), reasons.SLOW_PERSON)
    budgets.park_person(message.number_id, message.contact_id, until=message.not_before, now=failure.now)
    others = OutboundMessage.objects.filter(
        contact_id=message.contact_id, number_id=message.number_id, state=State.QUEUED
    )
    parked = others.exclude(pk=message.pk).filter(Q(not_before__lt=message.not_before) | Q(held_reason=reasons.TURN))
    parked.update(not_before=message.not_before, held_reason=reasons.SLOW_PERSON)
    return Outcome.SLOW_PERSON


def _doubt_template(failure: Failure) -> None:
    """A refused template is asked about: the notice that it was paused may be lost, or still on its way."""
    message = failure.message
    if message.how == OutboundMessage.How.TEMPLATE:
        providers.doubt_template(
            account=message.number.account, name=str(message.content.get("name", "")),
            language=str(message.content.get("language", "")), code=failure.error.code,
        )  # fmt: skip


def _hold(failure: Failure) -> Outcome:
    _doubt_template(failure)
    _wait(failure, failure.after or HOLD_SECONDS, reasons.CARRIER_HOLD)
    failure.message.state = State.HELD
    return Outcome.HOLD


def _window_closed(failure: Failure) -> Outcome:
    """The next claim plans it again at once, as a template. A template needs no window: then the carrier is confused."""
    if failure.message.how == OutboundMessage.How.TEMPLATE:
        return _retry(failure)
    failure.message.window_refused_at = failure.now
    _wait(failure, 0, "")
    return Outcome.WINDOW


def _recipient(failure: Failure) -> Outcome:
    message = failure.message
    if failure.times(Outcome.RECIPIENT):
        _give_up(failure)
        contacts.mark_unreachable(contact=message.contact, reason=failure.error.code)
    else:
        _wait(failure, RECIPIENT_AGAIN.total_seconds(), reasons.RETRY)
    return Outcome.RECIPIENT


def _message(failure: Failure) -> Outcome:
    _doubt_template(failure)
    _give_up(failure)
    return Outcome.MESSAGE


def _account(failure: Failure) -> Outcome:
    account_id = failure.message.number.account_id
    if account_id not in failure.beside.stopped:
        failure.beside.stopped.add(account_id)
        account = Account.objects.get(pk=account_id)
        if account.state == Account.State.ACTIVE:
            providers.break_account(account=account, reason=str(failure.error))
    _wait(failure, 0, reasons.ACCOUNT_PAUSED)
    return Outcome.ACCOUNT


def _unsure(failure: Failure) -> Outcome:
    message = failure.message
    message.state, message.held_reason = State.UNSURE, ""
    message.not_before = failure.now + unsure_grace()
    return Outcome.UNSURE


_BURNS_NO_TRY = frozenset({Reaction.ACCOUNT, Reaction.SLOW_NUMBER, Reaction.SLOW_PERSON})
_REACTIONS: dict[Reaction, Callable[[Failure], Outcome]] = {
    Reaction.RETRY: _retry,
    Reaction.SLOW_NUMBER: _slow_number,
    Reaction.SLOW_PERSON: _slow_person,
    Reaction.HOLD: _hold,
    Reaction.WINDOW_CLOSED: _window_closed,
    Reaction.RECIPIENT: _recipient,
    Reaction.MESSAGE: _message,
    Reaction.ACCOUNT: _account,
    Reaction.UNSURE: _unsure,
}
