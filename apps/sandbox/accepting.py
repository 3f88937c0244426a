"""From the business to a phone: a send is accepted or refused exactly once, and its statuses are owed."""

import threading
import time
from typing import Any

from django.db import transaction

from apps.core import clock
from apps.sandbox import content, limits, models, reviewing, store, templating
from apps.sandbox.events import bus
from apps.sandbox.graph_errors import GraphError
from apps.sandbox.keeping import Kept, keep
from apps.sandbox.memory import memory
from apps.sandbox.rates import TIERS, PairRate, Throughput, Tier
from apps.sandbox.trouble import board
from apps.sandbox.writing import writing

_rates = threading.Lock()
_pairs = PairRate()
_throughput = Throughput()
_tier = Tier()
# Which code Meta answers at the limit is documented nowhere; this is the one of its other limits on a number.
_TIER_FULL = 131048


def forget_rates() -> None:
    with _rates:
        _pairs.full_at.clear()
        _throughput.sent.clear()
        _tier.latest.clear()
        _tier.most.clear()


def most_people() -> dict[str, int]:
    """The most unique people that any 24 hours have seen, per portfolio."""
    with _rates:
        return dict(_tier.most)


def accept(number: models.Number, body: Any) -> dict[str, Any]:
    """Accept a checked send and return Meta's answer; raises GraphError."""
    kind = limits.check_message(body)
    phone = _recipient(number, body)
    board.person(phone.number)
    chat = store.chat_of(phone, number)
    shown = _content(number, chat, kind, body)
    _check_rates(number, phone, opens=kind == "template" and not store.window_open(chat))
    bubble = _keep(chat, kind, body, shown)
    board.accepted()
    contact = {"input": body.get("to") or body.get("recipient"), "wa_id": phone.number.lstrip("+")}
    if phone.hide_number and not body.get("to"):
        del contact["wa_id"]
    contact["user_id"] = phone.bsuid
    message: dict[str, Any] = {"id": bubble.wamid}
    if kind == "template":
        message["message_status"] = "accepted"
    return {"messaging_product": "whatsapp", "contacts": [contact], "messages": [message]}


def _recipient(number: models.Number, body: dict[str, Any]) -> models.Phone:
    if body.get("to"):
        # Meta lets "to" win over "recipient", and takes spaces, dashes and brackets.
        to = "".join(sign for sign in str(body["to"]) if sign not in " -()")
        if to.lstrip("+") == store.line(number).display:
            raise GraphError(131021, "Recipient phone number is the sender's own.")
        # Without the plus sign Meta prepends the sender's country code: the message would go to a stranger.
        phone = memory.phone(number=to) if to.startswith("+") else None
    else:
        phone = memory.phone(bsuid=str(body["recipient"]))
    if phone is None:
        raise GraphError(131026, "The recipient is not on WhatsApp, or 'to' is not written as + and E.164 digits.")
    return phone


def _content(number: models.Number, chat: models.Chat, kind: str, body: dict[str, Any]) -> dict[str, Any]:
    if kind == "template":
        return _template_content(number, body["template"])
    if not store.window_open(chat):
        raise GraphError(
            131047, "More than 24 hours have passed since the recipient last replied to the sender number."
        )
    shown = content.from_business(kind, body)
    if kind == "reaction" and not chat.bubbles.filter(wamid=body["reaction"]["message_id"]).exists():
        raise GraphError(131009, "The message to react to does not exist in this chat.")
    _check_media(shown)
    return shown


def _template_content(number: models.Number, sent: dict[str, Any]) -> dict[str, Any]:
    code = sent["language"]["code"]
    template = memory.template(number.account, sent["name"], code)
    if template is not None and template.status == "PAUSED":
        raise GraphError(132015, f"template ({sent['name']}) is paused because of low quality.")
    if template is not None and template.status == "DISABLED":
        raise GraphError(132016, f"template ({sent['name']}) is disabled.")
    if template is None or template.status != "APPROVED":
        raise GraphError(132001, f"template name ({sent['name']}) does not exist in {code}, or is not approved.", 404)
    shown = templating.fill(reviewing.template_fields(template), sent.get("components", []))
    shown["template"] = {"name": template.name, "language": template.language}
    shown["category"] = template.category.lower()
    _check_media(shown)
    return shown


def _check_media(shown: dict[str, Any]) -> None:
    """An id must name an upload; what it is gets noted, so that the page can show it."""
    parts = [shown.get("media", {})]
    header = shown.get("header", {})
    if header.get("type") in content.MEDIA_KINDS:
        header["media"] = content.media(header["type"], header[header["type"]])
        parts.append(header["media"])
    for part in parts:
        if part.get("id"):
            media = models.Media.objects.filter(media_id=str(part["id"])).only("mime_type", "filename").first()
            if media is None:
                raise GraphError(100, f"Invalid parameter: media id {part['id']} does not exist or has expired.")
            part["mime_type"] = media.mime_type
            part.setdefault("filename", media.filename)


def _check_rates(number: models.Number, phone: models.Phone, *, opens: bool) -> None:
    now = clock.now().timestamp()
    with _rates:
        if not _throughput.take(number.phone_number_id, number.throughput, time.monotonic()):
            raise GraphError(130429, "Cloud API message throughput has been reached.", status=429)
        if not _pairs.take((number.phone_number_id, phone.number), now):
            raise GraphError(131056, "Too many messages sent from this number to the same recipient in a short time.")
        account = number.account
        limit = TIERS.get(number.messaging_limit) if account.people_per_day is None else account.people_per_day
        if opens and not _tier.take(account.portfolio_id or account.waba_id, phone.number, limit, now):
            raise GraphError(_TIER_FULL, f"The portfolio has reached its limit of {limit} people in 24 hours.")


def _keep(chat: models.Chat, kind: str, body: dict[str, Any], shown: dict[str, Any]) -> models.Bubble:
    bubble = models.Bubble(
        chat=chat,
        wamid=store.new_wamid(),
        is_business=True,
        kind=kind,
        content=shown,
        body=body,
        context_wamid=str((body.get("context") or {}).get("message_id", "")),
        opaque=str(body.get("biz_opaque_callback_data") or ""),
        sent_at=clock.now(),
    )
    if kind == "reaction":
        _react(chat, body["reaction"])
        owed = store.note_status(bubble, "sent")
    else:
        owed = _statuses(bubble)
    number, phone = chat.number.phone_number_id, chat.phone.number
    keep(Kept(bubble, owed, after=lambda: bus.publish("message", phone=phone, number=number, mine=False)))
    return bubble


def _statuses(bubble: models.Bubble) -> list[models.Webhook]:
    # Real WhatsApp answers 200 to these too, and tells only afterwards that nobody got the message.
    if not bubble.chat.phone.has_whatsapp:
        return store.note_status(bubble, "failed", GraphError(131026, "Message undeliverable."))
    if bubble.chat.is_blocked:
        return store.note_status(bubble, "failed", GraphError(130403, "The recipient has blocked this business."))
    owed = store.note_status(bubble, "sent") + store.note_status(bubble, "delivered", after=0.05)
    if board.read_soon():
        owed += store.note_status(bubble, "read", after=0.3)
    return owed


@writing()
def _react(chat: models.Chat, reaction: dict[str, Any]) -> None:
    target = chat.bubbles.get(wamid=reaction["message_id"])
    target.reactions["business"] = reaction.get("emoji", "")
    target.save(update_fields=["reactions"])


@writing()
def read_by_business(number: models.Number, body: dict[str, Any]) -> None:
    """A read receipt (and perhaps a typing sign) from the business: blue ticks on the phone, on earlier messages too."""
    unknown = set(body) - {"messaging_product", "status", "message_id", "typing_indicator"}
    if unknown:
        raise GraphError(100, f'Unexpected key "{sorted(unknown)[0]}" on param "root".')
    if body.get("status") != "read":
        raise GraphError(131009, "status must be read.")
    bubble = models.Bubble.objects.filter(wamid=str(body.get("message_id", "")), is_business=False).first()
    if bubble is None or bubble.chat.number_id != number.pk:
        raise GraphError(100, "Invalid parameter: message_id is not a message that this number received.")
    at = int(clock.now().timestamp())
    for one in bubble.chat.bubbles.filter(is_business=False, pk__lte=bubble.pk).order_by("-pk")[:50]:
        if not any(status["status"] == "read" for status in one.statuses):
            one.statuses = [*one.statuses, {"status": "read", "at": at}]
            one.save(update_fields=["statuses"])
    is_typing = bool(body.get("typing_indicator"))
    facts = {"phone": bubble.chat.phone.number, "number": number.phone_number_id}
    transaction.on_commit(lambda: bus.publish("typing" if is_typing else "chat", **facts))
