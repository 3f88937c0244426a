"""Our side of the chat: one free-form message into a conversation."""

from collections.abc import Sequence

from django.db import models

from apps.conversations import kinds
from apps.conversations.models import Conversation, Message
from apps.conversations.prompts import text_of
from apps.outbox import services as outbox
from apps.outbox.buttons import ButtonSpec
from apps.outbox.models import OutboundMessage
from apps.providers.types import Content, Text


def say(
    *,
    conversation: Conversation,
    text: str = "",
    key: str,
    caused_by: Message | None,
    content: Content | None = None,
    subject: models.Model | None = None,
    author: str = "",
    buttons: Sequence[ButtonSpec] = (),
) -> OutboundMessage:
    """Say `text` (in the person's language), with bound `buttons` below it, or `content` when it is more than text.

    `caused_by` is the person's message that it answers; None: nobody asked just now. The same `key` says it once; a
    long text is said in several messages. `author` names who writes, should the person have to be knocked for.
    """
    said = content or Text(text)
    return outbox.enqueue(
        key=key,
        contact=conversation.contact,
        kind=kinds.CHAT.name,
        data={"text": text_of(said)},
        content=None
        if buttons
        else said,  # the outbox puts bound buttons under a text of ours, not under ready content
        buttons=buttons,
        number=conversation.number,
        is_reply=caused_by is not None,
        subject=subject,
        author=author,
    )
