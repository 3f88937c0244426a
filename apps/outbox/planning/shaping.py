"""Content made to fit what WhatsApp takes: never refused, never a crash. Pure.

A long text is said in several messages (`split`, `divided`); only what no second message can carry (titles, a template's
values, more than `PARTS` messages) is cut with an ellipsis.

Numbers: Meta, text messages (4096), interactive messages (body 1024, 3 buttons with titles of 20, 10 list rows with
titles of 24 and descriptions of 72), media captions (1024), template bodies (1024 once filled in).
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from apps.providers.kinds import render
from apps.providers.types import (
    Buttons,
    Choices,
    ContactCards,
    Content,
    ListRow,
    LocationMessage,
    LocationRequest,
    MediaMessage,
    ReactionMessage,
    ReplyButton,
    Text,
)

TEXT = 4096
BODY = 1024
BUTTONS = 3
BUTTON_TITLE = 20
PARTS = 10
"""Ours, not Meta's: about 40,000 characters; nobody reads more in a chat."""
ROWS = 10
ROW_TITLE = 24
ROW_DESCRIPTION = 72
EMPTY = "…"
"""Meta refuses an empty body or parameter."""

_ENDS = ("\n\n", "\n", ". ", " ")
_SPACE = re.compile(r"\s+")
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


def cut(text: str, longest: int) -> str:
    """
    >>> cut("abcdef", 4)
    'abc…'
    """
    return text if len(text) <= longest else text[: longest - 1].rstrip() + "…"


def body_of(text: str, longest: int) -> str:
    """A body that Meta takes: no control characters, not empty, not too long."""
    return cut(_UNPRINTABLE.sub("", text).strip(), longest) or EMPTY


def split(text: str, last: int) -> list[str]:
    """The text in parts, each of which one message holds: `TEXT` characters, the last one `last`. At least one part.

    Cut where a paragraph, a line, a sentence or a word ends, else anywhere. The last part, which may carry buttons, is
    as long as it can be, so that they do not stand under two lonely words.
    """
    rest = _UNPRINTABLE.sub("", text).strip()
    parts: list[str] = []
    while len(rest) > last and len(parts) < PARTS - 1:
        needed = len(rest) - last
        end = _end_after(rest, needed) if needed <= TEXT else _end_before(rest, TEXT)
        parts.append(rest[:end].rstrip())
        rest = rest[end:].lstrip()
    return [*parts, cut(rest, last)]


def _end_after(text: str, least: int) -> int:
    """The best place to cut at or soon after `least`."""
    most = min(TEXT, len(text) - 1, least + (len(text) - least) // 2)
    for mark in _ENDS:
        found = text.find(mark, max(0, least - len(mark)), most)
        if found >= 0:
            return found + len(mark)
    return least


def _end_before(text: str, most: int) -> int:
    """The best place to cut at or not long before `most`."""
    for mark in _ENDS:
        found = text.rfind(mark, most // 2, most)
        if found >= 0:
            return found + len(mark)
    return most


def room_of(content: Content) -> int:
    """How many characters its body, or caption, may have."""
    return TEXT if isinstance(content, Text) else BODY


def with_body(content: Content, body: str) -> Content:
    """The same content with another body, or caption; what has neither stays as it is."""
    if isinstance(content, MediaMessage):
        return replace(content, caption=body)
    return replace(content, body=body) if isinstance(content, Text | Buttons | Choices | LocationRequest) else content


def divided(content: Content) -> tuple[list[str], Content]:
    """Texts to be said ahead of a content that is too long, and what is left of it; none for one that fits."""
    if isinstance(content, MediaMessage):
        body = content.caption
    elif isinstance(content, Text | Buttons | Choices | LocationRequest):
        body = content.body
    else:
        return [], content
    *ahead, tail = split(body, room_of(content))
    return (ahead, with_body(content, tail)) if ahead else ([], content)


def interactive(body: str, buttons: Sequence[ReplyButton], *, more: str) -> Text | Buttons | Choices:
    """A body with up to three buttons, or with a list behind `more` when there are more of them."""
    if not buttons:
        return Text(body_of(body, TEXT))
    if len(buttons) <= BUTTONS:
        return Buttons(body_of(body, BODY), _with_own_titles(buttons))
    return _choices(body, more, [ListRow(button.id, button.title) for button in buttons])


def fitted(content: Content, *, more: str) -> Content:
    """Ready content, cut where it would be refused."""
    if isinstance(content, Text):
        return Text(body_of(content.body, TEXT))
    if isinstance(content, Buttons):
        return interactive(content.body, content.buttons, more=more)
    if isinstance(content, Choices):
        return _choices(content.body, content.button.strip() or more, content.rows)
    if isinstance(content, LocationRequest):
        return LocationRequest(body_of(content.body, BODY))
    if isinstance(content, MediaMessage):
        return replace(content, caption=cut(_UNPRINTABLE.sub("", content.caption), BODY))
    return content


def text_of(content: Content) -> str:
    """What the person reads of it; a template's text is rendered by who knows its approved body."""
    if isinstance(content, Text | Buttons | Choices | LocationRequest):
        return content.body
    if isinstance(content, MediaMessage):
        return content.caption or content.filename
    if isinstance(content, LocationMessage):
        return ", ".join(filter(None, [content.name, content.address])) or f"{content.latitude}, {content.longitude}"
    if isinstance(content, ContactCards):
        return ", ".join(card.name for card in content.cards)
    return content.emoji if isinstance(content, ReactionMessage) else ""


def parameter(value: object) -> str:
    """A template parameter: one line, since Meta refuses line breaks, tabs and more than four spaces in a row.

    >>> parameter("two\\n lines")
    'two lines'
    """
    return _SPACE.sub(" ", _UNPRINTABLE.sub(" ", str(value))).strip() or EMPTY


def parameters(body: str, names: Sequence[str], values: Mapping[str, object]) -> dict[str, str]:
    """Every named parameter, cleaned; the longest are cut until the rendered body fits (Meta refuses it with 132005)."""
    filled = {name: parameter(values.get(name, "")) for name in names}
    for _round in names:
        excess = len(render(body, filled)) - BODY
        if excess <= 0:
            break
        longest = max(filled, key=lambda name: len(filled[name]))
        uses = max(1, len(re.findall(r"\{\{\s*" + re.escape(longest) + r"\s*\}\}", body)))
        filled[longest] = cut(filled[longest], max(1, len(filled[longest]) - -(-excess // uses)))
    return filled


def _choices(body: str, button: str, rows: Sequence[ListRow]) -> Choices | Text:
    shown = tuple(
        ListRow(row.id, cut(row.title.strip(), ROW_TITLE) or EMPTY, cut(row.description.strip(), ROW_DESCRIPTION))
        for row in rows[:ROWS]
    )
    return Choices(body_of(body, BODY), cut(button, BUTTON_TITLE), shown) if shown else Text(body_of(body, TEXT))


def _with_own_titles(buttons: Sequence[ReplyButton]) -> tuple[ReplyButton, ...]:
    """Titles of at most 20 characters, none twice (Meta refuses equal ones)."""
    made: list[ReplyButton] = []
    for position, button in enumerate(buttons, start=1):
        title = cut(_SPACE.sub(" ", button.title).strip(), BUTTON_TITLE) or str(position)
        if any(title == other.title for other in made):
            title = f"{cut(title, BUTTON_TITLE - 2)} {position}"
        made.append(ReplyButton(button.id, title))
    return tuple(made)
