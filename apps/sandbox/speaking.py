"""From a phone to the business: what a person sends, taps, edits or deletes, and the webhook that tells of it."""

import base64
import binascii
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from django.db import transaction

from apps.core import clock
from apps.sandbox import content, models, payloads, recordings, samples, store
from apps.sandbox.events import bus
from apps.sandbox.writing import writing

_MIME_KINDS = {"image/": "image", "video/": "video", "audio/": "audio"}


class UnsendableError(ValueError):
    """The phone cannot send this; the text says why and what would work."""


@writing()
def say(phone: models.Phone, number: models.Number, spec: Mapping[str, Any]) -> str:
    """Send one thing from a phone and return its wamid; raises UnsendableError. `spec` is the body of POST .../send."""
    chat = store.chat_of(phone, number)
    if chat.is_blocked:
        raise UnsendableError("This person has blocked the business. Unblock it first.")
    times = int(spec.get("times", 1))
    if not 1 <= times <= 100:
        raise UnsendableError("times must be between 1 and 100.")
    repeated = models.Bubble.objects.filter(wamid=str(spec.get("id") or "-")).first()
    if repeated is not None:
        # The same wamid again is not a new message: the webhook comes once more, as Meta's retries do.
        _tell(repeated.chat, repeated.body, times)
        return repeated.wamid
    kind, part, shown = _make(chat, spec)
    at = _timestamp(spec.get("timestamp"))
    wamid = str(spec.get("id") or store.new_wamid())
    message: dict[str, Any] = {"id": wamid, "timestamp": str(int(at.timestamp())), "type": kind}
    context = _context(chat, spec)
    if context:
        message["context"] = context
    if kind == "raw":
        message |= part
        kind = str(message["type"])
    elif part is not None:
        message[kind] = part
    models.Bubble.objects.create(
        chat=chat,
        wamid=wamid,
        is_business=False,
        kind=kind,
        content=shown,
        body=message,
        context_wamid=str((context or {}).get("id", "")),
        is_forwarded=bool(spec.get("forwarded")),
        sent_at=at,
        statuses=[{"status": "delivered", "at": int(at.timestamp())}],
    )
    chat.last_inbound_at = max(filter(None, (chat.last_inbound_at, at)))
    store.touch_chat(chat, inbound=True)
    _tell(chat, message, times)
    facts = {"phone": phone.number, "number": number.phone_number_id, "mine": True}
    transaction.on_commit(lambda: bus.publish("message", **facts))
    return wamid


def _tell(chat: models.Chat, message: Mapping[str, Any], times: int) -> None:
    body = payloads.inbound(store.line(chat.number), store.person(chat.phone), message)
    for _ in range(times):
        store.queue_webhook(chat.number.account, body, f"chat:{chat.pk}")


def _timestamp(given: Any) -> datetime:
    if given is None:
        return clock.now()
    try:
        return datetime.fromtimestamp(float(given), UTC)
    except (TypeError, ValueError, OverflowError, OSError):
        raise UnsendableError("timestamp must be Unix seconds.") from None


def _context(chat: models.Chat, spec: Mapping[str, Any]) -> dict[str, Any] | None:
    if spec.get("forwarded"):
        return {"forwarded": True}
    quoted = spec.get("reply_to")
    if spec.get("type") in {"tap", "list"}:
        quoted = spec.get("message_id")
    if not quoted:
        return None
    return {"from": store.line(chat.number).display, "id": str(quoted)}


_Made = tuple[str, Any, dict[str, Any]]


def _make(chat: models.Chat, spec: Mapping[str, Any]) -> _Made:
    """(type, its part of the webhook, what the page shows)"""
    kind = str(spec.get("type", "text"))
    makers = {
        "text": _text, **dict.fromkeys(content.MEDIA_KINDS, _file), "location": _location,
        "tap": _tap, "list": _tap, "raw_button": _forged_tap, "contacts": _contacts, "reaction": _reaction,
        "edit": _edit, "revoke": _revoke, "raw": _raw,
    }  # fmt: skip
    if kind not in makers:
        raise UnsendableError(f"A phone cannot send {kind!r}; it can send {', '.join(makers)}.")
    return makers[kind](chat, spec)


def _text(chat: models.Chat, spec: Mapping[str, Any]) -> _Made:
    text = str(spec.get("text", ""))
    if not text.strip() or len(text) > 4096:
        raise UnsendableError("text must have 1 to 4096 characters.")
    return "text", {"body": text}, {"text": text, "buttons": []}


def _file(chat: models.Chat, spec: Mapping[str, Any]) -> _Made:
    data, mime_type, filename = _bytes(spec)
    wanted = str(spec["type"])
    kind = next((kind for prefix, kind in _MIME_KINDS.items() if mime_type.startswith(prefix)), "document")
    kind = wanted if wanted in {"document", "sticker"} else kind
    media = store.put_media(chat.number, data, mime_type, filename)
    # Webhooks carry base64 of the digest, the look-up carries hex: both are Meta's.
    digest = base64.b64encode(bytes.fromhex(media.sha256)).decode()
    part: dict[str, Any] = {"mime_type": mime_type, "sha256": digest, "id": media.media_id}
    caption = str(spec.get("caption") or spec.get("text") or "")
    if caption and kind not in {"audio", "sticker"}:
        part["caption"] = caption
    if kind == "document":
        part["filename"] = filename
    if kind == "audio":
        part["voice"] = spec.get("voice") is True or spec.get("sample") == "voice"
    if kind == "sticker":
        part["animated"] = False
    shown = {
        "text": part.get("caption", ""),
        "media": content.media(kind, {**part, "filename": filename}),
        "buttons": [],
    }
    return kind, part, shown


def _bytes(spec: Mapping[str, Any]) -> tuple[bytes, str, str]:
    if spec.get("file_b64"):
        try:
            data = base64.b64decode(str(spec["file_b64"]), validate=True)
        except (binascii.Error, ValueError):
            raise UnsendableError("file_b64 is not base64.") from None
        return data, str(spec.get("mime_type") or "application/octet-stream"), str(spec.get("name") or "file")
    name = str(spec.get("sample") or ("pipe" if spec["type"] == "image" else "pdf"))
    if name == "pdf":
        return samples.pdf(), "application/pdf", "sample.pdf"
    if name == "voice":
        return recordings.voice(), "audio/ogg; codecs=opus", "voice.ogg"
    if name == "sticker":
        return recordings.sticker(), "image/webp", "sticker.webp"
    if name not in samples.PICTURES:
        others = ", ".join(samples.PICTURES)
        raise UnsendableError(f"There is no sample {name!r}; there are pdf, voice, sticker, {others}.")
    return samples.picture(name), "image/png", f"{name}.png"


def _location(chat: models.Chat, spec: Mapping[str, Any]) -> _Made:
    part: dict[str, Any]
    if spec.get("sample"):
        if spec["sample"] not in samples.PLACES:
            raise UnsendableError(f"There is no place {spec['sample']!r}; there are {', '.join(samples.PLACES)}.")
        latitude, longitude, name, address = samples.PLACES[str(spec["sample"])]
        part = {"latitude": latitude, "longitude": longitude, "name": name, "address": address}
    else:
        try:
            part = {"latitude": float(spec["latitude"]), "longitude": float(spec["longitude"])}
        except (KeyError, TypeError, ValueError):
            raise UnsendableError("A location needs latitude and longitude as numbers, or a sample.") from None
        if not (-90 <= part["latitude"] <= 90 and -180 <= part["longitude"] <= 180):
            raise UnsendableError("Latitude goes from -90 to 90 and longitude from -180 to 180.")
        part |= {key: str(spec[key]) for key in ("name", "address") if spec.get(key)}
    return "location", part, {"text": "", "location": part, "buttons": []}


def _held(chat: models.Chat, spec: Mapping[str, Any], key: str = "message_id") -> models.Bubble:
    bubble = chat.bubbles.filter(wamid=str(spec.get(key, ""))).first()
    if bubble is None:
        raise UnsendableError(f"{key} names no message of this chat.")
    return bubble


def _tap(chat: models.Chat, spec: Mapping[str, Any]) -> _Made:
    """A tap on a button or a row of a message that this phone holds, however old it is."""
    bubble = _held(chat, spec)
    if not bubble.is_business:
        raise UnsendableError("Only messages of the business have buttons.")
    listed = content.rows(bubble.content)
    if listed:
        row = _pick(listed, spec)
        reply = {key: row[key] for key in ("id", "title", "description") if row.get(key)}
        return _tapped("list_reply", reply)
    button = _pick([one for one in bubble.content.get("buttons", []) if one["kind"] in {"reply", "quick_reply"}], spec)
    if button["kind"] == "quick_reply":
        return _template_tap(button["id"], button["title"])
    return _tapped("button_reply", {"id": button["id"], "title": button["title"]})


def _pick(choices: list[dict[str, Any]], spec: Mapping[str, Any]) -> dict[str, Any]:
    wanted = spec.get("payload", spec.get("row_id", spec.get("button_id")))
    for index, choice in enumerate(choices):
        if wanted is not None and choice["id"] == wanted:
            return choice
        if wanted is None and spec.get("title") is not None and choice["title"] == spec["title"]:
            return choice
        if wanted is None and spec.get("title") is None and index == spec.get("index", 0):
            return choice
    held = ", ".join(repr(choice["title"]) for choice in choices) or "nothing to tap"
    raise UnsendableError(f"No such button. This message has {held}.")


def _tapped(shape: str, reply: dict[str, Any]) -> _Made:
    shown = {"text": reply["title"], "tapped": reply, "buttons": []}
    return "interactive", {"type": shape, shape: reply}, shown


def _template_tap(payload: str, title: str) -> _Made:
    shown = {"text": title, "tapped": {"id": payload, "title": title}, "buttons": []}
    return "button", {"payload": payload, "text": title}, shown


def _forged_tap(chat: models.Chat, spec: Mapping[str, Any]) -> _Made:
    """A tap on a button that nobody sent, for tests of what a stranger may invent."""
    payload, title = str(spec.get("payload", "")), str(spec.get("title", "Tap"))
    if spec.get("kind") == "template":
        return _template_tap(payload, title)
    shape = "list_reply" if spec.get("kind") == "list" else "button_reply"
    return _tapped(shape, {"id": payload, "title": title})


def _contacts(chat: models.Chat, spec: Mapping[str, Any]) -> _Made:
    cards = spec.get("contacts") or payloads.cards(
        str(spec.get("name") or chat.phone.name), str(spec.get("phone") or chat.phone.number)
    )
    return "contacts", cards, {"text": "", "contacts": cards, "buttons": []}


def _reaction(chat: models.Chat, spec: Mapping[str, Any]) -> _Made:
    target = _held(chat, spec)
    emoji = str(spec.get("emoji", spec.get("text", "👍")))
    target.reactions["person"] = emoji
    target.save(update_fields=["reactions"])
    part = {"message_id": target.wamid, **({"emoji": emoji} if emoji else {})}
    return "reaction", part, {"text": "", "reaction": part, "buttons": []}


def _own(chat: models.Chat, spec: Mapping[str, Any]) -> models.Bubble:
    bubble = _held(chat, spec)
    if bubble.is_business or bubble.is_deleted:
        raise UnsendableError("Only one's own message that still exists can be changed or deleted.")
    return bubble


def _edit(chat: models.Chat, spec: Mapping[str, Any]) -> _Made:
    bubble = _own(chat, spec)
    text = str(spec.get("text", "")).strip()
    if not text or bubble.kind != "text":
        raise UnsendableError("Only a text can be edited, and not to nothing.")
    bubble.content = {**bubble.content, "text": text}
    bubble.is_edited = True
    bubble.save(update_fields=["content", "is_edited"])
    message = {"context": {"id": "M0"}, "type": "text", "text": {"body": text}}
    part = {"original_message_id": bubble.wamid, "message": message}
    return "edit", part, {"text": text, "buttons": []}


def _revoke(chat: models.Chat, spec: Mapping[str, Any]) -> _Made:
    bubble = _own(chat, spec)
    bubble.is_deleted = True
    bubble.save(update_fields=["is_deleted"])
    return "revoke", {"original_message_id": bubble.wamid}, {"text": "", "buttons": []}


def _raw(chat: models.Chat, spec: Mapping[str, Any]) -> _Made:
    """Any message part of a webhook, for shapes that no phone here can make (unsupported, order, system ...)."""
    message = spec.get("message")
    if not isinstance(message, dict) or not message.get("type"):
        raise UnsendableError("raw needs message: the object as it stands in messages[], with its type.")
    return "raw", message, {"text": f"[{message['type']}]", "buttons": []}


@writing()
def forward(bubble: models.Bubble, phone: models.Phone, number: models.Number) -> str:
    """Forward a message to a business number from another phone. WhatsApp drops its buttons and keeps its text."""
    media = bubble.content.get("media", {})
    spec: dict[str, Any] = {"forwarded": True, "type": "text", "text": bubble.content.get("text") or bubble.kind}
    if media.get("id"):
        stored = models.Media.objects.get(media_id=media["id"])
        spec |= {
            "type": bubble.kind if bubble.kind in content.MEDIA_KINDS else "image",
            "file_b64": base64.b64encode(bytes(stored.content)).decode(),
            "mime_type": stored.mime_type,
            "name": stored.filename,
            "caption": bubble.content.get("text", ""),
        }
    elif bubble.kind == "location":
        spec = {"forwarded": True, "type": "location", **bubble.content["location"]}
    return say(phone, number, spec)
