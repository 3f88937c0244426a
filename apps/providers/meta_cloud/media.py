"""What files WhatsApp takes (Meta, media: supported types and sizes). Pure."""

from datetime import timedelta

from apps.core.errors import Refused
from apps.providers.base import MediaLimit

MB = 1024 * 1024
KB = 1024
STILL_STICKER = 100 * KB
KEPT = timedelta(days=30)
"""An uploaded file can be sent by its id for this long."""

_OFFICE = "application/vnd.openxmlformats-officedocument."

LIMITS: dict[str, MediaLimit] = {
    "image": MediaLimit(frozenset({"image/jpeg", "image/png"}), 5 * MB),
    "video": MediaLimit(frozenset({"video/mp4", "video/3gpp"}), 16 * MB),
    "audio": MediaLimit(
        frozenset({"audio/aac", "audio/amr", "audio/mpeg", "audio/mp4", "audio/ogg"}), 16 * MB
    ),
    "sticker": MediaLimit(frozenset({"image/webp"}), 500 * KB),
    "document": MediaLimit(
        frozenset({
            "text/plain", "application/pdf",
            "application/msword", f"{_OFFICE}wordprocessingml.document",
            "application/vnd.ms-excel", f"{_OFFICE}spreadsheetml.sheet",
            "application/vnd.ms-powerpoint", f"{_OFFICE}presentationml.presentation",
        }),
        100 * MB,
    ),
}  # fmt: skip


def check(content: bytes, mime_type: str) -> None:
    """Raises Refused, with a sentence, for a file that WhatsApp would refuse after it was sent over."""
    kind = next((kind for kind, limit in LIMITS.items() if mime_type in limit.types), "")
    if not kind:
        raise Refused(f"WhatsApp takes no files of the type {mime_type or 'unknown'}.", code="media_type")
    largest = LIMITS[kind].largest
    if kind == "sticker" and b"ANIM" not in content[:KB]:  # the chunk of an animation stands at the front of a WebP
        largest = STILL_STICKER
    if len(content) > largest:
        size = f"{largest // MB} MB" if largest >= MB else f"{largest // KB} KB"
        raise Refused(
            f"The file is too large for WhatsApp: {kind} files may have at most {size}.", code="media_too_large"
        )
