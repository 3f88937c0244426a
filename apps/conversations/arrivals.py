"""What came in, kept as it came: many messages of a batch in a handful of statements."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from django.db import models

from apps.contacts.models import Contact
from apps.conversations import dialogue
from apps.conversations.models import Conversation, Message
from apps.core.together import joined
from apps.files import services as file_services
from apps.files.models import File
from apps.forms.parse import clean
from apps.journal.services import Happened, record_many
from apps.providers.models import Number
from apps.providers.types import MessageReceived


@dataclass(frozen=True)
class Arrival:
    """One inbound message on its way into its conversation. `correlation`: None means the present one."""

    number: Number
    contact: Contact
    event: MessageReceived
    files: Sequence[File] = ()
    correlation: str | None = None


def record_inbound(
    *, number: Number, contact: Contact, event: MessageReceived, files: Sequence[File] = ()
) -> tuple[Message, bool]:
    """Keep one inbound message as it came, once per conversation and wamid; False: it was there already."""
    return record_arrivals([Arrival(number, contact, event, files)])[0]


@joined
def record_arrivals(arrivals: Sequence[Arrival]) -> list[tuple[Message, bool]]:
    """As `record_inbound`, for many in a handful of statements, in their order.

    Their conversations stay locked until the transaction ends: dialogues of one conversation move one at a time.
    """
    conversations = _locked_conversations(arrivals)
    pairs = [(conversations[one.contact.pk, one.number.pk], one.event.remote_id[:255]) for one in arrivals]
    ids = {conversation.pk for conversation, _remote_id in pairs}
    there = Message.objects.filter(conversation__in=ids, remote_id__in={remote_id for _row, remote_id in pairs})
    known = {(row.conversation_id, row.remote_id): row for row in there}
    new: list[tuple[Message, Arrival]] = []
    for (conversation, remote_id), one in zip(pairs, arrivals, strict=True):
        if (conversation.pk, remote_id) not in known:
            message = Message(conversation=conversation, remote_id=remote_id, **_values(one))
            known[conversation.pk, remote_id] = message
            new.append((message, one))
    Message.objects.bulk_create([message for message, _one in new])
    for message, one in new:
        if one.files:
            file_services.adopt(files=one.files, owner=message)
    if new:
        at = new[-1][0].received_at
        later = models.Q(last_inbound_at=None) | models.Q(last_inbound_at__lt=at)
        moved = {message.conversation_id for message, _one in new}
        Conversation.objects.filter(later, pk__in=moved).update(last_inbound_at=at)
        record_many(
            Happened(
                "message.received", message, one.contact, after={"kind": message.kind}, correlation=one.correlation
            )
            for message, one in new
        )
    fresh = {id(message) for message, _one in new}
    found = []
    for conversation, remote_id in pairs:
        message = known[conversation.pk, remote_id]
        message.conversation = conversation
        found.append((message, id(message) in fresh))
        fresh.discard(id(message))  # of two equal ones the first is new
    return found


def _locked_conversations(arrivals: Sequence[Arrival]) -> dict[tuple[int, int], Conversation]:
    """By contact and number, made where missing; each knows its contact and number as the caller has them."""
    wanted = {(one.contact.pk, one.number.pk): one for one in arrivals}
    found = dialogue.lock_conversations(wanted)
    missing = [key for key in wanted if key not in found]
    if missing:
        made = [Conversation(contact_id=contact_id, number_id=number_id) for contact_id, number_id in missing]
        Conversation.objects.bulk_create(made, ignore_conflicts=True)
        found |= dialogue.lock_conversations(missing)
    for key, conversation in found.items():
        conversation.contact, conversation.number = wanted[key].contact, wanted[key].number
    return found


def _values(one: Arrival) -> dict[str, Any]:
    event = one.event
    text = event.text or (event.media.caption if event.media else "") or (event.tapped.title if event.tapped else "")
    return {
        "kind": event.kind[:20],
        "text": clean(text),
        "payload": _payload(event, one.files),
        "quoted_id": event.quoted_id[:255],
        "is_forwarded": event.is_forwarded,
        "sent_at": event.at,
    }


def _payload(event: MessageReceived, files: Sequence[File]) -> dict[str, Any]:
    """The parts that are no text, as JSON without what a database refuses."""
    values: dict[str, Any] = {"files": [file.pk for file in files]} if files else {}
    for name in ("media", "place", "tapped"):
        part = getattr(event, name)
        if part is not None:
            values[name] = asdict(part)
    if event.extra:
        values["extra"] = dict(event.extra)
    return dict(_clean(values))


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, Mapping):
        return {clean(str(key)): _clean(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_clean(item) for item in value]
    return value
