"""Accounts, phones, templates, chats and the queue of webhooks: what the rest of the sandbox writes through."""

import base64
import hashlib
import json
import math
import secrets
import time
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction
from django.db.models import F

from apps.core import clock
from apps.sandbox import models, payloads
from apps.sandbox.events import bus
from apps.sandbox.graph_errors import GraphError
from apps.sandbox.keeping import Kept, keep
from apps.sandbox.memory import memory
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
    found = memory.chat(phone, number)
    if found is None:
        with writing():
            models.Chat.objects.get_or_create(phone=phone, number=number)
        found = memory.chat(phone, number)
    if found is None:
        raise LookupError("The phone was deleted meanwhile.")
    return found


@writing()
def put_account(waba_id: str, wanted: Mapping[str, Any]) -> models.Account:
    """Create or change an account and its numbers; numbers left out stay as they are."""
    simple = (
        "name",
        "token",
        "app_secret",
        "verify_token",
        "webhook_url",
        "portfolio_id",
        "auto_approve",
        "people_per_day",
    )
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
        phone.bsuid = bsuid(number, phone.country)
    phone.save()
    transaction.on_commit(lambda: bus.publish("people"))
    return phone


@writing()
def put_phones(wanted: Sequence[Mapping[str, Any]], line: models.Number | None = None) -> int:
    """Make many phones at once (those that exist stay as they are); with `line`, each has just written to it."""
    made = [models.Phone(number=str(one["number"]), name=str(one.get("name") or one["number"]),
                         language=str(one.get("language", "en")), bsuid=bsuid(str(one["number"]), "BR"))
            for one in wanted]  # fmt: skip
    models.Phone.objects.bulk_create(made, batch_size=500, ignore_conflicts=True)
    if line is not None:
        rows = models.Phone.objects.in_bulk([one.number for one in made], field_name="number")
        chats = [models.Chat(phone=phone, number=line, last_inbound_at=clock.now()) for phone in rows.values()]
        models.Chat.objects.bulk_create(
            chats, batch_size=500, update_conflicts=True, unique_fields=["phone", "number"],
            update_fields=["last_inbound_at"],
        )  # fmt: skip
    transaction.on_commit(memory.forget)
    transaction.on_commit(lambda: bus.publish("people"))
    return len(made)


def bsuid(number: str, country: str) -> str:
    """Derived, so that the same person keeps the same id after a reset."""
    digits = int(hashlib.sha256(number.encode()).hexdigest(), 16) % 10**20
    return f"{country}.{digits:020d}"


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


def webhooks(
    account: models.Account,
    body: Mapping[str, Any] | bytes,
    order_key: str,
    *,
    signing: str = "right",
    at: float = 0.0,
    may_double: bool = True,
) -> list[models.Webhook]:
    """Unsaved rows that owe the product one POST at `at` (Unix seconds; 0: now), now and then a copy of it too.

    None at all when the account has no webhook address or its app is not subscribed: Meta then keeps nothing either.
    """
    if not account.webhook_url or not account.is_subscribed:
        return []
    is_entry = not isinstance(body, bytes) and signing == "right"
    raw = (
        body
        if isinstance(body, bytes)
        else json.dumps(body["entry"][0] if is_entry else body, ensure_ascii=False).encode()
    )
    now = time.time()
    values: dict[str, Any] = {
        "account_id": account.pk, "order_key": order_key[:64], "body": raw, "is_entry": is_entry, "signing": signing,
        "created_at": now,
    }  # fmt: skip
    rows = [models.Webhook(**values, next_at=at or now)]
    if may_double and board.doubles():
        rows.append(models.Webhook(**values, next_at=(at or now) + 0.3, is_copy=True))
    return rows


def queue_webhook(account: models.Account, body: Mapping[str, Any] | bytes, order_key: str, *, signing: str = "right",
                  may_double: bool = True) -> models.Webhook | None:  # fmt: skip
    """Save what `webhooks` makes, inside the caller's transaction; None when nothing is owed."""
    rows = webhooks(account, body, order_key, signing=signing, may_double=may_double)
    for row in rows:
        row.save()
    if rows:
        transaction.on_commit(lambda: bus.publish("webhook"))
    return rows[0] if rows else None


def add_status(bubble: models.Bubble, status: str) -> None:
    """Note a status of a kept business message and tell the product. Call inside a transaction."""
    for row in note_status(bubble, status):
        row.save()
    bubble.save(update_fields=["statuses"])


def note_status(
    bubble: models.Bubble, status: str, error: GraphError | None = None, after: float = 0.0
) -> list[models.Webhook]:
    """Put a status on a bubble, once, and return the webhooks that it owes; the caller saves both.

    Statuses of one moment travel together, so their moment is rounded up to the next tick of `gather_ms`.
    """
    if any(one["status"] == status for one in bubble.statuses):
        return []
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
    trouble = board.current
    due = time.time() + after + trouble.status_late_seconds + board.shuffled()
    tick = trouble.gather_ms / 1000
    due = math.ceil(due / tick) * tick if tick else due
    return webhooks(chat.number.account, body, f"chat:{chat.pk}", at=due)


def refuse(error: GraphError, body: Any) -> None:
    """Count a refusal, so that a drill can ask what was refused and why."""
    shown = body if isinstance(body, dict) else {}
    refusal = models.Refusal(
        code=error.code,
        recipient=str(shown.get("to") or shown.get("recipient") or "")[:140],
        opaque=str(shown.get("biz_opaque_callback_data") or "")[:512],
        details=error.details[:500],
    )
    keep(Kept(refusal=refusal))


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
    transaction.on_commit(memory.forget)
    transaction.on_commit(lambda: bus.publish("reset"))


def touch_chat(chat: models.Chat, *, inbound: bool) -> None:
    now = clock.now()
    chat.last_message_at = now
    if inbound:
        chat.save(update_fields=["last_message_at", "last_inbound_at"])
    else:
        models.Chat.objects.filter(pk=chat.pk).update(last_message_at=now, unread=F("unread") + 1)
