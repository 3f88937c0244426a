"""What a dialogue says at a step, as content to send; and what its buttons carry. Pure."""

from collections.abc import Callable
from dataclasses import dataclass

from django.utils import translation
from django.utils.translation import gettext as _

from apps.conversations.draft import CHECK, Draft
from apps.forms import chat, show
from apps.providers.types import Buttons, Choices, Content, LocationRequest, Text

PREFIX = "d."


@dataclass(frozen=True)
class Pressed:
    """The tail of a button: which dialogue, which question, which option (see forms.chat for their names)."""

    dialogue_id: int
    step: str
    option: str


def payload_for(dialogue_id: int, step: str) -> Callable[[str], str]:
    """Dialogue buttons need no signature: they are held against the sender's own open dialogue."""
    return lambda option: f"{PREFIX}{dialogue_id}.{step}.{option}"


def pressed(payload: str) -> Pressed | None:
    """
    >>> pressed("d.7.category.laptop")
    Pressed(dialogue_id=7, step='category', option='laptop')
    """
    parts = payload.split(".", 3)
    if len(parts) != 4 or parts[0] != "d" or not (parts[1].isascii() and parts[1].isdigit()) or len(parts[1]) > 18:
        return None
    return Pressed(int(parts[1]), parts[2], parts[3])


def prompt(
    dialogue_id: int, draft: Draft, language: str, *, notice: str = "", offset: int = 0, is_settled: bool = False
) -> Content:
    """The message that asks the present step again or for the first time."""
    field = draft.present
    if field is None:
        return check(dialogue_id, draft, language, notice=notice)
    ask = chat.Ask(
        language=language,
        payload=payload_for(dialogue_id, field.key),
        notice=notice,
        can_go_back=draft.previous() is not None,
        received=len(draft.received(field)) if field.kind in ("photo", "document") else 0,
        offset=offset,
        is_settled=is_settled,
    )
    return chat.question(field, ask)


def check(dialogue_id: int, draft: Draft, language: str, *, notice: str = "") -> Content:
    """Everything that was answered, before it is sent; long answers are cut here, never in what is kept."""
    with translation.override(language):
        answered = [(spec, draft.answers.get(spec.key)) for spec in draft.asked]
        lines = [(spec.text(language), show.answer(spec, value, language)) for spec, value in answered]
        head = "\n\n".join(part for part in (chat.fit(notice, 250), _("Please check and send:")) if part)
        body = head
        for longest in (300, 120, 60, 30):
            body = "\n\n".join(
                [head, *(f"*{chat.fit(label, longest)}*\n{chat.fit(text, longest)}" for label, text in lines)]
            )
            if len(body) <= chat.BODY:
                break
        buttons = [(name, chat.title_of(name)) for name in (chat.SEND, chat.BACK, chat.CANCEL)]
        return chat.buttons_of(body, buttons, payload_for(dialogue_id, CHECK))


def text_of(content: Content) -> str:
    """What the person reads, without the buttons."""
    return content.body if isinstance(content, Text | Buttons | Choices | LocationRequest) else ""
