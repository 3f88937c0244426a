"""From our vocabulary to the Cloud API's JSON. Pure."""

from collections.abc import Callable
from typing import Any

from apps.providers.base import Reaction, SendFailed
from apps.providers.types import (
    Buttons,
    Choices,
    ContactCard,
    ContactCards,
    ListRow,
    LocationMessage,
    LocationRequest,
    MediaMessage,
    OutgoingMessage,
    ReactionMessage,
    RemoteTemplate,
    Template,
    TemplateDraft,
    Text,
)
from apps.providers.wording import placeholders

OPAQUE_LONGEST = 512  # characters of biz_opaque_callback_data (Meta's OpenAPI v23.0)


def to_meta(message: OutgoingMessage) -> dict[str, Any]:
    """The body of POST /{number}/messages.

    Raises SendFailed (reaction MESSAGE or RECIPIENT) for what cannot be said: nobody to send to, or a file that was not
    uploaded first.
    """
    kind, content = _WRITERS[type(message.content)](message.content)
    body: dict[str, Any] = {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        **_recipient(message),
        "type": kind,
        kind: content,
        "biz_opaque_callback_data": message.opaque[:OPAQUE_LONGEST],
    }
    # WhatsApp shows no quote on a template, and a reaction cannot carry one.
    if message.quoted_id and not isinstance(message.content, Template | ReactionMessage):
        body["context"] = {"message_id": message.quoted_id}
    return body


def _recipient(message: OutgoingMessage) -> dict[str, str]:
    if message.to:
        # Without the plus sign Meta prepends the country code of our own number: it would go to a stranger.
        return {"to": message.to if message.to.startswith("+") else f"+{message.to}"}
    if message.user_id:
        return {"recipient": message.user_id}
    raise SendFailed("Neither a phone nor an id of the person is known.", reaction=Reaction.RECIPIENT, code="nobody")


def _text(content: Text) -> tuple[str, dict[str, Any]]:
    return "text", {"body": content.body, "preview_url": False}


def _interactive(kind: str, body: str, action: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    return "interactive", {"type": kind, "body": {"text": body}, "action": action}


def _buttons(content: Buttons) -> tuple[str, dict[str, Any]]:
    buttons = [{"type": "reply", "reply": {"id": one.id, "title": one.title}} for one in content.buttons]
    return _interactive("button", content.body, {"buttons": buttons})


def _row(row: ListRow) -> dict[str, str]:
    written = {"id": row.id, "title": row.title}
    # An empty description is refused (131009), a missing one is fine.
    return {**written, "description": row.description} if row.description else written


def _choices(content: Choices) -> tuple[str, dict[str, Any]]:
    rows = [_row(row) for row in content.rows]
    return _interactive("list", content.body, {"button": content.button, "sections": [{"rows": rows}]})


def _location_request(content: LocationRequest) -> tuple[str, dict[str, Any]]:
    return _interactive("location_request_message", content.body, {"name": "send_location"})


def parameter_text(value: str) -> str:
    """A value as a template's parameter may carry it: one line, single spaces, never empty (132012, 132018, 131008)."""
    return " ".join(str(value).split()) or "-"


def _template(content: Template) -> tuple[str, dict[str, Any]]:
    components: list[dict[str, Any]] = []
    if content.parameters:
        parameters = [
            {"type": "text", "parameter_name": name, "text": parameter_text(value)}
            for name, value in content.parameters.items()
        ]
        components.append({"type": "body", "parameters": parameters})
    for index, payload in enumerate(content.payloads):
        if payload:
            components.append({"type": "button", "sub_type": "quick_reply", "index": str(index),
                               "parameters": [{"type": "payload", "payload": payload}]})  # fmt: skip
    written: dict[str, Any] = {"name": content.name, "language": {"code": content.language, "policy": "deterministic"}}
    return "template", {**written, "components": components} if components else written


def _media(content: MediaMessage) -> tuple[str, dict[str, Any]]:
    if not content.remote_id:
        raise SendFailed("The file was not uploaded to WhatsApp.", reaction=Reaction.MESSAGE, code="no_media_id")
    written = {"id": content.remote_id}
    if content.caption and content.kind not in {"audio", "sticker"}:  # they take no caption
        written["caption"] = content.caption
    if content.filename and content.kind == "document":
        written["filename"] = content.filename
    return content.kind, written


def _location(content: LocationMessage) -> tuple[str, dict[str, Any]]:
    # Degrees are strings in Meta's OpenAPI v23.0; its own samples also show numbers.
    written = {"latitude": str(content.latitude), "longitude": str(content.longitude)}
    words = {"name": content.name, "address": content.address}
    return "location", {**written, **{key: word for key, word in words.items() if word}}


def _contacts(content: ContactCards) -> tuple[str, list[dict[str, Any]]]:
    return "contacts", [_card(card) for card in content.cards]


def _card(card: ContactCard) -> dict[str, Any]:
    # Meta's OpenAPI v23.0 knows HOME and WORK only.
    first, _, last = card.name.partition(" ")
    name = {"formatted_name": card.name, "first_name": first, **({"last_name": last} if last else {})}
    written: dict[str, Any] = {"name": name, "phones": [{"phone": phone, "type": "WORK"} for phone in card.phones]}
    return {**written, "org": {"company": card.company}} if card.company else written


def _reaction(content: ReactionMessage) -> tuple[str, dict[str, Any]]:
    return "reaction", {"message_id": content.message_id, "emoji": content.emoji}


def read_mark(remote_id: str, *, is_typing: bool) -> dict[str, Any]:
    """The body that marks a message as read; the typing sign rides on it and ends on our answer or after 25 seconds."""
    body: dict[str, Any] = {"messaging_product": "whatsapp", "status": "read", "message_id": remote_id}
    return {**body, "typing_indicator": {"type": "text"}} if is_typing else body


_WRITERS: dict[type, Callable[[Any], tuple[str, Any]]] = {
    Text: _text,
    Buttons: _buttons,
    Choices: _choices,
    LocationRequest: _location_request,
    Template: _template,
    MediaMessage: _media,
    LocationMessage: _location,
    ContactCards: _contacts,
    ReactionMessage: _reaction,
}
SENDS = frozenset(_WRITERS)


# --- templates --------------------------------------------------------------------------------------------------------


def draft_to_meta(draft: TemplateDraft) -> dict[str, Any]:
    """The body of POST /{WABA}/message_templates, with named variables and an example for each."""
    body: dict[str, Any] = {"type": "BODY", "text": draft.body}
    names = placeholders(draft.body)
    if names:
        examples = [{"param_name": name, "example": parameter_text(draft.samples.get(name, name))} for name in names]
        body["example"] = {"body_text_named_params": examples}
    header: dict[str, Any] = {"type": "HEADER", "format": "TEXT", "text": draft.header}
    components = [*([header] if draft.header else []), body]
    if draft.footer:
        components.append({"type": "FOOTER", "text": draft.footer})
    if draft.buttons:
        buttons = [{"type": "QUICK_REPLY", "text": title} for title in draft.buttons]
        components.append({"type": "BUTTONS", "buttons": buttons})
    return {
        "name": draft.name,
        "language": draft.language,
        "category": draft.category,
        "parameter_format": "named",
        "components": components,
    }


def template_from_meta(row: Any) -> RemoteTemplate | None:
    """One row of the template list; None when it has no id, name or language."""
    if not isinstance(row, dict) or not all(_word(row, key) for key in ("id", "name", "language")):
        return None
    parts = _parts(row.get("components"))
    body = _word(parts.get("BODY", {}), "text")
    raw_buttons = parts.get("BUTTONS", {}).get("buttons")
    buttons = [one for one in raw_buttons if isinstance(one, dict)] if isinstance(raw_buttons, list) else []
    is_named = _word(row, "parameter_format").upper() == "NAMED"
    header = parts.get("HEADER", {})
    is_plain = _word(header, "format").upper() in {"", "TEXT"} and "{{" not in str(header)
    quality = row.get("quality_score")
    replies = [_word(one, "text") for one in buttons if _word(one, "type").upper() == "QUICK_REPLY"]
    return RemoteTemplate(
        remote_id=_word(row, "id"),
        name=_word(row, "name"),
        language=_word(row, "language"),
        category=_word(row, "category"),
        state=_word(row, "status"),
        reason="" if _word(row, "rejected_reason") == "NONE" else _word(row, "rejected_reason"),
        body=body,
        parameters=tuple(placeholders(body)),
        buttons=tuple(replies),
        is_usable=is_plain and len(replies) == len(buttons) and (is_named or not placeholders(body)),
        header=_word(header, "text"),
        footer=_word(parts.get("FOOTER", {}), "text"),
        quality=_word(quality, "score") if isinstance(quality, dict) else _word(row, "quality_score"),
        correct_category=_word(row, "correct_category"),
    )


def _parts(components: Any) -> dict[str, dict[str, Any]]:
    rows = components if isinstance(components, list) else []
    return {_word(one, "type").upper(): one for one in rows if isinstance(one, dict)}


def _word(values: Any, key: str) -> str:
    value = values.get(key) if isinstance(values, dict) else None
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
