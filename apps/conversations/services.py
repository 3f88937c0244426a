"""What others may ask of conversations: keep what came in, say something, hand over a reply, notify a person."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.db import models, transaction

from apps.contacts import queries as contacts
from apps.contacts.models import Contact
from apps.conversations import dialogue
from apps.conversations.models import Conversation, Message
from apps.conversations.targets import Reply, Speaker
from apps.conversations.voice import say
from apps.files import services as file_services
from apps.files.models import File
from apps.forms.parse import clean
from apps.journal.services import record
from apps.outbox import services as outbox
from apps.outbox.buttons import ButtonSpec
from apps.outbox.models import OutboundMessage
from apps.people.models import Employee
from apps.providers.models import Account, Number
from apps.providers.types import MessageReceived

__all__ = ["deliver", "notify", "record_edit", "record_inbound", "record_revoke", "say"]

LONGEST_NOTICE = 200  # longer than this, a reply is a message of its own above the question that follows it


@transaction.atomic
def record_inbound(
    *, number: Number, contact: Contact, event: MessageReceived, files: Sequence[File] = ()
) -> tuple[Message, bool]:
    """Keep one inbound message as it came, once per conversation and wamid; False: it was there already."""
    conversation, _created = Conversation.objects.get_or_create(contact=contact, number=number)
    values = {
        "kind": event.kind[:20],
        "text": clean(
            event.text or (event.media.caption if event.media else "") or (event.tapped.title if event.tapped else "")
        ),
        "payload": _payload(event, files),
        "quoted_id": event.quoted_id[:255],
        "is_forwarded": event.is_forwarded,
        "sent_at": event.at,
    }
    message, is_new = Message.objects.select_related("conversation").get_or_create(
        conversation=conversation, remote_id=event.remote_id[:255], defaults=values
    )
    if is_new:
        if files:
            file_services.adopt(files=files, owner=message)
        later = models.Q(last_inbound_at=None) | models.Q(last_inbound_at__lt=message.received_at)
        Conversation.objects.filter(later, pk=conversation.pk).update(last_inbound_at=message.received_at)
        record("message.received", subject=message, by=contact, after={"kind": message.kind})
    return message, is_new


@transaction.atomic
def record_edit(*, original_id: str, text: str, at: datetime, account: Account) -> Message | None:
    """Keep an edit beside the message; it changes no decision. None: the message is not known here."""
    message = _known(original_id, account)
    if message is None or (message.edited_at is not None and message.edited_at >= at):
        return message
    message.edited_at, message.edited_text = at, clean(text)
    message.save(update_fields=["edited_at", "edited_text"])
    record("message.edited", subject=message, by=message.conversation.contact, body={"text": message.edited_text})
    return message


@transaction.atomic
def record_revoke(*, original_id: str, at: datetime, account: Account) -> Message | None:
    """Keep that the person deleted it on their phone; what it caused stands. None: the message is not known here."""
    message = _known(original_id, account)
    if message is None or message.revoked_at is not None:
        return message
    message.revoked_at = at
    message.save(update_fields=["revoked_at"])
    record("message.revoked", subject=message, by=message.conversation.contact)
    return message


@transaction.atomic
def deliver(*, speaker: Speaker, reply: Reply, caused_by: Message, key: str) -> None:
    """Say what a target answered, and open the dialogue that it asks for. The same `key` says it once."""
    opens = reply.opens
    text = "" if opens is not None and len(reply.text) <= LONGEST_NOTICE else reply.text
    if text:
        say(conversation=speaker.conversation, text=text, key=key, caused_by=caused_by, subject=reply.subject)
    if reply.content is not None:
        say(conversation=speaker.conversation, key=f"{key}:content", caused_by=caused_by,
            content=reply.content, subject=reply.subject)  # fmt: skip
    if opens is not None:
        notice = "" if text else reply.text
        dialogue.open_dialogue(speaker=speaker, opening=opens, caused_by=caused_by, notice=notice)


@transaction.atomic
def notify(
    *,
    kind: str,
    to: Employee,
    data: Mapping[str, str],
    key: str,
    subject: models.Model | None = None,
    buttons: Sequence[ButtonSpec] = (),
) -> OutboundMessage | None:
    """Tell one person something of a declared kind, in their language; the outbox decides how and when.

    None: the person has no address that may be written to, which is recorded as `notice.not_sent`.
    """
    contact = contacts.contact_of(to)
    if contact is None:
        about = {"about": subject._meta.label_lower, "id": str(subject.pk)} if subject is not None else {}
        record("notice.not_sent", subject=to, after={"kind": kind, "why": "no_contact", **about})
        return None
    return outbox.enqueue(key=key, contact=contact, kind=kind, data=data, buttons=buttons, subject=subject)


def _known(remote_id: str, account: Account) -> Message | None:
    found = Message.objects.select_for_update(of=("self",)).filter(
        remote_id=remote_id, conversation__number__account=account
    )
    return found.select_related("conversation__contact__employee").first()


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
