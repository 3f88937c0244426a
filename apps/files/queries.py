"""Reads about files. Who may see one is the owner's question: its app's `queries.may_see_file(user, file)`."""

from collections.abc import Iterable
from typing import BinaryIO

from django.db import models

from apps.files import content_type, storage
from apps.files.models import File


def content_of(file: File) -> bytes:
    """The whole content. Raises FileNotFoundError when the bytes are gone from the disk."""
    with storage.open_for_reading(file.sha256) as handle:
        return handle.read()


def open_file(file: File) -> BinaryIO:
    """An open handle for streaming; the caller closes it."""
    return storage.open_for_reading(file.sha256)


def is_inline_safe(file: File) -> bool:
    """True when a browser may show it inside a page. HTML, SVG, programs and the unknown are offered for download only."""
    return file.kind in content_type.INLINE and file.scan_state != File.Scan.INFECTED


def files_of(owner: models.Model) -> models.QuerySet[File]:
    """What belongs to one row, oldest first."""
    return File.objects.filter(owner_type=owner._meta.label_lower, owner_id=str(owner.pk)).order_by("id")


def by_ids(ids: Iterable[object]) -> list[File]:
    """The rows for ids out of answers, in that order; what is no id is left out."""
    wanted = [int(str(value)) for value in ids if str(value).isdigit()]
    found = File.objects.in_bulk(wanted)
    return [found[key] for key in dict.fromkeys(wanted) if key in found]
