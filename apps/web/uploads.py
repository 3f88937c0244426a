"""Files chosen on a page: looked at before they are kept, by content and never by name, and refused with a reason."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _

from apps.core.errors import InvalidInputError
from apps.files import queries, services
from apps.files.models import Doubt
from apps.forms.schema import FILE_KINDS, FieldSpec
from apps.timers.services import set_timer
from apps.web.models import Link

OVER_TIMER = "web.link_over"


def keep(
    *, link: Link, fields: Iterable[FieldSpec], chosen: Any, dropped: Mapping[str, Sequence[str]]
) -> dict[str, str]:
    """Keep what was chosen for these fields and remove what was ticked away; returns what is wrong by field, a sentence
    for each file that was refused.

    `chosen` is `request.FILES`; `dropped` File ids by field key. What is kept stands in `link.kept`, saved by the caller.
    """
    wrong: dict[str, list[str]] = {}
    for spec in fields:
        if spec.kind not in FILE_KINDS:
            continue
        kept = [pk for pk in link.kept.get(spec.key, []) if str(pk) not in dropped.get(spec.key, ())]
        for upload in chosen.getlist(f"f-{spec.key}"):
            try:
                kept.append(_stored(upload, spec, link, kept))
            except InvalidInputError as error:
                wrong.setdefault(spec.key, []).append(str(error))
        link.kept[spec.key] = list(dict.fromkeys(kept))
    forget(link=link, but=[pk for ids in link.kept.values() for pk in ids])
    if any(link.kept.values()):
        set_timer(handler=OVER_TIMER, key=str(link.pk), due_at=link.button.expires_at, data={"link": link.pk})
    return {key: " ".join(dict.fromkeys(sentences)) for key, sentences in wrong.items()}


def forget(*, link: Link, but: Collection[int] = ()) -> int:
    """Remove what was uploaded to this page and belongs to nothing else, all `but` these; returns how many files."""
    return services.discard(files=queries.files_of(link).exclude(pk__in=but))


def _stored(upload: UploadedFile, spec: FieldSpec, link: Link, kept: Sequence[int]) -> int:
    """The id of the kept file; the same bytes chosen twice are one, and are not kept twice.

    Raises InvalidInputError for what is not taken.
    """
    name = services.clean_name(upload.name or "")
    claimed = "image" if spec.kind == "photo" else "document"
    largest = min(services.LARGEST, settings.FILES_LARGEST[claimed])
    if (upload.size or 0) > largest:
        raise InvalidInputError(_("“%(name)s” is larger than %(size)s MB. Choose a smaller one.") % {
            "name": name, "size": largest // 1024**2})  # fmt: skip
    content = upload.read()
    twin = queries.with_content(queries.files_of(link).filter(pk__in=kept), content)
    if twin is not None:
        return twin.pk
    if len(set(kept)) >= spec.max_files:
        raise InvalidInputError(_("At most %(count)s here: “%(name)s” was not kept.") % {
            "count": spec.max_files, "name": name})  # fmt: skip
    kind, doubt = services.examine(content=content, name=name, claimed=claimed) if content else ("", "")
    if doubt or (content and spec.kind == "photo" and not kind.startswith("image/")):
        raise InvalidInputError(_refusal(spec, doubt, name))
    file = services.store(content=content, name=name, owner=link, claimed=claimed)
    if file.doubt:  # a picture that cannot be painted
        doubt = file.doubt
        services.discard(files=[file])
        raise InvalidInputError(_refusal(spec, doubt, name))
    return file.pk


def _refusal(spec: FieldSpec, doubt: str, name: str) -> str:
    if spec.kind == "photo" and doubt not in {Doubt.BROKEN, Doubt.PIXELS}:
        return _("“%(name)s” is not a photo. Choose a picture, like a JPEG or PNG.") % {"name": name}
    if doubt in {Doubt.BROKEN, Doubt.PIXELS}:
        return _("“%(name)s” is broken or far too large, and cannot be shown. Take the picture again.") % {"name": name}
    return _("“%(name)s” cannot be taken: it is a program, can run something, or is not what its name says. "
             "Choose a PDF, a plain document or a photo of it.") % {"name": name}  # fmt: skip
