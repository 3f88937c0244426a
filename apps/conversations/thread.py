"""Both sides of a chat as the desk shows it: one line per bubble, with what was answered, reacted, changed or taken back."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.utils.translation import gettext as _

from apps.conversations.models import Conversation, Message
from apps.core.masking import masked
from apps.files import queries as files
from apps.files.showing import Attachment, attachments
from apps.forms.preview import bubble
from apps.outbox import reasons
from apps.outbox.models import OutboundMessage
from apps.outbox.planning import shaping
from apps.providers.types import ContactCards, Content, LocationMessage, MediaMessage, ReactionMessage, from_json

LONGEST = 200
QUOTED_LONGEST = 120
TICKS = {"sent": "✓", "delivered": "✓✓", "read": "✓✓"}  # the other states are told by their word alone
State = OutboundMessage.State


@dataclass(frozen=True)
class Place:
    """A point on the earth, and where a map of it can be seen: nothing is loaded from there until somebody clicks."""

    name: str
    address: str
    coordinates: str
    link: str


@dataclass(frozen=True)
class Card:
    name: str
    company: str = ""
    phones: Sequence[str] = ()


@dataclass
class Line:
    """One bubble. `is_ours`: we said it; `author` who wrote it at the desk; `remote_id` and `pk` name a message of theirs
    that can be quoted and reacted to; `before` is the text before an edit."""

    at: datetime
    is_ours: bool
    bubble: dict[str, Any]
    remote_id: str = ""
    pk: int = 0
    author: str = ""
    ticks: str = ""
    state: str = ""
    notes: list[str] = field(default_factory=list)
    attachments: list[Attachment] = field(default_factory=list)
    places: list[Place] = field(default_factory=list)
    cards: list[Card] = field(default_factory=list)
    quote: str = ""
    quotes_us: bool = False
    reactions: list[tuple[str, str]] = field(default_factory=list)
    before: str = ""
    is_gone: bool = False
    is_bad: bool = False
    is_sticker: bool = False


def lines(conversation: Conversation) -> list[Line]:
    """The newest messages of both sides, oldest first. A constant number of queries."""
    came = list(conversation.messages.order_by("-id")[:LONGEST])
    went = list(
        OutboundMessage.objects.filter(contact=conversation.contact_id, number=conversation.number_id)
        .order_by("-id")[:LONGEST]
    )  # fmt: skip
    contents = {row.pk: _content(row) for row in went}
    shown = _attached(came, contents.values())
    name = str(conversation.contact)
    made = {row.remote_id: _theirs(row, shown) for row in came if row.kind != "reaction"}
    ours = {row.pk: _ours(row, contents[row.pk], shown) for row in went}
    by_wamid = {**made, **{row.remote_id: ours[row.pk] for row in went if row.remote_id}}
    loose = _react(came, went, contents, by_wamid, name)
    for row in came:
        if row.quoted_id and row.kind != "reaction":
            _quote(made[row.remote_id], row.quoted_id, by_wamid)
    for sent in went:
        if sent.in_reply_to:
            _quote(ours[sent.pk], sent.in_reply_to, by_wamid)
    ours = {pk: line for pk, line in ours.items() if not _is_on_its_message(line, contents[pk])}
    return sorted([*made.values(), *ours.values(), *loose], key=lambda line: line.at)[-LONGEST:]


def has_message(conversation: Conversation, remote_id: str) -> bool:
    """Whether this wamid is a message of this conversation, of either side: only those may be quoted."""
    if not remote_id:
        return False
    ours = OutboundMessage.objects.filter(contact=conversation.contact_id, number=conversation.number_id)
    return conversation.messages.filter(remote_id=remote_id).exists() or ours.filter(remote_id=remote_id).exists()


# --- theirs -----------------------------------------------------------------------------------------------------------

Shown = Mapping[int, Attachment]


def _attached(came: Iterable[Message], contents: Iterable[Content | None]) -> Shown:
    ids = [pk for message in came for pk in message.payload.get("files", ())]
    ids += [content.file_id for content in contents if isinstance(content, MediaMessage)]
    return {one.pk: one for one in attachments(files.by_ids(ids))}


def _theirs(message: Message, shown: Shown) -> Line:
    payload = message.payload
    attached = [shown[pk] for pk in payload.get("files", ()) if pk in shown]
    notes = _notes(message, bool(attached))
    text = message.edited_text if message.edited_at and message.edited_text else message.text
    line = Line(
        at=message.received_at, is_ours=False, bubble={"body": text}, remote_id=message.remote_id, pk=message.pk,
        notes=notes, attachments=attached, places=[_place(payload["place"])] if payload.get("place") else [],
        cards=_cards(payload.get("extra", {}).get("contacts")), is_gone=message.revoked_at is not None,
        before=message.text if message.edited_at else "", state=message.handled_by,
        is_sticker=message.kind == "sticker",
    )  # fmt: skip
    if line.cards and text == message.text:
        line.bubble["body"] = ""  # the names stand on the cards
    if not (line.bubble["body"] or attached or line.places or line.cards or notes):
        line.notes.append(_unshown(message))
    return line


def _notes(message: Message, is_attached: bool) -> list[str]:
    notes = []
    if message.is_forwarded:
        notes.append(_("forwarded"))
    if (message.payload.get("media") or {}).get("is_voice"):
        notes.append(_("voice message"))
    if message.payload.get("media") and not is_attached:
        notes.append(_missing(str(message.payload.get("extra", {}).get("file_problem", ""))))
    if message.kind == "unsupported":
        notes.append(_unshown(message))
    return notes


def _missing(problem: str) -> str:
    """Why there is no file; the problem is the code that inbox kept with the message."""
    if problem == "file_too_large":
        return _("The file is larger than what is kept here, so it was not kept.")
    if problem in {"media_gone", "100", "http_404"}:
        return _("The file was no longer at WhatsApp when it was fetched. Ask the person to send it again.")
    return _("The file could not be fetched. Ask the person to send it again.")


def _unshown(message: Message) -> str:
    what = str(message.payload.get("extra", {}).get("type") or message.kind)
    names = {
        "order": _("An order from a catalogue: open it on a phone with WhatsApp."),
        "poll": _("A poll: WhatsApp does not hand polls on to companies."),
        "pool": _("A poll: WhatsApp does not hand polls on to companies."),
        "flow": _("A filled-in form."),
    }
    unknown = _("A message of a kind that WhatsApp does not hand on (%(kind)s). Ask the person to write it.")
    return names.get(what, unknown % {"kind": what or _("unknown")})


def _place(values: Mapping[str, Any]) -> Place:
    latitude, longitude = float(values.get("latitude") or 0), float(values.get("longitude") or 0)
    point = {"mlat": f"{latitude:.6f}", "mlon": f"{longitude:.6f}"}
    return Place(
        name=str(values.get("name") or ""), address=str(values.get("address") or ""),
        coordinates=f"{latitude:.5f}, {longitude:.5f}",
        link=f"https://www.openstreetmap.org/?{urlencode(point)}#map=17/{latitude:.6f}/{longitude:.6f}",
    )  # fmt: skip


def _cards(raw: Any) -> list[Card]:
    """Cards as the carrier hands them on; whatever is not as documented is left out, never trusted."""
    found = []
    for card in raw if isinstance(raw, list) else ():
        phones = card.get("phones") if isinstance(card, dict) else None
        found.append(Card(
            name=_word(card, "name", "formatted_name") or _("no name"), company=_word(card, "org", "company"),
            phones=[str(one.get("phone") or one.get("wa_id") or "") for one in phones if isinstance(one, dict)]
            if isinstance(phones, list) else [],
        ))  # fmt: skip
    return found


def _word(values: Any, part: str, key: str) -> str:
    inner = values.get(part) if isinstance(values, dict) else None
    return str(inner.get(key) or "") if isinstance(inner, dict) else ""


# --- ours -------------------------------------------------------------------------------------------------------------


def _content(message: OutboundMessage) -> Content | None:
    """What was, or will be, sent; a held message has only what it was given."""
    for values in (message.content, message.given):
        try:
            if values:
                found: Content = from_json(values)
                return found
        except (KeyError, TypeError):  # written by another release
            continue
    return None


def _ours(message: OutboundMessage, content: Content | None, shown: Shown) -> Line:
    look = bubble(content) if content is not None else {}
    body = masked(look.get("body", "")) or message.shown_text
    line = Line(
        at=message.sent_at or message.created_at,
        is_ours=True,
        bubble={**look, "body": body},
        remote_id=message.remote_id,
        author=str(message.data.get("by") or ""),
        ticks=TICKS.get(message.state, ""),
        state=message.get_state_display(),
        notes=[note for note in (reasons.sentence(message.held_reason), message.error_text) if note],
        is_bad=message.state in {State.FAILED, State.EXPIRED, State.CANCELLED},
    )
    if isinstance(content, MediaMessage):
        line.bubble["body"] = masked(content.caption)
        line.is_sticker = content.kind == "sticker"
        if content.file_id in shown:
            line.attachments = [shown[content.file_id]]
    elif isinstance(content, LocationMessage):
        line.bubble["body"] = ""
        line.places = [_place({"latitude": content.latitude, "longitude": content.longitude, "name": content.name,
                               "address": content.address})]  # fmt: skip
    elif isinstance(content, ContactCards):
        line.bubble["body"] = ""
        line.cards = [Card(card.name, card.company, card.phones) for card in content.cards]
    elif isinstance(content, ReactionMessage):
        line.bubble["body"] = _("reaction: %(emoji)s") % {"emoji": content.emoji or _("taken back")}
    return line


# --- between them -----------------------------------------------------------------------------------------------------


def _quote(line: Line, wamid: str, by_wamid: Mapping[str, Line]) -> None:
    quoted = by_wamid.get(wamid)
    if quoted is None:
        line.quote = _("an older message")
        return
    line.quotes_us = quoted.is_ours
    line.quote = _in_words(quoted)


def _in_words(line: Line) -> str:
    if line.is_gone:
        return _("a message that was deleted")
    names = [file.name for file in line.attachments] + [card.name for card in line.cards]
    names += [place.name or place.coordinates for place in line.places]
    said = str(line.bubble.get("body") or ", ".join(names) or _("a message"))
    return shaping.cut(" ".join(said.split()), QUOTED_LONGEST)


def _react(
    came: Sequence[Message], went: Sequence[OutboundMessage], contents: Mapping[int, Content | None],
    by_wamid: Mapping[str, Line], name: str,
) -> list[Line]:  # fmt: skip
    """Put the last reaction of each side on its message. Returns lines for reactions to what is not on the page."""
    told: dict[str, dict[bool, tuple[str, str]]] = defaultdict(dict)  # of each side only the last one stands
    loose = []
    for message in reversed(came):
        if message.kind != "reaction":
            continue
        if message.quoted_id in by_wamid:
            told[message.quoted_id][False] = (message.text, name)
        elif message.text:
            note = _("reacted to an older message: %(emoji)s") % {"emoji": message.text}
            loose.append(Line(at=message.received_at, is_ours=False, bubble={"body": ""}, notes=[note]))
    for sent in reversed(went):
        content = contents[sent.pk]
        if isinstance(content, ReactionMessage) and sent.state not in {State.FAILED, State.EXPIRED, State.CANCELLED}:
            told[content.message_id][True] = (content.emoji, str(sent.data.get("by") or _("we")))
    for wamid, reactions in told.items():
        if wamid in by_wamid:
            by_wamid[wamid].reactions = [(emoji, who) for emoji, who in reactions.values() if emoji]
    return loose


def _is_on_its_message(line: Line, content: Content | None) -> bool:
    """A reaction that left stands on its message; one that waits or failed is a line that says why."""
    return isinstance(content, ReactionMessage) and not line.is_bad and not line.notes
