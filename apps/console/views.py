"""Files behind the desk: served only after the app that owns one has said yes."""

import mimetypes
from collections.abc import Callable

from django.contrib.admin.views.decorators import staff_member_required
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from apps.approvals import queries as approvals
from apps.conversations import queries as conversations
from apps.files import content_type, services, showing
from apps.files import queries as files
from apps.files.models import File
from apps.files.serving import serve
from apps.incidents import queries as incidents
from apps.people.models import User

OWNERS: dict[str, Callable[[User, File], bool]] = {
    "approvals": approvals.may_see_file,
    "conversations": conversations.may_see_file,
    "incidents": incidents.may_see_file,
}


@staff_member_required
@require_safe
def file(request: HttpRequest, pk: int) -> HttpResponseBase:
    """One stored file: pictures, sound and films as such, everything else (and `?download=1`) for download."""
    row = _seen(request, pk)
    (shown,) = showing.attachments([row])
    if not shown.is_offered:
        raise Http404(str(showing.INFECTED))
    try:
        handle = files.open_file(row)
    except FileNotFoundError:
        raise Http404(_("The bytes of this file are gone from the disk. Restore them from a backup.")) from None
    is_shown = shown.sort != "document" and "download" not in request.GET
    return serve(request, handle, size=row.size, digest=row.sha256, kind=row.kind, name=_named(row),
                 is_shown=is_shown)  # fmt: skip


@staff_member_required
@require_safe
def thumbnail(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The small copy of a picture, made now when it is missing."""
    row = _seen(request, pk)
    try:
        small = services.thumbnail(row)
        handle = files.open_thumbnail(small) if small else None
    except FileNotFoundError:
        handle = None
    if small is None or handle is None:
        raise Http404
    size = handle.seek(0, 2)
    return serve(
        request, handle, size=size, digest=small.sha256, kind=small.kind, name=f"small-{row.pk}.webp", is_shown=True
    )


def _named(row: File) -> str:
    """WhatsApp sends most files without a name; without its ending nobody's computer knows how to open one."""
    name = row.name or f"file-{row.pk}"
    is_known = row.kind in content_type.INLINE and not row.doubt and "." not in name
    return name + (mimetypes.guess_extension(row.kind) or "") if is_known else name


def _seen(request: HttpRequest, pk: int) -> File:
    """404 for what does not exist and for what this person may not see: the two must look alike."""
    row = get_object_or_404(File, pk=pk)
    may_see = OWNERS.get(row.owner_type.partition(".")[0])
    if may_see is None or not isinstance(request.user, User) or not may_see(request.user, row):
        raise Http404
    return row
