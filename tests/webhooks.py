"""Meta's webhooks as tests make them: built like the recorded payloads, signed like Meta signs."""

import hashlib
import hmac
import itertools
import json
from typing import Any

from django.test import Client

from apps.core import clock
from apps.providers.models import Account, Number

_counter = itertools.count(1)


def wamid() -> str:
    """A message id nobody else in this run has got."""
    return f"wamid.TEST{next(_counter):08}"


def sign(secret: str, body: bytes) -> str:
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def encoded(body: bytes | dict[str, Any]) -> bytes:
    return body if isinstance(body, bytes) else json.dumps(body).encode()


def post(account: Account, body: bytes | dict[str, Any], *, signature: str | None = "right") -> Any:
    """Deliver one body at the account's door. `signature`: "right", None for no header, else the header itself."""
    raw = encoded(body)
    headers = {}
    if signature is not None:
        headers["X-Hub-Signature-256"] = sign(account.app_secret, raw) if signature == "right" else signature
    return Client().post(
        f"/hooks/{account.kind}/{account.hook_key}/", data=raw, content_type="application/json", headers=headers
    )


def envelope(number: Number, **value: Any) -> dict[str, Any]:
    """One entry with one change of the field `messages`."""
    metadata = {"display_phone_number": number.phone.lstrip("+"), "phone_number_id": number.remote_id}
    change = {"field": "messages", "value": {"messaging_product": "whatsapp", "metadata": metadata, **value}}
    return {"object": "whatsapp_business_account", "entry": [{"id": number.account.remote_id, "changes": [change]}]}


def message(
    phone: str, *, remote_id: str = "", user_id: str = "", at: float | None = None, **content: Any
) -> dict[str, Any]:
    """One inbound message: `message("+55...", type="text", text={"body": "menu"})`. An empty phone is a hidden one."""
    built: dict[str, Any] = {
        "id": remote_id or wamid(),
        "timestamp": str(int(at or clock.now().timestamp())),
        **content,
    }
    if phone:
        built["from"] = phone.lstrip("+")
    if user_id:
        built["from_user_id"] = user_id
    return built


def text(phone: str, body: str, **values: Any) -> dict[str, Any]:
    return message(phone, type="text", text={"body": body}, **values)


def button_reply(phone: str, payload: str, title: str = "x", **values: Any) -> dict[str, Any]:
    reply = {"type": "button_reply", "button_reply": {"id": payload, "title": title}}
    return message(phone, type="interactive", interactive=reply, **values)


def list_reply(phone: str, payload: str, title: str = "x", **values: Any) -> dict[str, Any]:
    reply = {"type": "list_reply", "list_reply": {"id": payload, "title": title}}
    return message(phone, type="interactive", interactive=reply, **values)


def inbound(number: Number, *messages: dict[str, Any]) -> dict[str, Any]:
    """A webhook body with these messages and the contacts they need."""
    contacts = []
    for item in messages:
        card: dict[str, Any] = {"profile": {"name": "Somebody"}}
        if "from" in item:
            card["wa_id"] = item["from"]
        if "from_user_id" in item:
            card["user_id"] = item["from_user_id"]
        contacts.append(card)
    return envelope(number, contacts=contacts, messages=list(messages))


def status(wamid: str, word: str, *, phone: str = "+5511900000000", opaque: str = "", **extra: Any) -> dict[str, Any]:
    built = {
        "id": wamid,
        "status": word,
        "timestamp": str(int(clock.now().timestamp())),
        "recipient_id": phone.lstrip("+"),
    }
    if opaque:
        built["biz_opaque_callback_data"] = opaque
    return {**built, **extra}
