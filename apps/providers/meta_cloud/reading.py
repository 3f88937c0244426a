"""Careful looks into JSON that somebody else wrote: the right type, or BadPiece. Pure."""

import hashlib
import json
import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from apps.core.http import Answer

# "US.13491208655302741918", and "US.ENT.118..." for a parent (Meta, business-scoped user ids).
_BSUID = re.compile(r"^[A-Z]{2}\.[A-Za-z0-9.]{1,132}$")
_PHONE = re.compile(r"^\+?([1-9]\d{4,14})$")
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_MILLISECONDS = 100_000_000_000  # a gateway has met timestamps in milliseconds; in seconds this is the year 5138


class BadPiece(ValueError):  # noqa: N818 - it names what is bad
    """One piece of a webhook is not what Meta documents; the sentence names the field."""


def clean(value: Any) -> Any:
    """The same JSON without what a database cannot keep: NUL, lone surrogates, infinite numbers."""
    if isinstance(value, str):
        return _UNSTORABLE.sub("\ufffd", value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, list):
        return [clean(one) for one in value]
    if isinstance(value, dict):
        return {clean(key): clean(one) for key, one in value.items()}
    return value


def answered(answer: Answer) -> Any:
    """The JSON of an answer, clean; None when it is none."""
    return clean(answer.json())


def digest(*values: Any) -> str:
    """One key for things without an id."""
    text = json.dumps(values, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def mapping(value: Any, what: str) -> Mapping[str, Any]:
    """Raises BadPiece unless it is an object."""
    if not isinstance(value, dict):
        raise BadPiece(f"{what} is no object.")
    return value


def listed(values: Mapping[str, Any], key: str) -> list[Any]:
    """A list, empty when missing or null. Raises BadPiece for anything else."""
    value = values.get(key)
    if value is None:
        return []
    if not isinstance(value, list):
        raise BadPiece(f"{key} is no list.")
    return value


def part(values: Any, key: str) -> Mapping[str, Any]:
    """An optional object; empty when missing or of another type."""
    value = values.get(key) if isinstance(values, dict) else None
    return value if isinstance(value, dict) else {}


def rows(values: Mapping[str, Any], key: str) -> list[Any]:
    """An optional list; empty when missing or of another type."""
    value = values.get(key)
    return value if isinstance(value, list) else []


def word(values: Any, key: str) -> str:
    """An optional text (numbers are written out); empty when missing or of another type."""
    value = values.get(key) if isinstance(values, dict) else None
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else ""


def needed(values: Mapping[str, Any], key: str) -> str:
    """A text that must be there. Raises BadPiece."""
    found = word(values, key)
    if not found:
        raise BadPiece(f"{key} is missing or no text.")
    return found


def instant(text: str) -> datetime | None:
    """Unix seconds (or milliseconds) of an envelope; None for anything else."""
    try:
        return moment({"timestamp": text})
    except BadPiece:
        return None


def moment(values: Mapping[str, Any], key: str = "timestamp") -> datetime:
    """Unix seconds (or milliseconds), as text or number. Raises BadPiece."""
    try:
        seconds = int(needed(values, key))
        return datetime.fromtimestamp(seconds / 1000 if abs(seconds) > _MILLISECONDS else seconds, UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise BadPiece(f"{key} is no moment.") from error


def degree(values: Mapping[str, Any], key: str, limit: float) -> float:
    """A coordinate between -limit and limit. Raises BadPiece."""
    value = values.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float) or not -limit <= value <= limit:
        raise BadPiece(f"{key} is no coordinate.")
    return float(value)


def address(text: str) -> tuple[str, str]:
    """(+E.164 or empty, business-scoped id or empty): WhatsApp puts either into `from`, `wa_id` and `recipient_id`."""
    phone = _PHONE.match(text)
    if phone:
        return f"+{phone[1]}", ""
    return ("", text) if _BSUID.match(text) else ("", "")
