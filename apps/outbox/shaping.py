"""Content made to fit what WhatsApp takes: cut with an ellipsis, never refused, never a crash. Pure.

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
    Content,
    ListRow,
    LocationRequest,
    MediaMessage,
    ReplyButton,
    Text,
)

TEXT = 4096
BODY = 1024
BUTTONS = 3
BUTTON_TITLE = 20
ROWS = 10
ROW_TITLE = 24
ROW_DESCRIPTION = 72
EMPTY = "…"
"""Meta refuses an empty body or parameter."""

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
    return ""


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
