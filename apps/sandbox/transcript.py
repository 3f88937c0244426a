"""How phones, chats and messages read in the control API and on the page."""

from collections.abc import Iterable
from typing import Any

from apps.sandbox import content, models, store


def message(bubble: models.Bubble) -> dict[str, Any]:
    """One message: {seq, from, wamid, kind, text, header?, footer?, buttons, list?, rows, template, media, context,
    statuses, status, opaque, forwarded, edited, deleted, reactions, at (Unix seconds)}."""
    shown = bubble.content
    return {
        "seq": bubble.pk,
        "from": "business" if bubble.is_business else "person",
        "wamid": bubble.wamid,
        "kind": bubble.kind,
        **{key: value for key, value in shown.items() if key != "category"},
        "text": shown.get("text", ""),
        "buttons": shown.get("buttons", []),
        "rows": content.rows(shown),
        "template": shown.get("template"),
        "media": shown.get("media"),
        "context": bubble.context_wamid or None,
        "statuses": bubble.statuses,
        "status": bubble.statuses[-1]["status"] if bubble.statuses else None,
        "opaque": bubble.opaque or None,
        "forwarded": bubble.is_forwarded,
        "edited": bubble.is_edited,
        "deleted": bubble.is_deleted,
        "reactions": {who: emoji for who, emoji in bubble.reactions.items() if emoji},
        "at": bubble.sent_at.timestamp(),
    }


def phone(row: models.Phone) -> dict[str, Any]:
    """One person, with every chat: {number, name, language, country, bsuid, hide_number, has_whatsapp, unread, chats}."""
    chats = [chat_summary(chat) for chat in row.chats.select_related("number").order_by("pk")]
    return {
        "number": row.number,
        "name": row.name,
        "language": row.language,
        "country": row.country,
        "bsuid": row.bsuid,
        "hide_number": row.hide_number,
        "has_whatsapp": row.has_whatsapp,
        "unread": sum(chat["unread"] for chat in chats),
        "chats": chats,
    }


def chat_summary(chat: models.Chat) -> dict[str, Any]:
    last = chat.bubbles.exclude(kind__in=("reaction", "edit", "revoke")).order_by("-pk").first()
    return {
        "number": chat.number.phone_number_id,
        "unread": chat.unread,
        "blocked": chat.is_blocked,
        "window_open": store.window_open(chat),
        "last_inbound_at": chat.last_inbound_at.timestamp() if chat.last_inbound_at else None,
        "last_at": last.sent_at.timestamp() if last else None,
        "last": "" if last is None or last.is_deleted else content.preview(last.kind, last.content),
    }


def phones(rows: Iterable[models.Phone]) -> list[dict[str, Any]]:
    return [phone(row) for row in rows]


def number(row: models.Number) -> dict[str, Any]:
    return {
        "phone_number_id": row.phone_number_id,
        "waba_id": row.account.waba_id,
        "display_phone_number": row.display_phone_number,
        "name": row.verified_name or row.account.name or row.display_phone_number,
    }
