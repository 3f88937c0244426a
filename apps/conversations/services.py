"""What others may ask of conversations: keep what came in, say something, hand over a reply, notify a person."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db import models, transaction

from apps.contacts import queries as contacts
from apps.conversations import dialogue
from apps.conversations.arrivals import Arrival, record_arrivals, record_inbound
from apps.conversations.models import Message
from apps.conversations.targets import Reply, Speaker
from apps.conversations.voice import say
from apps.core.together import joined
from apps.forms.parse import clean
from apps.journal.services import record
from apps.outbox import services as outbox
from apps.outbox.buttons import ButtonSpec
from apps.outbox.models import OutboundMessage
from apps.people.models import Employee
from apps.providers.models import Account

__all__ = [
    "Arrival", "deliver", "note_step", "notify", "record_arrivals", "record_edit", "record_inbound", "record_revoke", "say",
]  # fmt: skip

LONGEST_NOTICE = 200  # longer than this, a reply is a message of its own above the question that follows it


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


def note_step(*, ids: Sequence[int], step: str) -> None:
    """Keep with these messages which routing step took them."""
    Message.objects.filter(pk__in=ids).update(handled_by=step)


@joined
def deliver(*, speaker: Speaker, reply: Reply, caused_by: Message, key: str) -> None:
    """Say what a target answered, and open the dialogue that it asks for. The same `key` says it once."""
    opens = reply.opens
    text = "" if opens is not None and len(reply.text) <= LONGEST_NOTICE else reply.text
    if text:
        say(conversation=speaker.conversation, text=text, key=key, caused_by=caused_by, subject=reply.subject,
            buttons=reply.buttons)  # fmt: skip
    if reply.content is not None:
        say(conversation=speaker.conversation, key=f"{key}:content", caused_by=caused_by,
            content=reply.content, subject=reply.subject)  # fmt: skip
    if opens is not None:
        notice = "" if text else reply.text
        dialogue.open_dialogue(speaker=speaker, opening=opens, caused_by=caused_by, notice=notice)


@joined
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
