"""Tables as people send them in and take them out: the bytes of an upload, and CSV or XLSX as a download."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import tablib
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.utils.translation import gettext as _
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

from apps.core.errors import InvalidInputError
from apps.journal import tables
from apps.journal.export import as_lines, safe_cell

TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def uploaded(request: HttpRequest) -> bytes:
    """What came as `file`, read to just beyond what `tables` takes. Raises InvalidInputError when nothing was chosen."""
    file = request.FILES.get("file")
    if file is None:
        raise InvalidInputError(_("Choose a file first."))
    return bytes(file.read(tables.LARGEST + 1))


def workbook(
    headers: list[str], rows: Iterable[list[str]], *, title: str, guard: Callable[[Any], str] = safe_cell
) -> bytes:
    """An XLSX file with every cell as text, without the controls that XML cannot hold; `title` names its sheet."""
    book = tablib.Dataset(headers=headers, title=title)
    for row in rows:
        book.append([ILLEGAL_CHARACTERS_RE.sub("", guard(cell)) for cell in row])
    return bytes(book.export("xlsx"))


def answer(
    kind: str, headers: list[str], rows: Iterator[list[str]], *, name: str, title: str
) -> StreamingHttpResponse | HttpResponse:
    """A download called `name`, of a `kind` in TYPES: CSV as it is read, XLSX in one piece."""
    response: StreamingHttpResponse | HttpResponse
    if kind == "csv":
        response = StreamingHttpResponse(as_lines(headers, rows), content_type=TYPES[kind])
    else:
        response = HttpResponse(workbook(headers, rows, title=title), content_type=TYPES[kind])
    response["Content-Disposition"] = f'attachment; filename="{name}.{kind}"'
    response["Cache-Control"] = "no-store"
    return response
