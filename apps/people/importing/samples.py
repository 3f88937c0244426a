"""Files that go out: a sample to start from, and the employees somebody sees. They come in again unchanged."""

from collections.abc import Iterator

from django.http import HttpResponse, StreamingHttpResponse
from django.utils import translation

from apps.journal import downloads
from apps.journal.export import as_lines
from apps.people.importing import columns, resource

SHEET = "people"
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
    content: str | bytes
    if kind == "csv":
        content = "".join(as_lines(headers, rows, guard=str))
    else:
        content = downloads.workbook(headers, rows, title=SHEET, guard=str)
    response = HttpResponse(content, content_type=downloads.TYPES[kind])
    response["Content-Disposition"] = f'attachment; filename="people-sample.{kind}"'
    return response


def exported(kind: str, employees: Iterator[list[str]], name: str) -> StreamingHttpResponse | HttpResponse:
    """Lines of `resource.lines` as a download."""
    return downloads.answer(kind, resource.headers(), employees, name=name, title=SHEET)
