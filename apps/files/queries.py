"""Reads about files. Who may see one is the owner's question: its app's `queries.may_see_file(user, file)`."""

from collections.abc import Iterable
from typing import BinaryIO

from django.db import models

from apps.core import clock
from apps.files import content_type, storage
from apps.files.models import Doubt, File, RemoteCopy, Thumbnail


def content_of(file: File) -> bytes:
    """The whole content. Raises FileNotFoundError when the bytes are gone from the disk."""
    with storage.open_for_reading(file.sha256) as handle:
        return handle.read()


def open_file(file: File) -> BinaryIO:
    """An open handle for streaming; the caller closes it."""
    return storage.open_for_reading(file.sha256)


def open_thumbnail(thumbnail: Thumbnail) -> BinaryIO:
    """As `open_file`, for the small copy."""
    return storage.open_for_reading(thumbnail.sha256)


def is_inline_safe(file: File) -> bool:
    """True when a browser may show it, and when it may be passed on to somebody. HTML, SVG, programs, the unknown and
    whatever is in doubt are offered for download only; a picture that is merely broken harms nobody."""
    is_trusted = file.scan_state != File.Scan.INFECTED and file.doubt in {Doubt.NONE, Doubt.BROKEN}
    return file.kind in content_type.INLINE and is_trusted


def thumbnails_of(files: Iterable[File]) -> dict[str, Thumbnail]:
    """The small copies there are, by the sha256 of their pictures; one query."""
    return {row.source: row for row in Thumbnail.objects.filter(source__in={file.sha256 for file in files})}


def copy_of(sha256: str, place: str) -> str:
    """The id under which `place` keeps these bytes; empty when it does not, or not much longer."""
    rows = RemoteCopy.objects.filter(sha256=sha256, place=place, expires_at__gt=clock.now())
    return rows.values_list("remote_id", flat=True).first() or ""


def files_of(owner: models.Model) -> models.QuerySet[File]:
    """What belongs to one row, oldest first."""
    return File.objects.filter(owner_type=owner._meta.label_lower, owner_id=str(owner.pk)).order_by("id")


def with_content(rows: models.QuerySet[File], content: bytes) -> File | None:
    """The one of these that has just this content, the oldest first."""
    return rows.filter(sha256=storage.digest(content), size=len(content)).order_by("id").first()


def by_ids(ids: Iterable[object]) -> list[File]:
    """The rows for ids out of answers, in that order; what is no id is left out."""
    wanted = [int(str(value)) for value in ids if str(value).isdigit()]
    found = File.objects.in_bulk(wanted)
    return [found[key] for key in dict.fromkeys(wanted) if key in found]
