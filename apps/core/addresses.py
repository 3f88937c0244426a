"""Where a request came from. No Django but its settings."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings


def address_of(meta: Mapping[str, Any]) -> str:
    """From `request.META`: what the outermost of our own proxies (`TRUSTED_PROXIES`) saw."""
    trusted = settings.TRUSTED_PROXIES
    hops = [hop.strip() for hop in meta.get("HTTP_X_FORWARDED_FOR", "").split(",") if hop.strip()]
    if trusted and len(hops) >= trusted:
        return str(hops[-trusted])
    return str(meta.get("REMOTE_ADDR", ""))
