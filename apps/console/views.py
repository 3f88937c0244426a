"""Files behind the desk: served only after the app that owns one has said yes."""

from collections.abc import Callable

from django.contrib.admin.views.decorators import staff_member_required
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from apps.approvals import queries as approvals
from apps.conversations import queries as conversations
from apps.files import serving
from apps.files.models import File
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
    """One stored file, for whoever may see it."""
    return serving.whole(request, _seen(request, pk))


@staff_member_required
@require_safe
def thumbnail(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Its small copy."""
    return serving.small(request, _seen(request, pk))


def _seen(request: HttpRequest, pk: int) -> File:
    """404 for what does not exist and for what this person may not see: the two must look alike."""
    row = get_object_or_404(File, pk=pk)
    may_see = OWNERS.get(row.owner_type.partition(".")[0])
    if may_see is None or not isinstance(request.user, User) or not may_see(request.user, row):
        raise Http404
    return row
