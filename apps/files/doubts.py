"""What about a file is not as it should be, by its bytes. Pure.

Nothing is thrown away for it: the file is kept, never shown inside a page, and the page says why. A name can only make a
file more suspect, never less.
"""

import io
import re
import zipfile
from collections.abc import Iterable

from apps.files.models import Doubt

HEAD = 64 * 1024  # bytes looked at for what stands in front
_LIST_LARGEST = 4 * 1024 * 1024  # bytes of an archive's list of names: longer than this, the list itself is the attack

# Windows, Linux, macOS (both byte orders, and fat), Java, Android, WebAssembly, a Windows shortcut.
_PROGRAM_HEADS = (
    b"\x7fELF", b"\xfe\xed\xfa\xce", b"\xfe\xed\xfa\xcf", b"\xce\xfa\xed\xfe", b"\xcf\xfa\xed\xfe", b"\xca\xfe\xba\xbe",
    b"dex\n", b"\0asm", b"L\0\0\0\x01\x14\x02\0", b"#!/", b"#! /",
)  # fmt: skip
_PROGRAM_NAMES = {
    "exe", "com", "bat", "cmd", "scr", "pif", "msi", "msp", "msc", "cpl", "ps1", "psm1", "vbs", "vbe", "js", "jse", "wsf",
    "wsh", "hta", "jar", "apk", "sh", "command", "reg", "lnk", "url", "desktop", "inf", "scf", "dll", "app", "iso", "img",
}  # fmt: skip
_ARCHIVED_PROGRAMS = {"androidmanifest.xml", "classes.dex", "meta-inf/manifest.mf"}
_ZIP, _OLE, _RTF = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"{\\rtf"
_OLE_MACROS = "_VBA_PROJECT".encode("utf-16-le")
_ACTIVE = {"text/html", "image/svg+xml", "application/xhtml+xml", "application/xml", "text/xml"}
_MARKUP = re.compile(
    rb"<\s*(!doctype\s+html|html|script|svg|iframe|object|embed|body|head|meta|\?xml|math)\b|<\?xml", re.I
)

# What the carrier (or the name) calls a file, and what it then must be.
_CLAIMED: dict[str, tuple[str, ...]] = {
    "image": ("image/",), "sticker": ("image/webp",), "video": ("video/",),
    "audio": ("audio/", "video/mp4", "video/3gpp"),  # a voice without picture may lie in the same container
}  # fmt: skip
_NAMED: dict[str, tuple[str, ...]] = {
    "pdf": ("application/pdf",), "jpg": ("image/jpeg",), "jpeg": ("image/jpeg",), "png": ("image/png",),
    "gif": ("image/gif",), "webp": ("image/webp",), "mp4": ("video/", "audio/mp4"), "mp3": ("audio/",),
    "docx": ("application/vnd.", "application/zip"), "xlsx": ("application/vnd.", "application/zip"),
}  # fmt: skip


def of(content: bytes, kind: str, *, name: str = "", claimed: str = "") -> str:
    """A value of `Doubt`, the gravest first; empty for nothing. `claimed` is what the carrier calls it (image, video,
    audio, document, sticker), `kind` the MIME type by content."""
    ending = name.rsplit(".", 1)[-1].lower() if "." in name else ""
    names = _archived(content)
    if names is None:
        return Doubt.SEALED
    if _is_program(content, kind, ending, names):
        return Doubt.PROGRAM
    if _has_macros(content, names):
        return Doubt.MACROS
    if kind in _ACTIVE or (kind == "text/plain" and _MARKUP.search(_readable(content[:HEAD]))):
        return Doubt.ACTIVE
    expected = (_CLAIMED.get(claimed), _NAMED.get(ending))
    if any(starts and not kind.startswith(starts) for starts in expected):
        return Doubt.DISGUISED
    return Doubt.NONE


def _is_program(content: bytes, kind: str, ending: str, names: Iterable[str]) -> bool:
    head = content[:HEAD]
    if head.startswith(_PROGRAM_HEADS) or (head.startswith(b"MZ") and b"\0" in head):
        return True
    if ending in _PROGRAM_NAMES and kind in {"text/plain", "application/octet-stream", "application/zip"}:
        return True
    return "executable" in kind or not _ARCHIVED_PROGRAMS.isdisjoint(names)


def _has_macros(content: bytes, names: Iterable[str]) -> bool:
    if any(name.endswith(("vbaproject.bin", "xlmacrosheets", "activex1.bin")) for name in names):
        return True
    if content.startswith(_OLE):
        return _OLE_MACROS in content
    return content.startswith(_RTF) and b"\\objdata" in content


def _archived(content: bytes) -> set[str] | None:
    """Names in an archive, lower case. Its list is read, nothing is unpacked: a bomb stays packed. None: the list is
    too long to be read."""
    if not content.startswith(_ZIP):
        return set()
    end = content.rfind(b"PK\x05\x06")
    # The long form (zip64) is for archives over 4 GB; in a small one it hides how long the list is.
    has_long_form = content.rfind(b"PK\x06\x07") != -1
    if has_long_form or int.from_bytes(content[end + 12 : end + 16], "little") > _LIST_LARGEST:
        return None
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return {name.lower() for name in archive.namelist()}
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError, EOFError):
        return set()


def _readable(head: bytes) -> bytes:
    """Text of two bytes a letter hides its markup from a search for bytes."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return head.decode("utf-16", "ignore").encode()
    return head
