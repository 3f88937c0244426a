"""Our side of the chat: one free-form message into a conversation."""

from django.db import models

from apps.conversations import kinds
from apps.conversations.models import Conversation, Message
from apps.conversations.prompts import text_of
from apps.forms.chat import fit
from apps.outbox import services as outbox
from apps.outbox.models import OutboundMessage
from apps.providers.types import Content, Text

LONGEST = 4096  # Meta, text messages


def say(
    *,
    conversation: Conversation,
    text: str = "",
    key: str,
    caused_by: Message | None,
    content: Content | None = None,
    subject: models.Model | None = None,
) -> OutboundMessage:
    """Say `text` (in the person's language), or `content` when it is more than text.

    `caused_by` is the person's message that it answers; None: nobody asked just now. The same `key` says it once.
    """
    said = content or Text(body=fit(text, LONGEST))
    return outbox.enqueue(
        key=key,
        contact=conversation.contact,
        kind=kinds.CHAT.name,
        data={"text": text_of(said)},
        content=said,
        number=conversation.number,
        is_reply=caused_by is not None,
        subject=subject,
    )
