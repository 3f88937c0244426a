"""Accounts, phones, templates, chats and the queue of webhooks: what the rest of the sandbox writes through."""

import base64
import hashlib
import json
import random
import secrets
import time
from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.db.models import F

from apps.core import clock
from apps.sandbox import models, payloads
from apps.sandbox.events import bus
from apps.sandbox.graph_errors import GraphError
from apps.sandbox.trouble import board
from apps.sandbox.writing import writing

WINDOW_SECONDS = 24 * 3600


def new_wamid() -> str:
    return "wamid." + base64.b64encode(b"\x1d\x05recado" + secrets.token_bytes(20)).decode()


def new_id() -> str:
    """A number of 15 digits, as Meta gives to templates and media."""
    return str(secrets.randbelow(9 * 10**14) + 10**14)


def line(number: models.Number) -> payloads.Line:
    digits = "".join(sign for sign in number.display_phone_number if sign.isdigit())
    return payloads.Line(number.account.waba_id, number.phone_number_id, digits)


def person(phone: models.Phone) -> payloads.Person:
    return payloads.Person(phone.number, phone.name, phone.bsuid, phone.hide_number)


def window_open(chat: models.Chat) -> bool:
    """Meta: free-form messages for 24 hours after the person's last message to this number."""
    if chat.last_inbound_at is None:
        return False
    return (clock.now() - chat.last_inbound_at).total_seconds() < WINDOW_SECONDS


def chat_of(phone: models.Phone, number: models.Number) -> models.Chat:
    found = models.Chat.objects.filter(phone=phone, number=number).first()
    if found is None:
        with writing():
            found = models.Chat.objects.get_or_create(phone=phone, number=number)[0]
    # Both are at hand already: following the relations would ask for them again.
    found.phone, found.number = phone, number
    return found


@writing()
def put_account(waba_id: str, wanted: Mapping[str, Any]) -> models.Account:
    """Create or change an account and its numbers; numbers left out stay as they are."""
    simple = ("name", "token", "app_secret", "verify_token", "webhook_url", "portfolio_id", "auto_approve")
    unknown = set(wanted) - {*simple, "numbers"}
    if unknown:
        raise ValueError(f"Unknown field {sorted(unknown)[0]!r}; an account has {', '.join(simple)}, numbers.")
    account = models.Account.objects.filter(waba_id=waba_id).first() or models.Account(waba_id=waba_id)
    for name in simple:
        if name in wanted:
            setattr(account, name, wanted[name])
    account.save()
    for one in wanted.get("numbers", []):
        keep = ("display_phone_number", "verified_name", "quality_rating", "messaging_limit", "throughput")
        values = {name: one[name] for name in keep if name in one}
        models.Number.objects.update_or_create(
            phone_number_id=str(one["phone_number_id"]), defaults={"account": account, **values}
        )
    transaction.on_commit(lambda: bus.publish("people"))
    return account


@writing()
def put_phone(number: str, wanted: Mapping[str, Any]) -> models.Phone:
    if not (number.startswith("+") and number[1:].isdigit() and 8 <= len(number) <= 16):
        raise ValueError("A phone is named by its number in E.164: a plus sign and 7 to 15 digits.")
    simple = ("name", "language", "country", "bsuid", "hide_number", "has_whatsapp")
    unknown = set(wanted) - set(simple)
    if unknown:
        raise ValueError(f"Unknown field {sorted(unknown)[0]!r}; a phone has {', '.join(simple)}.")
    phone = models.Phone.objects.filter(number=number).first() or models.Phone(number=number, name=number)
    for name in simple:
        if name in wanted and wanted[name] is not None:
            setattr(phone, name, wanted[name])
    if not phone.bsuid:
        # Derived, so that the same person keeps the same id after a reset.
        digits = int(hashlib.sha256(number.encode()).hexdigest(), 16) % 10**20
        phone.bsuid = f"{phone.country}.{digits:020d}"
    phone.save()
    transaction.on_commit(lambda: bus.publish("people"))
    return phone


def template_fields(template: models.Template) -> dict[str, Any]:
    """A template as the Graph API lists it."""
    return {
        "id": template.remote_id,
        "name": template.name,
        "language": template.language,
        "status": template.status,
        "category": template.category,
        "parameter_format": template.parameter_format,
        "components": template.components,
        "rejected_reason": template.rejected_reason,
        "quality_score": {"score": "UNKNOWN"},
    }


@writing()
def put_template(account: models.Account, definition: Mapping[str, Any], status: str) -> models.Template:
    template, _ = models.Template.objects.update_or_create(
        account=account,
        name=definition["name"],
        language=definition["language"],
        defaults={
            "category": definition.get("category", "UTILITY"),
            "status": status,
            "parameter_format": str(definition.get("parameter_format", "POSITIONAL")).upper(),
            "components": definition["components"],
            "rejected_reason": definition.get("rejected_reason", "NONE"),
        },
        create_defaults={
            "remote_id": str(definition.get("id") or new_id()),
            "category": definition.get("category", "UTILITY"),
            "status": status,
            "parameter_format": str(definition.get("parameter_format", "POSITIONAL")).upper(),
            "components": definition["components"],
        },
    )
    transaction.on_commit(lambda: bus.publish("templates"))
    return template


@writing()
def set_template_status(template: models.Template, status: str, reason: str = "NONE") -> None:
    template.status = status
    template.rejected_reason = reason
    template.save(update_fields=["status", "rejected_reason"])
    at = int(clock.now().timestamp())
    body = payloads.template_status(template.account.waba_id, template_fields(template), at)
    queue_webhook(template.account, body, f"template:{template.remote_id}")
    transaction.on_commit(lambda: bus.publish("templates"))


@writing()
def put_media(number: models.Number, content: bytes, mime_type: str, filename: str) -> models.Media:
    return models.Media.objects.create(
        media_id=new_id(),
        number=number,
        mime_type=mime_type,
        filename=filename,
        content=content,
        sha256=hashlib.sha256(content).hexdigest(),
    )


def queue_webhook(
    account: models.Account,
    body: Mapping[str, Any] | bytes,
    order_key: str,
    *,
    signing: str = "right",
    after: float = 0.0,
    may_double: bool = True,
) -> models.Webhook | None:
    """Owe the product one POST, `after` seconds from now; now and then a copy of it too.

    None when the account has no webhook address or its app is not subscribed: Meta then keeps nothing either.
    """
    if not account.webhook_url or not account.is_subscribed:
        return None
    raw = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
    now = time.time()
    row = models.Webhook(
        account=account, order_key=order_key[:64], body=raw, signing=signing, next_at=now + after, created_at=now
    )
    row.save()
    trouble = board.current
    # Decided by the row's number and a seed, so that a run can be repeated.
    if may_double and random.Random(f"{trouble.seed}:{row.pk}").random() < trouble.duplicates:
        models.Webhook.objects.create(
            account=account, order_key=row.order_key, body=raw, signing=signing, is_copy=True,
            next_at=now + after + 0.3, created_at=now,
        )  # fmt: skip
    transaction.on_commit(lambda: bus.publish("webhook"))
    return row


def add_status(bubble: models.Bubble, status: str) -> None:
    """Note a status of a kept business message and tell the product. Call inside a transaction."""
    note_status(bubble, status)
    bubble.save(update_fields=["statuses"])


def note_status(bubble: models.Bubble, status: str, error: GraphError | None = None, after: float = 0.0) -> None:
    """Put a status on a bubble that the caller saves, and owe its webhook. Once per status."""
    if any(one["status"] == status for one in bubble.statuses):
        return
    at = int(clock.now().timestamp())
    entry: dict[str, Any] = {"status": status, "at": at}
    if error is not None:
        entry["code"] = error.code
    bubble.statuses = [*bubble.statuses, entry]
    chat = bubble.chat
    outcome = payloads.Outcome(
        wamid=bubble.wamid,
        status=status,
        timestamp=at,
        opaque=bubble.opaque,
        is_free=bubble.content.get("category") is None,
        category=bubble.content.get("category", "service"),
        error=error,
    )
    body = payloads.status(line(chat.number), person(chat.phone), outcome)
    queue_webhook(chat.number.account, body, f"chat:{chat.pk}", after=after)


@writing()
def refuse(error: GraphError, body: Any) -> None:
    """Count a refusal, so that a drill can ask what was refused and why."""
    shown = body if isinstance(body, dict) else {}
    models.Refusal.objects.create(
        code=error.code,
        recipient=str(shown.get("to") or shown.get("recipient") or "")[:140],
        opaque=str(shown.get("biz_opaque_callback_data") or "")[:512],
        details=error.details[:500],
    )


@writing()
def read_all(phone: models.Phone, number: models.Number | None = None) -> int:
    """The person looks at the chat: every message still unread becomes read; returns how many."""
    chats = phone.chats.select_related("number__account", "phone")
    count = 0
    for chat in chats.filter(number=number) if number else chats:
        if chat.unread:
            models.Chat.objects.filter(pk=chat.pk).update(unread=0)
            recent = chat.bubbles.filter(is_business=True).order_by("-pk")[: chat.unread + 50]
            for bubble in reversed(list(recent)):
                states = {one["status"] for one in bubble.statuses}
                if states & {"read", "failed"} or bubble.kind == "reaction":
                    continue
                bubble.chat = chat
                add_status(bubble, "read")
                count += 1
    if count:
        transaction.on_commit(lambda: bus.publish("chat", phone=phone.number))
    return count


@writing()
def reset() -> None:
    """Forget everything but the clock, which never runs back."""
    for model in (models.Webhook, models.Refusal, models.Bubble, models.Chat, models.Media, models.Template,
                  models.Phone, models.Number, models.Account):  # fmt: skip
        model.objects.all().delete()
    transaction.on_commit(lambda: bus.publish("reset"))


def touch_chat(chat: models.Chat, *, inbound: bool) -> None:
    now = clock.now()
    chat.last_message_at = now
    if inbound:
        chat.save(update_fields=["last_message_at", "last_inbound_at"])
    else:
        models.Chat.objects.filter(pk=chat.pk).update(last_message_at=now, unread=F("unread") + 1)
