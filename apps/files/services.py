"""Keep bytes, and say whose they are."""

from collections.abc import Iterable
from datetime import timedelta

from django.conf import settings
from django.db import models, transaction
from django.utils.translation import gettext as _

from apps.core import clock
from apps.core.errors import InvalidInputError
from apps.files import content_type, doubts, pictures, storage
from apps.files.models import Doubt, File, RemoteCopy, Thumbnail
from apps.timers.services import set_timer

LARGEST = 100 * 1024 * 1024  # bytes; Meta's largest document


def store(*, content: bytes, name: str = "", owner: models.Model | None = None, claimed: str = "",
          is_intact: bool = True, retention_class: str = "conversation") -> File:  # fmt: skip
    """Write the bytes (once per content) and a row for this owner. The type comes from the content.

    `claimed` is what the sender calls it (image, video, audio, document, sticker) and decides how large it may be
    (`settings.FILES_LARGEST`); `is_intact` False: it is not what the carrier announced. What is dangerous, disguised,
    damaged or broken is kept with its doubt. Raises InvalidInputError for an empty file and for one that is too large.
    """
    if not content:
        raise InvalidInputError(_("The file is empty. Please send it again."), code="file_empty")
    largest = min(LARGEST, settings.FILES_LARGEST.get(claimed, LARGEST))
    if len(content) > largest:
        raise InvalidInputError(_("The file is larger than %(size)s MB. Please send a smaller one.")
                                % {"size": largest // (1024 * 1024)}, code="file_too_large")  # fmt: skip
    owner_type, owner_id = _named(owner)
    kind, doubt = examine(content=content, name=name, claimed=claimed)
    doubt = doubt or ("" if is_intact else Doubt.DAMAGED)
    file = File(
        sha256=storage.write(content),
        size=len(content),
        kind=kind,
        name=clean_name(name),
        doubt=doubt,
        retention_class=retention_class,
        owner_type=owner_type,
        owner_id=owner_id,
    )
    if not doubt and kind in pictures.KINDS:
        _made, file.doubt = _thumbnail(file.sha256, content)
    file.save()
    return file


def examine(*, content: bytes, name: str = "", claimed: str = "") -> tuple[str, str]:
    """(MIME type by content, doubt or ""), without keeping anything."""
    kind = content_type.detect(content, name)
    return kind, doubts.of(content, kind, name=name, claimed=claimed)


def thumbnail(file: File) -> Thumbnail | None:
    """The small copy of a picture, made now when there is none yet; None for what is no picture or cannot be painted.

    A row of another release learns its doubt here. Raises FileNotFoundError when the bytes are gone.
    """
    if file.doubt or file.kind not in pictures.KINDS:
        return None
    made, doubt = _thumbnail(file.sha256, None)
    if doubt:
        file.doubt = doubt
        File.objects.filter(sha256=file.sha256, kind=file.kind, doubt="").update(doubt=doubt)
    return made


def _thumbnail(sha256: str, content: bytes | None) -> tuple[Thumbnail | None, str]:
    """(the small copy, "") or (None, doubt)."""
    found = Thumbnail.objects.filter(source=sha256).first()
    if found is not None:
        return found, ""
    if content is None:
        with storage.open_for_reading(sha256) as handle:
            content = handle.read()
    try:
        copy = pictures.small(content, most_pixels=settings.FILES_MOST_PIXELS)
    except pictures.TooManyPixelsError:
        return None, Doubt.PIXELS
    except pictures.BrokenPictureError:
        return None, Doubt.BROKEN
    values = {"sha256": storage.write(copy.content), "kind": copy.kind, "width": copy.width, "height": copy.height}
    # Two workers may be at the same picture; both made the same copy.
    made, _created = Thumbnail.objects.get_or_create(source=sha256, defaults=values)
    return made, ""


def remember_copy(*, sha256: str, place: str, remote_id: str, lasts: timedelta) -> None:
    """Somebody else keeps these bytes under `remote_id` for so long; the newest id counts."""
    if lasts > SAFETY:
        values = {"remote_id": remote_id[:255], "expires_at": clock.now() + lasts - SAFETY}
        RemoteCopy.objects.update_or_create(sha256=sha256, place=place, defaults=values)


def forget_copy(*, sha256: str, place: str) -> int:
    """The other side does not know these bytes (any more). Returns how many ids were forgotten."""
    return RemoteCopy.objects.filter(sha256=sha256, place=place).delete()[0]


SAFETY = timedelta(days=1)
"""A copy is not relied upon in its last day: a message may wait between planning and sending."""


UNNAMED_TIMER = "files.unnamed"
KEPT_ON, WRITING = timedelta(days=1), timedelta(hours=1)
"""How long bytes outlive their last row, and how long at most a transaction takes that has written bytes and no row yet."""


@transaction.atomic
def discard(*, files: Iterable[File]) -> int:
    """Forget these rows for good; their bytes follow a day later, when still no row names them. Returns how many rows went."""
    rows = list(files)
    File.objects.filter(pk__in=[row.pk for row in rows]).delete()
    for sha256 in sorted({row.sha256 for row in rows}):
        _remove_later(sha256)
    return len(rows)


def _remove_later(sha256: str) -> None:
    set_timer(handler=UNNAMED_TIMER, key=sha256, due_at=clock.now() + KEPT_ON, data={"sha256": sha256})


@transaction.atomic
def remove_unnamed(*, sha256: str) -> bool:
    """Take bytes that no row names off the disk, and the small copy of them. False: they are needed, or were gone."""
    if File.objects.filter(sha256=sha256).exists() or Thumbnail.objects.filter(sha256=sha256).exists():
        return False
    for small in Thumbnail.objects.filter(source=sha256):
        small.delete()
        _remove_later(small.sha256)
    return storage.remove(sha256, unless_since=clock.now() - WRITING)


@transaction.atomic
def adopt(*, files: Iterable[File], owner: models.Model) -> int:
    """From now on these files belong to `owner`: whoever may see it may see them. Returns how many changed."""
    owner_type, owner_id = _named(owner)
    return File.objects.filter(pk__in=[file.pk for file in files]).update(owner_type=owner_type, owner_id=owner_id)


def clean_name(name: str) -> str:
    """A name without folders and control characters, at most 200 long.

    >>> clean_name("../../etc/pass\\nwd")
    'passwd'
    """
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    return "".join(letter for letter in last if letter.isprintable()).strip().lstrip(".")[:200]


def _named(owner: models.Model | None) -> tuple[str, str]:
    return (owner._meta.label_lower, str(owner.pk)) if owner is not None else ("", "")
