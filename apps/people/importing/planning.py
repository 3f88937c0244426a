"""What the tables know, for a check; and the rows of an import, filled in with what the check found."""

from collections.abc import Callable, Iterable, Sequence

from django.conf import settings
from django.db import transaction

from apps.calendars.models import WorkCalendar
from apps.core import clock
from apps.people import queries
from apps.people.importing import checking, reasons, resource
from apps.people.importing.models import ImportJob, ImportRow
from apps.people.importing.world import Known, World
from apps.people.models import CostCentre, Employee, User

CHUNK = 500
LAST = 1_000_000  # turn of those who leave: after everybody else


def look(job: ImportJob, user: User) -> World:
    """The company as it is now, as far as it matters to this import."""
    visible = set(queries.visible_employees(user).values_list("number", flat=True))
    people: dict[str, Known] = {}
    for employee in queries.for_export(Employee.objects.all()).iterator(chunk_size=CHUNK):
        people[employee.number] = Known(
            employee.number, employee.name, employee.is_active, resource.texts(employee), employee.number in visible
        )
    own = queries.employee_of(user)
    return World(
        people=people, teams=teams(user), cost_centres=cost_centres(), calendars=calendars(),
        creates_missing=job.creates_missing, is_clearing=job.is_clearing, importer=own.number if own else "",
        now=clock.now(), time_zone=settings.TIME_ZONE,
    )  # fmt: skip


def teams(user: User) -> dict[str, str]:
    """Those that the person may see: nobody is put into a team behind its back."""
    return {name.casefold(): name for name in queries.visible_teams(user).values_list("name", flat=True)}


def calendars() -> dict[str, str]:
    return {name.casefold(): name for name in WorkCalendar.objects.values_list("name", flat=True)}


def cost_centres() -> dict[str, str]:
    """By name and, which wins, by code."""
    rows = list(CostCentre.objects.values_list("code", "name"))
    return {name.casefold(): code for code, name in rows} | {code.casefold(): code for code, _name in rows}


def plan(job: ImportJob, user: User, tick: Callable[[int], None]) -> None:
    """Check all rows and write down what would become of each. Changes nobody."""
    rows = list(job.rows.filter(number__gt=0).order_by("number"))
    found = checking.check((_draft(job, row) for row in rows), look(job, user), tick)
    staff = Employee.objects.filter(state=Employee.State.ACTIVE).count()
    cells = {row.number: row.cells for row in rows}
    fresh = [*(_row(job, draft, cells[draft.number]) for draft in found.drafts), *_leavers(job, found.leavers)]
    with transaction.atomic():
        tick(len(rows))
        ImportRow.objects.filter(job=job).delete()
        ImportRow.objects.bulk_create(fresh, batch_size=CHUNK)
        job.counts = checking.counts(found, staff)
        ImportJob.objects.filter(pk=job.pk).update(counts=job.counts)


def _draft(job: ImportJob, row: ImportRow) -> checking.Draft:
    cells = {key: cell for key, cell in zip(job.mapping, row.cells, strict=True) if key}
    draft = checking.Draft(row.number, cells)
    for problem in row.problems:
        field, reason = reasons.read(problem)
        if not field:  # the row itself, as it was read
            draft.blame("", reason.code, **reason.values)
    return draft


def _row(job: ImportJob, draft: checking.Draft, cells: Sequence[str]) -> ImportRow:
    return ImportRow(
        job=job, number=draft.number, cells=cells, kind=draft.kind, person=draft.person[:100],
        turn=LAST if draft.kind == checking.LEAVES else draft.turn, label=draft.label[:200], problems=[reasons.kept(field, reason) for field, reason in draft.problems],
        changes=draft.changes if draft.is_good else {},
    )  # fmt: skip


def _leavers(job: ImportJob, leavers: Iterable[Known]) -> Iterable[ImportRow]:
    for known in leavers:
        yield ImportRow(job=job, number=0, kind=ImportRow.Kind.LEAVER, person=known.number, label=known.name,
                        turn=LAST)  # fmt: skip
