"""Files behind the desk: served only after the app that owns one has said yes."""

from collections.abc import Callable

from django.contrib.admin.views.decorators import staff_member_required
from django.http import FileResponse, Http404, HttpRequest
from django.shortcuts import get_object_or_404

from apps.approvals import queries as approvals
from apps.conversations import queries as conversations
from apps.files import queries as files
from apps.files.models import File
from apps.incidents import queries as incidents
from apps.people.models import User

OWNERS: dict[str, Callable[[User, File], bool]] = {
    "approvals": approvals.may_see_file,
    "conversations": conversations.may_see_file,
    "incidents": incidents.may_see_file,
}


@staff_member_required
def file(request: HttpRequest, pk: int) -> FileResponse:
    """One stored file. 404 for what does not exist and for what this person may not see: the two must look alike."""
    row = get_object_or_404(File, pk=pk)
    may_see = OWNERS.get(row.owner_type.partition(".")[0])
    if may_see is None or not isinstance(request.user, User) or not may_see(request.user, row):
        raise Http404
    is_safe = files.is_inline_safe(row)
    answer = FileResponse(files.open_file(row), as_attachment=not is_safe, filename=row.name or f"file-{row.pk}",
                          content_type=row.kind if is_safe else "application/octet-stream")  # fmt: skip
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Content-Security-Policy"] = "default-src 'none'; sandbox"
    answer["Cache-Control"] = "private, max-age=3600"
    return answer
