"""Reads about conversations: who may see them, and both sides as one thread."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from apps.conversations.models import Conversation, Dialogue, Message
from apps.files import queries as files
from apps.files.models import File
from apps.forms.preview import bubble
from apps.forms.show import place
from apps.outbox.models import OutboundMessage
from apps.people import queries as people
from apps.providers.types import from_json

LONGEST_THREAD = 200
TICKS = {"sent": "✓", "delivered": "✓✓", "read": "✓✓"}  # the other states are told by their word alone


@dataclass(frozen=True)
class Line:
    """One bubble. `is_ours`: we said it."""

    at: datetime
    is_ours: bool
    bubble: dict[str, Any]
    ticks: str = ""
    state: str = ""
    notes: list[str] = field(default_factory=list)
    files: list[File] = field(default_factory=list)
    is_gone: bool = False
    is_bad: bool = False


def visible_to(user: Any) -> QuerySet[Conversation]:
    """Conversations with the people this user may see; those with strangers only for who sees everybody."""
    if user.has_perm(people.VIEW_ALL):
        return Conversation.objects.all()
    return Conversation.objects.filter(contact__employee__in=people.visible_employees(user))


def visible_dialogues(user: Any) -> QuerySet[Dialogue]:
    return Dialogue.objects.filter(conversation__in=visible_to(user))


def may_see_file(user: Any, file: File) -> bool:
    """Files that came with a message are seen by those who see its conversation."""
    message = Message.objects.filter(pk=file.owner_id).first()
    return message is not None and visible_to(user).filter(pk=message.conversation_id).exists()


def thread(conversation: Conversation) -> list[Line]:
    """The newest messages of both sides, oldest first."""
    came = list(conversation.messages.order_by("-id")[:LONGEST_THREAD])
    went = OutboundMessage.objects.filter(contact=conversation.contact_id, number=conversation.number_id)
    by_id = _files(came)
    lines = [_theirs(message, by_id) for message in came]
    lines += [_ours(message) for message in went.order_by("-id")[:LONGEST_THREAD]]
    return sorted(lines, key=lambda line: line.at)[-LONGEST_THREAD:]


def _files(messages: Iterable[Message]) -> dict[int, File]:
    ids = [pk for message in messages for pk in message.payload.get("files", ())]
    return {file.pk: file for file in files.by_ids(ids)}


def _theirs(message: Message, by_id: dict[int, File]) -> Line:
    notes = []
    if message.is_forwarded:
        notes.append(_("forwarded"))
    if message.edited_at:
        notes.append(_("edited afterwards to: %(text)s") % {"text": message.edited_text})
    if message.revoked_at:
        notes.append(_("deleted by the person afterwards"))
    attached = [by_id[pk] for pk in message.payload.get("files", ()) if pk in by_id]
    if message.payload.get("media") and not attached:
        notes.append(_("the file could not be fetched"))
    text = message.text
    if not text and message.payload.get("place"):
        text = f"{_('location').capitalize()}: {place(message.payload['place'])}"
    if not text and not attached and not notes:
        text = f"[{message.kind}]"
    return Line(
        at=message.received_at, is_ours=False, bubble={"body": text}, notes=notes, files=attached,
        is_gone=message.revoked_at is not None, state=message.handled_by,
    )  # fmt: skip


def _ours(message: OutboundMessage) -> Line:
    try:
        shown = bubble(from_json(message.content)) if message.content else {}
    except (KeyError, TypeError):  # written by another release
        shown = {}
    notes = [reason for reason in (message.held_reason, message.error_text) if reason]
    return Line(
        at=message.sent_at or message.created_at,
        is_ours=True,
        bubble={**shown, "body": shown.get("body") or message.text},
        ticks=TICKS.get(message.state, ""),
        state=message.get_state_display(),
        notes=notes,
        is_bad=message.state in {"failed", "expired", "cancelled"},
    )
