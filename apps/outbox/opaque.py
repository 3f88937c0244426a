"""Our id of a message as it travels with it and comes back in every status: `o1.<row id in base 36>.<signature>`."""

import hmac

from apps.core.encryption import signature
from apps.outbox.buttons import base36


def mark(message_id: int) -> str:
    head = base36(message_id)
    return f"o1.{head}.{signature('outbound', head)}"


def message_id(text: str) -> int | None:
    """The row's id; None for what is not ours, or tampered with."""
    parts = text.split(".") if len(text) <= 64 and text.isascii() else []
    if len(parts) != 3 or parts[0] != "o1" or not hmac.compare_digest(parts[2], signature("outbound", parts[1])):
        return None
    return int(parts[1], 36)
