"""How files stand on a page: as a small picture, a player, or a name with its size and, when in doubt, the reason."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.template.defaultfilters import filesizeformat
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apps.files import pictures, queries
from apps.files.models import Doubt, File

# Audio that no browser plays is offered for download like a document.
_PLAYED = {"audio/ogg": "audio", "audio/mpeg": "audio", "audio/mp4": "audio", "audio/aac": "audio",
           "video/mp4": "video", "video/3gpp": "video"}  # fmt: skip

SENTENCES: dict[str, str | Promise] = {
    Doubt.PROGRAM: _("This file is a program. It is kept, but not shown: do not open it unless you know what it does."),
    Doubt.MACROS: _("This document carries macros, small programs that can do harm. It is kept, but not shown."),
    Doubt.ACTIVE: _("This file is a web page or drawing that can run programs. It is kept, but not shown."),
    Doubt.DISGUISED: _("This file is not what it was sent as. It is kept, but not shown."),
    Doubt.DAMAGED: _("This file is not the one that WhatsApp announced: it was damaged or changed on its way. It is kept, "
                     "but not shown; ask the person to send it again."),
    Doubt.PIXELS: _("This picture is far larger than any camera makes, which can stop a computer. It is kept, but not "
                    "shown."),
    Doubt.BROKEN: _("This picture is broken and cannot be shown. Ask the person to send it again."),
    Doubt.SEALED: _("This archive cannot be looked into. It is kept, but not shown."),
}  # fmt: skip
INFECTED = _("A virus was found in this file. It is kept, and given to nobody.")


@dataclass(frozen=True)
class Attachment:
    """One file as `files/attachments.html` shows it. `sort`: picture, audio, video or document; `width` and `height` are
    the small picture's; `name` is never empty; `is_offered`: it may be downloaded."""

    pk: int
    sort: str
    name: str
    size: str
    kind: str
    warning: str = ""
    width: int = 0
    height: int = 0
    is_offered: bool = True


def attachments(files: Iterable[File]) -> list[Attachment]:
    """Files in their order; one query for all of them."""
    rows = list(files)
    small = queries.thumbnails_of(rows) if rows else {}
    return [_attachment(row, small.get(row.sha256)) for row in rows]


def _attachment(file: File, small: object) -> Attachment:
    is_infected = file.scan_state == File.Scan.INFECTED
    warning = INFECTED if is_infected else SENTENCES.get(file.doubt, "")
    sort = "document"
    if not warning:
        sort = "picture" if file.kind in pictures.KINDS else _PLAYED.get(file.kind, "document")
    return Attachment(
        pk=file.pk, sort=sort, name=str(file), size=filesizeformat(file.size), kind=file.kind, warning=str(warning),
        # Without its small copy (a row of another release) a picture's place on the page is not known beforehand.
        width=getattr(small, "width", 0), height=getattr(small, "height", 0), is_offered=not is_infected,
    )  # fmt: skip
