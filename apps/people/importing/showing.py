"""An import as its page shows it: steps, counts that are links, rows with their changes in words, the rows to mend."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import Q
from django.utils import translation
from django.utils.translation import gettext as _

from apps.journal.export import as_lines
from apps.people.importing import columns, reasons, services
from apps.people.importing.models import ImportJob, ImportRow
from apps.people.models import Employee

PER_PAGE = 50
SAMPLES = 3
Kind, State = ImportRow.Kind, ImportJob.State
_ORDER = (Kind.BAD, Kind.NEW, Kind.CHANGED, Kind.BACK, Kind.LEAVES, Kind.LEAVER, Kind.UNCHANGED)


@dataclass(frozen=True)
class Pile:
    """Rows of one sort, as a link."""

    kind: str
    title: str
    count: int
    is_shown: bool


@dataclass(frozen=True)
class Line:
    """One row: `changes` are (field, old, new), `reasons` (field, sentence)."""

    number: int
    person: str
    label: str
    changes: list[tuple[str, str, str]] = field(default_factory=list)
    reasons: list[tuple[str, str]] = field(default_factory=list)


def label(key: str) -> str:
    """A field in the reader's language; the row itself has none."""
    return columns.header(key, translation.get_language() or "en") if key in columns.HEADERS else ""


def reasons_of(row: ImportRow) -> list[tuple[str, str]]:
    """(field, sentence) in the reader's language."""
    return [(label(name), str(reason)) for name, reason in map(reasons.read, row.problems)]


def column_choices(job: ImportJob, mapping: Sequence[str]) -> list[dict[str, Any]]:
    """Each column of the file with its first values, the choice made for it, and what may be chosen."""
    rows = list(job.rows.filter(number__gt=0).order_by("number")[:SAMPLES])
    choices = [("", _("leave it out")), *((key, label(key)) for key in columns.KEYS)]
    return [
        {"index": index, "header": header or _("column %(number)s") % {"number": index + 1}, "chosen": chosen,
         "choices": choices, "samples": [row.cells[index] for row in rows if row.cells[index]]}
        for index, (header, chosen) in enumerate(zip(job.headers, mapping, strict=True))
    ]  # fmt: skip


def piles(job: ImportJob, wanted: str) -> list[Pile]:
    """What the check found, what needs a look first; the first with any rows is shown when none was asked for."""
    counted = {kind: int(job.counts.get(kind.value, 0)) for kind in _ORDER}
    if job.state not in {State.MAPPED, State.PREVIEWED, State.APPLYING}:
        counted[Kind.BAD] += int(job.counts.get("set_aside", 0))
    shown = wanted if wanted in {kind.value for kind in _ORDER} else ""
    shown = shown or next((kind.value for kind in _ORDER if counted[kind]), "")
    titles = {Kind.BAD: _("with an error or set aside")} if "set_aside" in job.counts else {}
    return [Pile(kind.value, str(titles.get(kind, kind.label)), counted[kind], kind.value == shown) for kind in _ORDER]


def page_of_rows(job: ImportJob, kind: str, number: str) -> tuple[Page, list[Line]]:
    rows = rejected(job) if kind == Kind.BAD else job.rows.filter(kind=kind).exclude(outcome="set_aside")
    page = Paginator(rows.order_by("number", "id"), PER_PAGE).get_page(number)
    return page, _lines(list(page.object_list))


def rejected(job: ImportJob) -> Any:
    """Rows that were not taken, and why."""
    return job.rows.filter(Q(kind=Kind.BAD) | Q(outcome=ImportRow.Outcome.SET_ASIDE))


def _lines(rows: list[ImportRow]) -> list[Line]:
    numbers = {side for row in rows for side in row.changes.get("manager", [])}
    names = dict(Employee.objects.filter(number__in=numbers).values_list("number", "name"))

    def words(key: str, text: str) -> str:
        return f"{names[text]} ({text})" if key == "manager" and text in names else text or "–"

    return [
        Line(row.number, row.person, row.label,
             [(label(key), words(key, old), words(key, new)) for key, (old, new) in row.changes.items()],
             reasons_of(row))
        for row in rows
    ]  # fmt: skip


def leaving(job: ImportJob) -> dict[str, Any]:
    """What the page says and asks about people whom the file leaves out."""
    leavers, staff = int(job.counts.get("leaver", 0)), int(job.counts.get("staff", 0))
    return {"count": leavers, "staff": staff, "is_many": services.is_many(leavers, staff),
            "wanted": services.wanted_confirmation(job)}  # fmt: skip


def to_apply(job: ImportJob) -> int:
    return sum(int(job.counts.get(kind, 0)) for kind in services.TAKEN)


def rejected_as_csv(job: ImportJob) -> Iterator[str]:
    """The rows that were not taken, as they came, with the reason in a last column: mend them and upload this file."""
    reason = translation.gettext("Reason")

    def cells() -> Iterator[list[str]]:
        for row in rejected(job).filter(number__gt=0).order_by("number", "id").iterator(chunk_size=500):
            why = "; ".join(f"{name}: {said}" if name else said for name, said in reasons_of(row))
            yield [*row.cells, why]

    return as_lines([*job.headers, reason], cells())
