"""Keep bytes, and say whose they are."""

from collections.abc import Iterable

from django.db import models, transaction
from django.utils.translation import gettext as _

from apps.core.errors import InvalidInputError
from apps.files import content_type, storage
from apps.files.models import File

LARGEST = 100 * 1024 * 1024  # bytes; Meta's largest document


def store(*, content: bytes, name: str = "", owner: models.Model | None = None,
          retention_class: str = "conversation") -> File:  # fmt: skip
    """Write the bytes (once per content) and a row for this owner. The type comes from the content.

    Raises InvalidInputError for an empty file and for one of more than 100 MB.
    """
    if not content:
        raise InvalidInputError(_("The file is empty. Please send it again."), code="file_empty")
    if len(content) > LARGEST:
        raise InvalidInputError(_("The file is larger than 100 MB. Please send a smaller one."), code="file_too_large")
    owner_type, owner_id = _named(owner)
    return File.objects.create(
        sha256=storage.write(content),
        size=len(content),
        kind=content_type.detect(content, name),
        name=clean_name(name),
        retention_class=retention_class,
        owner_type=owner_type,
        owner_id=owner_id,
    )


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
