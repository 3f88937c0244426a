"""Files that go out: a sample to start from, and the employees somebody sees. They come in again unchanged."""

from collections.abc import Callable, Iterable, Iterator

import tablib
from django.http import HttpResponse, StreamingHttpResponse
from django.utils import translation

from apps.journal.export import as_lines, safe_cell
from apps.people.importing import columns, resource

TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
_SHOWN = [key for key in columns.KEYS if key not in {"state", "last_day"}]
_PEOPLE = (
    {"number": "1017", "name": "Ana Beatriz Lima", "phone": "+55 11 91234-5678", "email": "ana@example.com",
     "language": "pt-br", "time_zone": "America/Sao_Paulo"},
    {"number": "1018", "name": "Lucía Ortega", "phone": "+34 612 345 678", "email": "lucia@example.com", "manager": "1017",
     "language": "es", "time_zone": "Europe/Madrid"},
    {"number": "1019", "name": "Grace Miller", "phone": "+1 212 555 0123", "manager": "ana@example.com", "language": "en",
     "time_zone": "America/New_York"},
)  # fmt: skip
_WORDS = {
    "en": {"position": "Driver", "teams": "Logistics; First aid"},
    "pt-br": {"position": "Motorista", "teams": "Logística; Primeiros socorros"},
    "es": {"position": "Conductor", "teams": "Logística; Primeros auxilios"},
}


def answer(kind: str) -> HttpResponse:
    """The sample as a download."""
    language = translation.get_language() or "en"
    words = _WORDS.get(language, _WORDS["en"])
    rows = [[{**words, **person}.get(key, "") for key in _SHOWN] for person in _PEOPLE]
    headers = [columns.header(key, language) for key in _SHOWN]
    # Read and written by hand, never from data: no cell needs a guard, and a guard would look odd in a sample.
    content = "".join(as_lines(headers, rows, guard=str)) if kind == "csv" else workbook(headers, rows, guard=str)
    response = HttpResponse(content, content_type=TYPES[kind])
    response["Content-Disposition"] = f'attachment; filename="people-sample.{kind}"'
    return response


def workbook(headers: list[str], rows: Iterable[list[str]], guard: Callable[[str], str] = safe_cell) -> bytes:
    """An XLSX file with every cell as text."""
    dataset = tablib.Dataset(headers=headers, title="people")
    for row in rows:
        dataset.append([guard(cell) for cell in row])
    return bytes(dataset.export("xlsx"))


def exported(kind: str, employees: Iterator[list[str]], name: str) -> StreamingHttpResponse | HttpResponse:
    """Lines of `resource.lines` as a download: CSV as it is read, XLSX in one piece."""
    response: StreamingHttpResponse | HttpResponse
    if kind == "csv":
        response = StreamingHttpResponse(as_lines(resource.headers(), employees), content_type=TYPES[kind])
    else:
        response = HttpResponse(workbook(resource.headers(), employees), content_type=TYPES[kind])
    response["Content-Disposition"] = f'attachment; filename="{name}.{kind}"'
    response["Cache-Control"] = "no-store"
    return response
