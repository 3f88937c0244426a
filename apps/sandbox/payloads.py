"""Bodies of the webhooks that Meta would send, as in its samples. Plain Python: rows come in as small values."""

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from apps.sandbox.graph_errors import GraphError


def sign(secret: str, raw: bytes) -> str:
    """The value of X-Hub-Signature-256: HMAC-SHA256 of the raw bytes with the app secret, in hex."""
    return "sha256=" + hmac.new(secret.encode(), raw, hashlib.sha256).hexdigest()


@dataclass(frozen=True)
class Person:
    """The sender as webhooks show them; `number` is E.164 with plus, absent from webhooks when hidden."""

    number: str
    name: str
    bsuid: str
    hide_number: bool

    @property
    def wa_id(self) -> str:
        return self.number.lstrip("+")

    def contact(self) -> dict[str, Any]:
        shown: dict[str, Any] = {"profile": {"name": self.name}}
        if self.hide_number:
            # Who hides the number has taken a username; Meta then sends that and the user id only.
            shown["profile"]["username"] = self.name.lower().replace(" ", ".")
        else:
            shown["wa_id"] = self.wa_id
        shown["user_id"] = self.bsuid
        return shown


@dataclass(frozen=True)
class Line:
    """The business number: `display` without plus, as Meta writes it in metadata."""

    waba_id: str
    phone_number_id: str
    display: str


def envelope(waba_id: str, field: str, value: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "object": "whatsapp_business_account",
        "entry": [{"id": waba_id, "changes": [{"value": dict(value), "field": field}]}],
    }


def _value(line: Line, **parts: Any) -> dict[str, Any]:
    metadata = {"display_phone_number": line.display, "phone_number_id": line.phone_number_id}
    return {"messaging_product": "whatsapp", "metadata": metadata, **parts}


def inbound(line: Line, person: Person, message: Mapping[str, Any]) -> dict[str, Any]:
    """`message` holds id, timestamp, type and its part; the sender is added here."""
    sender: dict[str, Any] = {} if person.hide_number else {"from": person.wa_id}
    full = {**sender, "from_user_id": person.bsuid, **message}
    return envelope(line.waba_id, "messages", _value(line, contacts=[person.contact()], messages=[full]))


@dataclass(frozen=True)
class Outcome:
    """A status of a message; `timestamp` in Unix seconds."""

    wamid: str
    status: str
    timestamp: int
    opaque: str = ""
    is_free: bool = True
    category: str = "service"
    error: GraphError | None = None


def status(line: Line, person: Person, outcome: Outcome) -> dict[str, Any]:
    one: dict[str, Any] = {"id": outcome.wamid, "status": outcome.status, "timestamp": str(outcome.timestamp)}
    if not person.hide_number:
        one["recipient_id"] = person.wa_id
    one["recipient_user_id"] = person.bsuid
    if outcome.opaque:
        one["biz_opaque_callback_data"] = outcome.opaque
    if outcome.status in {"sent", "delivered"}:
        one["pricing"] = {
            "billable": not outcome.is_free,
            "pricing_model": "PMP",
            "type": "free_customer_service" if outcome.is_free else "regular",
            "category": outcome.category,
        }
    parts: dict[str, Any] = {}
    if outcome.error is not None:
        one["errors"] = [outcome.error.in_status()]
    else:
        # Failed statuses come without contacts (Meta, business-scoped user ids).
        parts["contacts"] = [person.contact()]
    return envelope(line.waba_id, "messages", _value(line, **parts, statuses=[one]))


def template_status(
    waba_id: str, template: Mapping[str, Any], at: int, more: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """`template`: Graph fields id, name, language, category, status, rejected_reason; `more` stands beside them."""
    value = {
        "event": template["status"],
        "message_template_id": int(template["id"]),
        "message_template_name": template["name"],
        "message_template_language": template["language"],
        "reason": template.get("rejected_reason") or "NONE",
        "message_template_category": template["category"],
        **(more or {}),
    }
    body = envelope(waba_id, "message_template_status_update", value)
    body["entry"][0]["time"] = at
    return body


def template_verdict(
    waba_id: str, template: Mapping[str, Any], field: str, verdict: Mapping[str, str]
) -> dict[str, Any]:
    """A template judged anew; `field` is the webhook's, `verdict` what was and what is."""
    value = {
        **verdict,
        "message_template_id": int(template["id"]),
        "message_template_name": template["name"],
        "message_template_language": template["language"],
    }
    return envelope(waba_id, field, value)


def cards(name: str, number: str) -> Sequence[dict[str, Any]]:
    """A contact card, as a person shares one."""
    first, _, last = name.partition(" ")
    return [
        {
            "name": {"first_name": first, "last_name": last, "formatted_name": name},
            "phones": [{"phone": number, "wa_id": number.lstrip("+"), "type": "MOBILE"}],
        }
    ]
