"""Files of people for the tests, and the way through an import without a screen."""

import csv
import io
from collections.abc import Sequence

from openpyxl import Workbook

from apps.people.importing import running, services
from apps.people.importing.models import ImportJob, ImportRow
from apps.people.importing.reasons import read
from apps.people.models import User

HEADERS = ["Employee number", "Name", "Phone", "E-mail", "Manager", "Teams"]


def csv_of(*rows: Sequence[str], headers: Sequence[str] = HEADERS, delimiter: str = ",") -> bytes:
    """A CSV file; short rows are filled up."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter)
    writer.writerow(headers)
    for row in rows:
        writer.writerow([*row, *[""] * (len(headers) - len(row))])
    return text.getvalue().encode()


def xlsx_of(*rows: Sequence[object], headers: Sequence[str] = HEADERS) -> bytes:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (headers, *rows):
        sheet.append(list(row))
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def previewed(content: bytes, by: User, *, name: str = "people.csv", **options: bool) -> ImportJob:
    """Uploaded, columns as guessed, checked."""
    job = services.upload(content=content, name=name, by=by)
    services.name_columns(job=job, mapping=job.mapping, by=by, **options)
    assert running.work(job.pk)
    return fresh(job)


def applied(content: bytes, by: User, *, leavers: str = "", **options: bool) -> ImportJob:
    """The whole way; `leavers` is what is typed to confirm them."""
    job = previewed(content, by, **options)
    services.apply(job=job, by=by, marks_leavers=bool(leavers), confirmation=leavers)
    assert running.work(job.pk)
    return fresh(job)


def fresh(job: ImportJob) -> ImportJob:
    return ImportJob.objects.get(pk=job.pk)


def kinds(job: ImportJob) -> dict[str, str]:
    """What each person in the file is."""
    return {row.person: row.kind for row in job.rows.all()}


def reasons(job: ImportJob) -> dict[int, list[str]]:
    """Row number to what is wrong with it, as "field: sentence"."""
    bad = job.rows.filter(kind=ImportRow.Kind.BAD) | job.rows.filter(outcome=ImportRow.Outcome.SET_ASIDE)
    return {row.number: [f"{field}: {why}" for field, why in map(read, row.problems)] for row in bad}
