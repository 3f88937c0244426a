"""What a file is, by its bytes. Pure. The name somebody gave it only helps to tell one office document from another."""

import puremagic

UNKNOWN = "application/octet-stream"
HEAD = 64 * 1024  # bytes looked at: signatures stand at the front
_ZIPPED = "application/vnd."  # every office document starts like any other zip

# Shown inside a page without being able to run anything there. Everything else is offered for download only.
INLINE = frozenset({
    "image/jpeg", "image/png", "image/webp", "image/gif",
    "audio/ogg", "audio/mpeg", "audio/mp4", "audio/aac", "audio/amr",
    "video/mp4", "video/3gpp",
    "application/pdf",
})  # fmt: skip


def detect(content: bytes, name: str = "") -> str:
    """A MIME type; `text/plain` for readable text that is nothing else, `application/octet-stream` for the unknown."""
    head = content[:HEAD]
    if head[:5] == b"#!AMR":
        return "audio/amr"
    if head[:4] == b"OggS":
        return "audio/ogg"  # WhatsApp's voice notes; the container says "application"
    matches = _matches(head)
    if not matches:
        return "text/plain" if _is_text(head) else UNKNOWN
    if head[:4] == b"PK\x03\x04":
        suffix = name[name.rfind(".") :].lower() if "." in name else ""
        return next(
            (kind for kind, ending in matches if ending == suffix and kind.startswith(_ZIPPED)), "application/zip"
        )
    return matches[0][0]


def _matches(head: bytes) -> list[tuple[str, str]]:
    """(type, ending) candidates, likeliest first."""
    try:
        found = puremagic.magic_string(head)
    except (puremagic.PureError, ValueError):
        return []
    return [(match.mime_type, match.extension) for match in found if match.mime_type]


def _is_text(head: bytes) -> bool:
    if b"\0" in head:
        return False
    try:
        head.decode()
    except UnicodeDecodeError as error:
        return error.start >= len(head) - 3  # only the last letter is cut in half
    return True
