"""A person at the desk answers in a chat: text, a file, a place, a quotation, a reaction. Who wrote it is kept and shown."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from apps.contacts import queries as contacts
from apps.conversations import kinds, queries, thread
from apps.conversations.models import Conversation, Message
from apps.core import clock
from apps.core.errors import InvalidInputError, NotPermittedError
from apps.files import services as files
from apps.files.models import Doubt
from apps.journal.services import record
from apps.outbox import queries as outbox_queries
from apps.outbox import services as outbox
from apps.outbox.models import OutboundMessage
from apps.people import queries as people
from apps.people.models import User
from apps.providers import capabilities
from apps.providers.types import Content, LocationMessage, MediaMessage, ReactionMessage, Text

TEXT_LONGEST = 4096  # Meta, text messages
CAPTION_LONGEST = 1024  # Meta, media messages
REACTABLE = timedelta(days=30)  # Meta, reactions: an older message takes none
EMOJI = ("👍", "❤️", "😂", "😮", "🙏", "✅")
_WITHOUT_CAPTION = {"audio", "sticker"}


@dataclass(frozen=True)
class Upload:
    """A file chosen at the desk."""

    content: bytes
    name: str


@dataclass(frozen=True)
class Draft:
    """What somebody wrote: at least one of text, file and place. `token` is the form's own: the same one is sent once."""

    token: str
    text: str = ""
    upload: Upload | None = None
    place: LocationMessage | None = None
    quoting: str = ""


@dataclass(frozen=True)
class Standing:
    """How an answer would go now: `is_open` until `closes_at`, else it waits; `obstacle` says why it would not go at all."""

    is_open: bool
    closes_at: datetime | None
    obstacle: str = ""
    takes: Sequence[str] = field(default_factory=list)


def standing(conversation: Conversation) -> Standing:
    """What the page says above the form."""
    now, number = clock.now(), conversation.number
    facts = contacts.delivery_facts(conversation.contact, number, kinds.NOTE.klass, now)
    obstacle = ""
    if not facts.is_linked:
        obstacle = _("This address is not, or no longer, proved to belong to an employee: link or reinstate the contact first. "
                     "What you write waits until then.")  # fmt: skip
    elif not facts.is_window_open and facts.is_stopped:
        obstacle = _("The person wrote STOP. What you write waits until they write to us.")
    elif not facts.is_window_open and not facts.consent:
        obstacle = _("The person has not agreed to messages about work. What you write waits until they write to us.")
    elif facts.is_unreachable:
        obstacle = _("WhatsApp cannot reach this person at the moment. What you write waits until they write to us.")
    return Standing(facts.is_window_open, facts.closes_at, obstacle, capabilities.mime_types(number.account))


@transaction.atomic
def answer(*, conversation: Conversation, draft: Draft, by: User) -> list[OutboundMessage]:
    """Send what somebody wrote at the desk, in order; the same token sends nothing twice.

    Returns the rows, whose states say how it goes: queued, or held with a reason. Raises NotPermittedError, and
    InvalidInputError with a sentence for what WhatsApp would not take; then nothing is sent and nothing kept.
    """
    _check_may(conversation, by)
    key = _key(conversation, draft.token)
    if outbox_queries.by_key(f"{key}:0") is not None:
        return _already(key)
    if draft.quoting and not thread.has_message(conversation, draft.quoting):
        raise InvalidInputError(_("The message you quote is not of this conversation. Choose it again."))
    contents = _contents(conversation, draft)
    is_open = standing(conversation).is_open
    sent = [
        _enqueue(conversation, content, by, key=f"{key}:{number}", is_open=is_open,
                 quoting=draft.quoting if number == 0 else "")
        for number, content in enumerate(contents)
    ]  # fmt: skip
    what = {"messages": [row.pk for row in sent], "sorts": [type(content).__name__ for content in contents]}
    record("conversation.answered", subject=conversation, by=by, after=what)
    return sent


@transaction.atomic
def react(*, conversation: Conversation, message: Message, emoji: str, token: str, by: User) -> OutboundMessage:
    """Put an emoji on a message of the person; empty takes it back. Raises NotPermittedError, InvalidInputError."""
    _check_may(conversation, by)
    key = f"{_key(conversation, token)}:0"
    existing = outbox_queries.by_key(key)
    if existing is not None:
        return existing
    if message.conversation_id != conversation.pk or (emoji and emoji not in EMOJI):
        raise InvalidInputError(_("That is no reaction to a message of this conversation."))
    if message.revoked_at is not None or message.sent_at < clock.now() - REACTABLE:
        raise InvalidInputError(_("WhatsApp takes reactions to messages of the last 30 days that still exist."))
    now = standing(conversation)
    if not now.is_open:
        raise InvalidInputError(_("The 24 hours are over, and a reaction cannot wait. Write a text instead."))
    content = ReactionMessage(message.remote_id, emoji)
    row = _enqueue(conversation, content, by, key=key, is_open=True, expires_at=now.closes_at)
    record("conversation.reacted", subject=conversation, by=by, after={"to": message.pk, "emoji": emoji})
    return row


# --- inside -----------------------------------------------------------------------------------------------------------


def _check_may(conversation: Conversation, by: User) -> None:
    # Locked: of two clicks at the same time the second waits, and then finds what the first has written.
    is_seen = queries.visible_to(by).select_for_update(of=("self",)).filter(pk=conversation.pk).first() is not None
    if not is_seen or not by.has_perm(queries.VIEW) or not by.has_perm(queries.REPLY):
        raise NotPermittedError(_("You may read this conversation, but not answer in it."))


def _key(conversation: Conversation, token: str) -> str:
    if not 8 <= len(token) <= 64:
        raise InvalidInputError(_("This form is too old. Load the page again."))
    return f"desk:{conversation.pk}:{token}"


def _already(key: str) -> list[OutboundMessage]:
    rows = [outbox_queries.by_key(f"{key}:{number}") for number in range(3)]
    return [row for row in rows if row is not None]


def _contents(conversation: Conversation, draft: Draft) -> list[Content]:
    text = draft.text.strip()
    if len(text) > TEXT_LONGEST:
        raise InvalidInputError(_("The text has %(length)s characters; WhatsApp takes at most %(most)s.")
                                % {"length": len(text), "most": TEXT_LONGEST}, code="too_long")  # fmt: skip
    contents: list[Content] = []
    if draft.upload is not None:
        file = _file(conversation, draft.upload, text)
        text = "" if file.caption else text
        contents.append(file)
    if draft.place is not None:
        contents.append(_checked(draft.place))
    if text:
        contents.append(Text(text))
    if not contents:
        raise InvalidInputError(_("Write something, or choose a file or a place."), code="nothing")
    for content in contents:
        capabilities.check(conversation.number.account, content)
    return contents


def _file(conversation: Conversation, upload: Upload, text: str) -> MediaMessage:
    if not upload.content:
        raise InvalidInputError(_("The file is empty, so nothing was sent. Choose it again."), code="file_empty")
    kind, doubt = files.examine(content=upload.content, name=upload.name)
    if doubt:
        raise _refused(doubt)
    sort = capabilities.sort_of(conversation.number.account, kind, len(upload.content))
    file = files.store(content=upload.content, name=upload.name, owner=conversation)
    if file.doubt:
        raise _refused(file.doubt)
    is_caption = sort not in _WITHOUT_CAPTION and len(text) <= CAPTION_LONGEST
    return MediaMessage(kind=sort, file_id=file.pk, caption=text if is_caption else "", filename=file.name)


def _refused(doubt: str) -> InvalidInputError:
    sentence = _("The file was neither sent nor kept. What is wrong with it: %(what)s.") % {"what": Doubt(doubt).label}
    return InvalidInputError(sentence, code=f"file_{doubt}")


def _checked(place: LocationMessage) -> LocationMessage:
    if not (-90 <= place.latitude <= 90 and -180 <= place.longitude <= 180):
        raise InvalidInputError(_("Latitude goes from -90 to 90 and longitude from -180 to 180."), code="place")
    return place


def _name(by: User) -> str:
    return (people.employee_of(by) or by).as_actor().label


def _enqueue(
    conversation: Conversation, content: Content, by: User, *, is_open: bool, **values: Any
) -> OutboundMessage:
    kind = kinds.ANSWER if is_open else kinds.NOTE
    said = content.body if isinstance(content, Text) else ""
    return outbox.enqueue(
        contact=conversation.contact, kind=kind.name, data={"text": said, "by": _name(by), "by_id": str(by.pk)},
        content=content, number=conversation.number, author=_name(by), **values,
    )  # fmt: skip
