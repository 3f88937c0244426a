"""What a person did: one element of `messages[]` becomes one event. Pure."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from apps.providers.meta_cloud.reading import BadPiece, address, degree, mapping, moment, needed, part, word
from apps.providers.types import (
    Event,
    IdentityChanged,
    Media,
    MessageEdited,
    MessageReceived,
    MessageRevoked,
    Place,
    Sender,
    Tapped,
    Unknown,
)

Values = Mapping[str, Any]

MEDIA = {"image", "video", "audio", "document", "sticker"}
_IDENTITY = {"customer_identity_changed", "user_identity_changed"}


def message_event(raw: Values, *, number_id: str, contacts: Sequence[Any], errors: Sequence[Any]) -> Event:
    """The event of one message. Raises BadPiece when it has no id, no moment or no sender.

    A message whose content cannot be understood is still a message: its kind is then `unsupported`, and `extra` says
    what it was, so that the person gets an answer.
    """
    kind = word(raw, "type")
    if word(raw, "group_id"):
        return Unknown("group message", {"type": kind})
    if kind == "system":
        return _system(raw, number_id, contacts)
    sender = sender_of(raw, contacts)
    at = moment(raw)
    if kind == "edit":
        edit = part(raw, "edit")
        text = _written(part(edit, "message"))
        return MessageEdited(number_id, sender, at, needed(edit, "original_message_id"), text)
    if kind == "revoke":
        return MessageRevoked(number_id, sender, at, needed(part(raw, "revoke"), "original_message_id"))
    try:
        content = _READERS[kind](raw) if kind in _READERS else _unsupported(raw)
    except BadPiece as error:
        content = {"kind": "unsupported", "extra": {"type": kind, "problem": str(error)}}
    context = part(raw, "context")
    extra = {**content.pop("extra", {}), **_besides(raw)}
    if content["kind"] == "unsupported" and errors and "errors" not in extra:
        extra["errors"] = list(errors)
    return MessageReceived(
        remote_id=needed(raw, "id"), number_id=number_id, sender=sender, at=at, extra=extra,
        is_forwarded=context.get("forwarded") is True or context.get("frequently_forwarded") is True,
        **{"quoted_id": word(context, "id"), **content},
    )  # fmt: skip


def sender_of(raw: Values, contacts: Sequence[Any]) -> Sender:
    """Who wrote. Raises BadPiece when nobody is named.

    `from` may be missing (a hidden phone) or hold the business-scoped id itself; the card in `contacts[]` counts only
    when it is this sender's: a batch may carry cards of several people.
    """
    phone, user_id = address(word(raw, "from"))
    user_id = address(word(raw, "from_user_id"))[1] or user_id
    for card in contacts:
        card_phone, card_id = address(word(card, "wa_id"))
        card_id = address(word(card, "user_id"))[1] or card_id
        is_theirs = (phone and phone == card_phone) or (user_id and user_id == card_id)
        is_only_one = not phone and not user_id and len(contacts) == 1
        if is_theirs or is_only_one:
            name = word(part(card, "profile"), "name") or word(part(card, "profile"), "username")
            phone, user_id = phone or card_phone, user_id or card_id
            if phone or user_id:
                return Sender(phone, user_id, name[:200])
    if not phone and not user_id:
        raise BadPiece("the message names no sender.")
    return Sender(phone, user_id)


def _besides(raw: Values) -> dict[str, Any]:
    return {key: raw[key] for key in ("errors", "referral") if raw.get(key)}


def _written(message: Values) -> str:
    """The text or caption of an edited message."""
    return word(part(message, "text"), "body") or word(part(message, word(message, "type")), "caption")


def _system(raw: Values, number_id: str, contacts: Sequence[Any]) -> Event:
    system = part(raw, "system")
    what = word(system, "type")
    sender, at = sender_of(raw, contacts), moment(raw)
    new_phone = address(word(system, "wa_id") or word(system, "new_wa_id"))[0]
    new_id = address(word(system, "user_id"))[1]
    if what == "user_changed_number":
        return IdentityChanged(number_id, at, "number", sender.phone, new_phone, sender.user_id, new_id)
    if what == "user_changed_user_id":
        old_id = address(word(system, "previous_user_id"))[1]
        # The card may already show the new id; only another one can be the old.
        old_id = old_id or (sender.user_id if sender.user_id != new_id else "")
        return IdentityChanged(number_id, at, "user_id", sender.phone, sender.phone, old_id, new_id or sender.user_id)
    if what in _IDENTITY:
        return IdentityChanged(number_id, at, "identity", sender.phone, sender.phone, sender.user_id, sender.user_id)
    return Unknown(f"system {what}".strip(), dict(system))


# --- by type: the fields of MessageReceived ---------------------------------------------------------------------------

Fields = dict[str, Any]


def _text(raw: Values) -> Fields:
    return {"kind": "text", "text": needed(part(raw, "text"), "body")}


def _media(raw: Values) -> Fields:
    kind = word(raw, "type")
    found = mapping(raw.get(kind), kind)
    media = Media(
        kind=kind, remote_id=needed(found, "id"), mime_type=word(found, "mime_type"), sha256=word(found, "sha256"),
        filename=word(found, "filename"), caption=word(found, "caption"), is_voice=found.get("voice") is True,
    )  # fmt: skip
    return {"kind": kind, "media": media}


def _location(raw: Values) -> Fields:
    found = mapping(raw.get("location"), "location")
    place = Place(
        degree(found, "latitude", 90), degree(found, "longitude", 180), word(found, "name"), word(found, "address")
    )
    return {"kind": "location", "place": place}


def _template_button(raw: Values) -> Fields:
    button = part(raw, "button")
    title = word(button, "text")
    # Without a payload of ours Meta sends the title as payload.
    tapped = Tapped(word(button, "payload") or needed(button, "text"), title, "template")
    return {"kind": "tap", "text": title, "tapped": tapped}


def _interactive(raw: Values) -> Fields:
    found = mapping(raw.get("interactive"), "interactive")
    kind = word(found, "type")
    if kind == "nfm_reply":
        return _flow(part(found, "nfm_reply"))
    if kind not in {"button_reply", "list_reply"}:
        raise BadPiece(f"interactive {kind} is not known.")
    reply = part(found, kind)
    title = word(reply, "title")
    return {"kind": "tap", "text": title, "tapped": Tapped(needed(reply, "id"), title, kind.removesuffix("_reply"))}


def _flow(reply: Values) -> Fields:
    try:
        answers = json.loads(word(reply, "response_json"))
    except (ValueError, RecursionError) as error:
        raise BadPiece("response_json is no JSON.") from error
    return {"kind": "flow", "text": word(reply, "body"), "extra": {"answers": mapping(answers, "response_json")}}


def _reaction(raw: Values) -> Fields:
    """`text` is the emoji, empty when it was taken back; `quoted_id` the message it stands on."""
    reaction = part(raw, "reaction")
    return {"kind": "reaction", "text": word(reaction, "emoji"), "quoted_id": needed(reaction, "message_id")}


def _contacts(raw: Values) -> Fields:
    cards = raw.get("contacts")
    if not isinstance(cards, list):
        raise BadPiece("contacts is no list.")
    names = [word(part(card, "name"), "formatted_name") for card in cards]
    extra: dict[str, Any] = {"contacts": cards}
    own_phone = _own_phone(raw, cards)
    if own_phone:
        extra["own_phone"] = own_phone
    return {"kind": "contacts", "text": ", ".join(name for name in names if name), "extra": extra}


def _own_phone(raw: Values, cards: Sequence[Any]) -> str:
    """The sender's own number, when WhatsApp says that it answers our request for it; anybody else's card proves nothing.

    Meta documents `origin` as contact_request or other; where it stands in the message no sample shows, so it counts on
    the message and on its only card alike.
    """
    origins = {word(raw, "origin")} | {word(card, "origin") for card in cards}
    if len(cards) != 1 or origins - {""} != {"contact_request"}:
        return ""
    card = cards[0] if isinstance(cards[0], dict) else {}
    phones = card.get("phones")
    named = [word(one, "wa_id") or word(one, "phone") for one in phones] if isinstance(phones, list) else []
    found = {address("".join(character for character in name if character in "+0123456789"))[0] for name in named}
    return found.pop() if len(found) == 1 else ""


def _order(raw: Values) -> Fields:
    order = mapping(raw.get("order"), "order")
    return {"kind": "order", "text": word(order, "text"), "extra": {"order": order}}


def _unsupported(raw: Values) -> Fields:
    return {"kind": "unsupported", "extra": {"type": word(part(raw, "unsupported"), "type") or word(raw, "type")}}


_READERS: dict[str, Callable[[Values], Fields]] = {
    "text": _text,
    **dict.fromkeys(MEDIA, _media),
    "location": _location,
    "button": _template_button,
    "interactive": _interactive,
    "reaction": _reaction,
    "contacts": _contacts,
    "order": _order,
}
