"""Bytes that somebody sent, given to a browser that must trust none of them. Who may see them was asked before."""

import mimetypes
import re
from typing import BinaryIO

from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseNotModified
from django.utils.translation import gettext as _

from apps.files import content_type, queries, services, showing
from apps.files.models import File

# A file opened by itself may show its own picture, sound or film, and nothing else: no script, no form, no other site.
POLICY = "default-src 'none'; img-src 'self'; media-src 'self'; style-src 'unsafe-inline'; sandbox"
CHUNK = 64 * 1024
_ONE_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})", re.ASCII)


def whole(request: HttpRequest, file: File) -> HttpResponseBase:
    """One stored file: pictures, sound and films as such, everything else (and `?download=1`) for download.

    Raises Http404, with the reason, for what is given to nobody and for bytes that are gone.
    """
    (shown,) = showing.attachments([file])
    if not shown.is_offered:
        raise Http404(str(showing.INFECTED))
    try:
        handle = queries.open_file(file)
    except FileNotFoundError:
        raise Http404(_("The bytes of this file are gone from the disk. Restore them from a backup.")) from None
    is_shown = shown.sort != "document" and "download" not in request.GET
    return _serve(request, handle, size=file.size, digest=file.sha256, kind=file.kind, name=_named(file),
                  is_shown=is_shown)  # fmt: skip


def small(request: HttpRequest, file: File) -> HttpResponseBase:
    """The small copy of a picture, made now when it is missing. Raises Http404 for what has none."""
    try:
        copy = services.thumbnail(file)
        handle = queries.open_thumbnail(copy) if copy else None
    except FileNotFoundError:
        handle = None
    if copy is None or handle is None:
        raise Http404
    size = handle.seek(0, 2)
    return _serve(
        request, handle, size=size, digest=copy.sha256, kind=copy.kind, name=f"small-{file.pk}.webp", is_shown=True
    )


def _named(file: File) -> str:
    """WhatsApp sends most files without a name; without its ending nobody's computer knows how to open one."""
    name = file.name or f"file-{file.pk}"
    is_known = file.kind in content_type.INLINE and not file.doubt and "." not in name
    return name + (mimetypes.guess_extension(file.kind) or "") if is_known else name


def _serve(
    request: HttpRequest, handle: BinaryIO, *, size: int, digest: str, kind: str, name: str, is_shown: bool
) -> HttpResponseBase:
    """The whole file, one part of it (players ask for parts), or 304. `is_shown` False: for download, as unknown bytes."""
    etag = f'"{digest}"'
    part = _part(request, etag, size)
    if request.headers.get("If-None-Match") == etag:
        handle.close()
        return _guarded(HttpResponseNotModified(), etag)
    if part == (0, 0):
        handle.close()
        return _guarded(HttpResponse(status=416, headers={"Content-Range": f"bytes */{size}"}), etag)
    start, length = part or (0, size)
    handle.seek(start)
    answer = FileResponse(
        _Part(handle, length), as_attachment=not is_shown, filename=name, status=206 if part else 200,
        content_type=kind if is_shown else "application/octet-stream",
    )  # fmt: skip
    answer.block_size = CHUNK
    answer["Content-Length"] = str(length)
    answer["Accept-Ranges"] = "bytes"
    if part:
        answer["Content-Range"] = f"bytes {start}-{start + length - 1}/{size}"
    return _guarded(answer, etag)


def _guarded(answer: HttpResponseBase, etag: str) -> HttpResponseBase:
    answer["ETag"] = etag
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Content-Security-Policy"] = POLICY
    answer["Cross-Origin-Resource-Policy"] = "same-origin"
    # Kept by this browser only, and asked for again each time: who may see it may have changed.
    answer["Cache-Control"] = "private, no-cache"
    return answer


def _part(request: HttpRequest, etag: str, size: int) -> tuple[int, int] | None:
    """(start, length) of the one range asked for; None for the whole; (0, 0) when there is no such part."""
    if request.headers.get("If-Range", etag) != etag:
        return None
    asked = _ONE_RANGE.fullmatch(request.headers.get("Range", "").replace(" ", ""))
    if asked is None or asked[0] == "bytes=-":
        return None
    first, last = asked[1], asked[2]
    if not first:  # the last so many bytes
        start, end = max(0, size - int(last)), size - 1
    else:
        start, end = int(first), min(int(last), size - 1) if last else size - 1
    return (start, end - start + 1) if start <= end else (0, 0)


class _Part:
    """The next `length` bytes of an open file."""

    def __init__(self, handle: BinaryIO, length: int) -> None:
        self._handle, self._left = handle, length

    def read(self, most: int) -> bytes:
        chunk = self._handle.read(min(most, self._left))
        self._left -= len(chunk)
        return chunk

    def close(self) -> None:
        self._handle.close()
