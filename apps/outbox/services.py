"""What others may ask of the outbox. The row is written in the caller's transaction; sending begins on commit."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, models, transaction
from django.utils.translation import gettext as _

from apps.contacts.models import Contact
from apps.core import clock
from apps.core.errors import NotPermittedError
from apps.core.tasks import nudge
from apps.journal.actors import HasActor
from apps.journal.services import current_correlation, record, transition
from apps.outbox import buttons as minting
from apps.outbox import outcomes, planner, statuses, sweeper, tasks
from apps.outbox.buttons import ButtonSpec
from apps.outbox.machine import BY_HAND
from apps.outbox.models import OutboundMessage
from apps.providers import queries as providers
from apps.providers.kinds import Kind, kinds
from apps.providers.models import Number
from apps.providers.types import Content, StatusChanged, to_json

OPERATE = "outbox.operate_outboundmessage"
REPLY_LIVES = timedelta(hours=24)
"""An answer to the person's own words: the window is shut by then, and so is the subject."""
MESSAGE_LIVES = timedelta(days=30)
"""Meta's own default validity of a message."""
KEY_LONGEST = 200

State = OutboundMessage.State

lock_button = minting.lock
use_button = minting.use


@transaction.atomic
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
) -> OutboundMessage:
    """Write one message to one contact; the same `key` is the same message and returns its row unchanged.

    `kind` is a declared Kind; its wording is rendered with `data` in the contact's language. `content` is a ready prompt
    or file instead, which fits no template and so waits for an open window. `is_reply`: caused by the person's own
    message, which for ten minutes needs no consent. `quoting` is a wamid. Unless `expires_at` is given, a reply lives 24
    hours and anything else 30 days. Raises LookupError for an unknown kind, Misconfigured when no number can send.
    """
    key = key if len(key) <= KEY_LONGEST else f"{key[:135]}:{hashlib.sha256(key.encode()).hexdigest()}"
    existing = OutboundMessage.objects.filter(key=key).first()
    if existing is not None:
        return existing
    message = _row(key, contact, kinds[kind], dict(data or {}), content, subject, is_reply)
    message.number = number or providers.default_number()
    message.in_reply_to = quoting
    message.expires_at = expires_at or message.expires_at
    try:
        with transaction.atomic():
            message.save(force_insert=True)
    except IntegrityError:  # somebody else was faster with the same key; any other constraint shows up as DoesNotExist
        return OutboundMessage.objects.get(key=key)
    minting.mint(message=message, specs=buttons)
    planner.write(message, planner.plan(message))
    message.save(update_fields=planner.PLANNED)
    after = {"kind": kind, "lane": message.lane, "state": message.state, "how": message.how, "why": message.held_reason}
    record("outbound.queued", subject=message, after=after)
    outcomes.record_end(message, State.QUEUED)
    if message.state == State.QUEUED:
        nudge(tasks.dispatch)
    return message


def _row(
    key: str, contact: Contact, kind: Kind, data: dict[str, Any], content: Content | None, subject: models.Model | None,
    is_reply: bool,
) -> OutboundMessage:  # fmt: skip
    """An unsaved row without its number, as it stands before it is planned."""
    now = clock.now()
    return OutboundMessage(
        key=key,
        contact=contact,
        kind=kind.name,
        klass=kind.klass,
        lane=kind.lane,
        lane_rank=kind.lane.rank,
        language=contact.spoken_language,
        data=data,
        given=to_json(content) if content is not None else {},
        subject_type=subject._meta.label_lower if subject is not None else "",
        subject_id=str(subject.pk) if subject is not None else "",
        is_reply=is_reply,
        not_before=now,
        created_at=now,
        expires_at=now + (REPLY_LIVES if is_reply else MESSAGE_LIVES),
        correlation_id=current_correlation(),
    )


@transaction.atomic
def replan_held(*, contact: Contact) -> int:
    """Look again at everything held for a person: they wrote, agreed, or were linked. Returns how many rows moved on."""
    held = OutboundMessage.objects.select_for_update(of=("self",)).filter(contact=contact, state=State.HELD)
    rows = held.select_related("contact__employee", "number__account__portfolio").order_by("id")
    moved = sum(sweeper.look_again(row) for row in rows)
    if moved:
        nudge(tasks.dispatch)
    return moved


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
    return transition(message, BY_HAND, "cancel", by=by, held_reason="")


def _requeue(message: OutboundMessage, move: str, by: HasActor, **changes: Any) -> OutboundMessage:
    now = clock.now()
    expires_at = message.expires_at
    if expires_at is not None and expires_at <= now:
        expires_at = now + REPLY_LIVES
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
