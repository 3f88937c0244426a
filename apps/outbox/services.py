"""What others may ask of the outbox. The row is written in the caller's transaction; sending begins on commit."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any, TypeVar

from django.db import models, transaction
from django.utils.translation import gettext as _

from apps.contacts.models import Contact
from apps.core import clock
from apps.core.errors import NotPermittedError
from apps.core.tasks import nudge
from apps.core.together import Later, recall
from apps.journal.actors import HasActor
from apps.journal.services import transition
from apps.outbox import buttons as minting
from apps.outbox import queries, tasks
from apps.outbox.buttons import ButtonSpec
from apps.outbox.machine import BY_HAND
from apps.outbox.models import Button, OutboundMessage
from apps.outbox.planning import enqueuing, holding, knocking
from apps.outbox.sending import claims, statuses
from apps.providers import queries as providers
from apps.providers.kinds import kinds
from apps.providers.models import Number
from apps.providers.types import Content, StatusChanged

OPERATE = "outbox.operate_outboundmessage"
CHUNK = 250
"""Messages per transaction of a campaign: a kill loses at most so many, and taps wait at most so long for SQLite."""
State = OutboundMessage.State
T = TypeVar("T")

lock_button = minting.lock
use_button = minting.use


def enqueue(
    *,
    key: str,
    contact: Contact,
    kind: str,
    data: Mapping[str, Any] | None = None,
    buttons: Sequence[ButtonSpec] = (),
    subject: models.Model | None = None,
    content: Content | None = None,
    number: Number | None = None,
    is_reply: bool = False,
    quoting: str = "",
    expires_at: datetime | None = None,
    campaign: str = "",
    author: str = "",
) -> OutboundMessage:
    """Write one message to one contact; the same `key` is the same message and returns its row unchanged.

    `kind` is a declared Kind; its wording is rendered with `data` in the contact's language. `content` is a ready prompt
    or file instead, which fits no template and so waits for an open window, behind a knock where one may be sent. A text
    that one message does not hold is written in several, `<key>/1` and so on ahead of the row that is returned.

    `is_reply`: caused by the person's own message, which for ten minutes needs no consent. `quoting` is a wamid. Messages
    of one `campaign` take turns with those of others. `author` names who wrote it, should it need a knock (else the
    company). Unless `expires_at` is given, a reply lives 24 hours and anything else 30 days. Raises LookupError for an
    unknown kind, Misconfigured when no number can send.

    Inside a batch (core.together) it is written with all others at its end: the row that is returned is not saved yet.
    """
    draft = enqueuing.Draft(
        key=enqueuing.shortened(key), contact=contact, kind=kinds[kind],
        number=number or recall("default number", providers.default_number),
        data=dict(data or {}), buttons=buttons, subject=subject, content=content, is_reply=is_reply, quoting=quoting,
        expires_at=expires_at, campaign=campaign, author=author,
    )  # fmt: skip
    if _DRAFTS.keep(draft):
        return enqueuing.row_of(draft)
    with transaction.atomic(savepoint=False):
        message, is_new = enqueuing.add(draft)
        knocks = knocking.knock([message]) if is_new else []
        if (is_new and message.state == State.QUEUED) or knocks:
            nudge(tasks.dispatch)
    return message


def _write(drafts: Sequence[enqueuing.Draft]) -> None:
    """What a batch has kept: of equal keys the first counts."""
    first: dict[str, enqueuing.Draft] = {}
    for draft in drafts:
        first.setdefault(draft.key, draft)
    for chunk in _batched(first.values(), CHUNK):
        new = enqueuing.add_many(chunk)
        knocks = knocking.knock(new)
        if knocks or any(row.state == State.QUEUED for row in new):
            nudge(tasks.dispatch)


_DRAFTS: Later[enqueuing.Draft] = Later(_write, rank=1)


@dataclass(frozen=True)
class Letter:
    """One message of many: what differs from person to person. `data` is added to that of all."""

    key: str
    contact_id: int
    data: Mapping[str, Any] = field(default_factory=dict)
    buttons: Sequence[ButtonSpec] = ()


@dataclass(frozen=True)
class Enqueued:
    """How many messages were new, how many keys were there already, and in which states the new ones are."""

    new: int
    known: int
    states: Mapping[str, int]


def enqueue_many(
    *,
    kind: str,
    letters: Iterable[Letter],
    campaign: str,
    data: Mapping[str, Any] | None = None,
    subject: models.Model | None = None,
    content: Content | None = None,
    number: Number | None = None,
    expires_at: datetime | None = None,
) -> Enqueued:
    """`enqueue` for very many, a few hundred per transaction: a constant number of queries for each of those.

    Inside the caller's transaction nothing is kept unless it commits; outside one every few hundred are, and calling it
    again with the same letters goes on where it stopped, since the same `key` is the same message. `letters` may be a
    generator. Raises LookupError for an unknown kind or contact, Misconfigured when no number can send.
    """
    found, sender = kinds[kind], number or providers.default_number()
    states: Counter[str] = Counter()
    asked = 0
    for chunk in _batched(letters, CHUNK):
        people = Contact.objects.select_related("employee").in_bulk([letter.contact_id for letter in chunk])
        drafts = [
            enqueuing.Draft(
                key=enqueuing.shortened(letter.key), contact=people[letter.contact_id], kind=found, number=sender,
                data={**(data or {}), **letter.data}, buttons=letter.buttons, subject=subject, content=content,
                expires_at=expires_at, campaign=campaign,
            )
            for letter in chunk
        ]  # fmt: skip
        with transaction.atomic(savepoint=False):
            new = enqueuing.add_many(drafts)
            knocking.knock(new)
            nudge(tasks.dispatch)
        asked += len(chunk)
        states.update(row.state for row in new)
    return Enqueued(states.total(), asked - states.total(), dict(states))


def _batched(things: Iterable[T], size: int) -> Iterator[list[T]]:
    rest = iter(things)
    while chunk := list(islice(rest, size)):
        yield chunk


def replan_held(*, contact: Contact) -> int:
    """Look again at everything held for a person: they wrote, agreed, or were linked. Returns how many rows moved on."""
    with transaction.atomic(savepoint=False):
        rows = OutboundMessage.objects.filter(queries.FREED_BY_WRITING, contact=contact)
        moved = holding.look_again(holding.locked(rows.order_by("id")))
    if moved:
        nudge(tasks.dispatch)
    return moved


def release(*, button: Button, contact: Contact) -> int:
    """The person tapped *Read* on a knock: what waits for them leaves. Returns how many messages are on their way."""
    with transaction.atomic(savepoint=False):
        leaving = holding.release(button=button, contact=contact)
    nudge(tasks.dispatch)
    return leaving


def apply_statuses(*, number: Number, events: Sequence[StatusChanged]) -> int:
    """Let the carrier's statuses move their messages forward; returns how many moved. See `statuses.apply`."""
    try:
        return statuses.apply(number=number, events=events)
    finally:
        # A late failure may have put its message back into the queue.
        if any(event.status == "failed" for event in events):
            nudge(tasks.dispatch)


# --- by hand ----------------------------------------------------------------------------------------------------------


@transaction.atomic
def retry(*, message: OutboundMessage, by: HasActor) -> OutboundMessage:
    """Put a failed, held or expired message back into the queue; it is planned afresh before it leaves.

    Raises NotPermittedError, MoveNotAllowedError.
    """
    _check(by)
    return _requeue(message, "retry", by, attempts=0, failed_at=None)


@transaction.atomic
def resend(*, message: OutboundMessage, by: HasActor) -> OutboundMessage:
    """Send a message again of which nobody knows whether it arrived: the person may get it twice, and it is counted.

    Raises NotPermittedError, MoveNotAllowedError.
    """
    _check(by)
    return _requeue(message, "resend", by, is_resend=True)


@transaction.atomic
def cancel(*, message: OutboundMessage, by: HasActor) -> OutboundMessage:
    """Do not send it. What is on its way cannot be called back. Raises NotPermittedError, MoveNotAllowedError."""
    _check(by)
    row = transition(message, BY_HAND, "cancel", by=by, held_reason="")
    claims.wake_behind([row.contact_id])
    return row


def _requeue(message: OutboundMessage, move: str, by: HasActor, **changes: Any) -> OutboundMessage:
    now = clock.now()
    expires_at = message.expires_at
    if expires_at is not None and expires_at <= now:
        expires_at = now + enqueuing.REPLY_LIVES
    row = transition(
        message, BY_HAND, move, by=by, not_before=now, held_reason="", error_code="", error_text="", remote_id="",
        expires_at=expires_at, **changes,
    )  # fmt: skip
    nudge(tasks.dispatch)
    return row


def _check(by: HasActor) -> None:
    has_perm = getattr(by, "has_perm", None)
    if has_perm is not None and not has_perm(OPERATE):
        raise NotPermittedError(_("Retrying, cancelling and sending again needs the operator's role."))
