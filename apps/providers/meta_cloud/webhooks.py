"""Webhooks of the Cloud API: who signed them, and every event in them. Pure."""

import hashlib
import hmac
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from apps.providers.base import MalformedError, SignatureError
from apps.providers.meta_cloud.messages import message_event, sender_of
from apps.providers.meta_cloud.reading import (
    BadPiece,
    address,
    clean,
    digest,
    instant,
    listed,
    mapping,
    moment,
    needed,
    part,
    rows,
    word,
)
from apps.providers.types import (
    AccountChanged,
    Event,
    Parsed,
    PreferenceChanged,
    RawRequest,
    StatusChanged,
    TemplateChanged,
    Unknown,
    Unreadable,
)

SIGNATURE = "x-hub-signature-256"
KEY_LONGEST = 250  # characters; longer ids are kept as their digest

Values = Mapping[str, Any]
Piece = Parsed | Unreadable

TEMPLATE_FIELDS = {
    "message_template_status_update": "state",
    "message_template_quality_update": "quality",
    "template_category_update": "category",
    "message_template_components_update": "components",
}
ACCOUNT_FIELDS = {
    "account_update", "account_alerts", "account_review_update", "phone_number_quality_update", "phone_number_name_update",
    "business_capability_update", "business_username_updates", "security", "flows",
}  # fmt: skip


# --- who signed it ----------------------------------------------------------------------------------------------------


def verify(request: RawRequest, secrets: Sequence[str]) -> None:
    """HMAC-SHA256 of the raw bytes with one of `secrets` (several while rotating). Raises SignatureError."""
    given = request.headers.get(SIGNATURE, "").encode("utf-8", "replace")
    is_ours = False
    for secret in secrets:
        expected = b"sha256=" + hmac.new(secret.encode(), request.body, hashlib.sha256).hexdigest().encode()
        is_ours |= hmac.compare_digest(given, expected)
    if not is_ours:
        raise SignatureError("The signature is missing or wrong.")


def handshake(request: RawRequest, verify_token: str) -> str | None:
    """The challenge to answer with; None when it is no handshake. Raises SignatureError for a wrong token."""
    if request.method != "GET" or request.query.get("hub.mode") != "subscribe":
        return None
    given = request.query.get("hub.verify_token", "").encode("utf-8", "replace")
    if not verify_token or not hmac.compare_digest(given, verify_token.encode()):
        raise SignatureError("The verify token is missing or wrong.")
    return request.query.get("hub.challenge", "")


def dedup_key(request: RawRequest) -> str:
    """sha256 over query, kept headers and body."""
    head = json.dumps([sorted(request.query.items()), request.headers.get(SIGNATURE, "")]).encode()
    return hashlib.sha256(len(head).to_bytes(8, "big") + head + request.body).hexdigest()


# --- what is in it ----------------------------------------------------------------------------------------------------


def parse(body: bytes) -> list[Piece]:
    """All events of one body, each key once. Raises MalformedError when it is no envelope of Meta's."""
    try:
        envelope = clean(json.loads(body))
        if not isinstance(envelope, dict) or not isinstance(envelope.get("entry"), list):
            raise MalformedError("The body is no webhook of WhatsApp: it has no list of entries.")
        found: dict[str, Piece] = {}
        for entry in envelope["entry"]:
            for piece in _guarded(entry, (), lambda entry=entry: _entry(entry)):  # type: ignore[misc]
                # The same message may sit twice in one POST; what could be read wins over what could not.
                if piece.key not in found or isinstance(found[piece.key], Unreadable):
                    found[piece.key] = piece
        return list(found.values())
    except RecursionError as error:
        raise MalformedError("The body is nested too deeply.") from error
    except ValueError as error:
        raise MalformedError("The body is no JSON.") from error


def _guarded(raw: Any, where: tuple[str, ...], read: Callable[[], Iterator[Piece]]) -> Iterator[Piece]:
    """One bad piece becomes Unreadable and never loses the others."""
    try:
        yield from read()
    except BadPiece as error:
        yield Unreadable(f"unreadable:{digest(*where, raw)}", str(error), raw)


def _entry(raw: Any) -> Iterator[Piece]:
    entry = mapping(raw, "the entry")
    origin = (word(entry, "id"), word(entry, "time"))
    for change in listed(entry, "changes"):
        yield from _guarded(change, origin, lambda change=change: _change(change, origin))  # type: ignore[misc]


def _change(raw: Any, origin: tuple[str, str]) -> Iterator[Piece]:
    change = mapping(raw, "the change")
    field = needed(change, "field")
    value = change.get("value")
    values = value if isinstance(value, dict) else {"value": value}
    if field == "messages":
        yield from _messages(mapping(value, "value"), origin)
    elif field == "user_preferences":
        yield from _each(values, "user_preferences", origin, lambda one: _preference(one, values))
    else:
        yield Parsed(_digest_key(origin, field, value), "", _notice(field, values, origin[1]))


def _digest_key(origin: tuple[str, str], field: str, value: Any) -> str:
    return f"{field[:100]}:{digest(*origin, field, value)}"


def _each(values: Values, name: str, origin: tuple[str, str], read: Callable[[Values], Parsed]) -> Iterator[Piece]:
    for item in listed(values, name):
        yield from _guarded(item, (*origin, name), lambda item=item: iter([read(mapping(item, name))]))  # type: ignore[misc]


def _messages(value: Values, origin: tuple[str, str]) -> Iterator[Piece]:
    number_id = word(part(value, "metadata"), "phone_number_id")
    contacts, errors = rows(value, "contacts"), rows(value, "errors")

    def message(raw: Values) -> Parsed:
        event = message_event(raw, number_id=number_id, contacts=contacts, errors=errors)
        sender = getattr(event, "sender", None)
        person = (sender.phone or sender.user_id) if sender else "".join(address(word(raw, "from")))
        return Parsed(_short(needed(raw, "id")), person, event)

    # Each list on its own: one of a wrong type must not lose the other.
    for name, read in (("messages", message), ("statuses", lambda raw: _status(raw, number_id))):
        yield from _guarded(value, (*origin, name), lambda name=name, read=read: _each(value, name, origin, read))  # type: ignore[misc]
    if errors and not value.get("messages") and not value.get("statuses"):
        yield Parsed(_digest_key(origin, "errors", value), "", Unknown("errors", {"errors": errors}))


def _status(raw: Values, number_id: str) -> Parsed:
    remote_id, status = needed(raw, "id"), needed(raw, "status")
    participant = word(raw, "recipient_participant_id") or word(raw, "recipient_participant_user_id")
    is_group = word(raw, "recipient_type") == "group"
    phone, user_id = address(participant if is_group else word(raw, "recipient_id"))
    named_id = word(raw, "recipient_participant_user_id" if is_group else "recipient_user_id")
    user_id = address(named_id)[1] or user_id
    errors = raw.get("errors")
    error = errors[0] if isinstance(errors, list) and errors and isinstance(errors[0], dict) else {}
    event = StatusChanged(
        remote_id=remote_id, number_id=number_id, status=status, at=moment(raw),
        opaque=word(raw, "biz_opaque_callback_data"), phone=phone, user_id=user_id, error_code=word(error, "code"),
        error_text=word(part(error, "error_data"), "details") or word(error, "message") or word(error, "title"),
        pricing=part(raw, "pricing"),
    )  # fmt: skip
    key = ":".join([remote_id, status, *([participant] if participant else [])])
    return Parsed(_short(key), phone or user_id, event)


def _preference(raw: Values, value: Values) -> Parsed:
    number_id = word(part(value, "metadata"), "phone_number_id")
    named = {"from": word(raw, "wa_id"), "from_user_id": word(raw, "user_id")}
    sender = sender_of(named, rows(value, "contacts"))
    choice = word(raw, "value")
    key = _digest_key((number_id, word(raw, "timestamp")), "user_preferences", dict(raw))
    event: Event = PreferenceChanged(number_id, sender, moment(raw), choice)
    if choice not in {"stop", "resume"} or word(raw, "category") not in {"", "marketing_messages"}:
        event = Unknown("user_preferences", dict(raw))
    return Parsed(key, sender.phone or sender.user_id, event)


def _notice(field: str, values: Values, time: str) -> Event:
    """Anything that is not about one person. `time` is the entry's, in seconds."""
    if field in TEMPLATE_FIELDS:
        return TemplateChanged(
            remote_id=word(values, "message_template_id"), name=word(values, "message_template_name"),
            language=word(values, "message_template_language"), what=TEMPLATE_FIELDS[field], values=values,
            at=instant(time),
        )  # fmt: skip
    if field in ACCOUNT_FIELDS:
        return AccountChanged(field, word(values, "event"), values)
    return Unknown(field, values)


def _short(key: str) -> str:
    return key if len(key) <= KEY_LONGEST else digest(key)
