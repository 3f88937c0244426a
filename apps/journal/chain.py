"""The arithmetic of the chain. Pure: rows in, digests out."""

import hashlib
import hmac
import json
from typing import Any

GENESIS = "0" * 64


def canonical(values: dict[str, Any]) -> bytes:
    """One spelling per value: sorted keys, no spaces, UTF-8."""
    return json.dumps(values, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def body_digest(content: str, salt: str) -> str:
    """Salted, so that a short erased content cannot be guessed back from its digest."""
    return hmac.new(salt.encode(), content.encode(), hashlib.sha256).hexdigest()


def entry_hash(previous: str, position: int, values: dict[str, Any]) -> str:
    """`values` are the entry's own columns, moments as ISO text with microseconds, UTC."""
    return hashlib.sha256(canonical({"previous": previous, "position": position, "entry": values})).hexdigest()
