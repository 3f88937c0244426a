"""Rows of a previewed import, applied a chunk at a time. What changed since the preview is set aside, never overwritten.

Each chunk is one transaction: its people, its entries in the journal and the outcomes of its rows. A worker killed in the
middle leaves whole chunks, and the next one goes on after them.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from itertools import groupby
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from apps.calendars.models import WorkCalendar
from apps.core import clock
from apps.core.errors import InvalidInputError, MoveNotAllowedError, RecadoError
from apps.core.together import note, together
from apps.people import planned, queries, services
from apps.people.importing import planning, reasons, resource
from apps.people.importing import services as importing
from apps.people.importing.models import ImportJob, ImportRow
from apps.people.importing.reasons import Reason
from apps.people.importing.world import World
from apps.people.models import CostCentre, Employee, Team, User

CHUNK = 100  # rows: about half a second, so that whoever else writes need not wait for long
_RELATIONS = {"cost_centre", "calendar"}
_OWN_VERBS = {"number", "manager", "teams", "state", "last_day"}
Kind = ImportRow.Kind


def waiting(job: ImportJob) -> QuerySet[ImportRow]:
    """Rows still to be applied, in their turn."""
    kinds = [*importing.TAKEN, *([Kind.LEAVER] if job.marks_leavers else [])]
    return job.rows.filter(kind__in=kinds, outcome=ImportRow.Outcome.NONE).order_by("turn", "id")


def apply_chunk(job: ImportJob, rows: Sequence[ImportRow], by: User) -> int:
    """Apply these rows in the caller's transaction; returns how many were set aside."""
    applied: list[int] = []
    aside: list[ImportRow] = []
    with together():
        chunk = _Chunk(job, rows, by)
        hired = chunk.hire_at_once(rows)
        applied += hired
        for row in rows:
            if row.pk in hired:
                continue
            try:
                with transaction.atomic():
                    chunk.apply(row)
            except RecadoError as error:
                row.problems = [_problem(row, error)]
            except IntegrityError:
                row.problems = [reasons.kept("", Reason("written_twice"))]
            else:
                applied.append(row.pk)
                continue
            aside.append(row)
            chunk = _Chunk(job, rows, by)  # what it knew of this row's work was rolled back
    ImportRow.objects.filter(pk__in=applied).update(outcome=ImportRow.Outcome.APPLIED)
    for row in aside:
        row.outcome = ImportRow.Outcome.SET_ASIDE
    ImportRow.objects.bulk_update(aside, ["outcome", "problems"])
    return len(aside)


class SetAsideError(RecadoError):
    """This row cannot be taken any more."""

    def __init__(self, field: str, code: str, /, **values: Any) -> None:
        self.field, self.reason = field, Reason(code, values)
        super().__init__(code)


def _problem(row: ImportRow, error: RecadoError) -> list[Any]:
    """What the row keeps of a refusal. The verbs' own are those of a race: something changed since the preview."""
    if isinstance(error, SetAsideError):
        return reasons.kept(error.field, error.reason)
    fields = error.fields if isinstance(error, InvalidInputError) else {}
    if isinstance(error, MoveNotAllowedError):
        return reasons.kept("state", Reason("moved"))
    if "number" in fields:
        return reasons.kept("number", Reason("number_taken"))
    if "manager" in fields:
        return reasons.kept("manager", Reason("round", {"number": row.changes["manager"][1]}))
    if "on" in fields:
        return reasons.kept("last_day", Reason("day_too_far"))
    return reasons.kept(next(iter(fields), ""), Reason(reasons.SAID, {"text": str(error)}))


class _Chunk:
    """What these rows need of the tables, read once, under lock."""

    def __init__(self, job: ImportJob, rows: Sequence[ImportRow], by: User) -> None:
        self.job, self.by = job, by
        numbers = {row.person for row in rows} | {row.changes["manager"][1] for row in rows if "manager" in row.changes}
        # The lock first, then the read: what is compared is what will be changed.
        list(
            Employee.objects.select_for_update(no_key=True).filter(number__in=numbers).order_by("pk").values_list("pk")
        )
        found = queries.for_export(Employee.objects.filter(number__in=numbers))
        self.people = {employee.number: employee for employee in found}
        for number in numbers - set(self.people):
            note(services.taken(number), value=False)
        self.owners = self._owners(rows)
        self.world = World(teams=planning.teams(by), creates_missing=True)
        self.teams, self.cost_centres = self._known_teams(), self._known_cost_centres()
        self.calendars = {calendar.name: calendar for calendar in WorkCalendar.objects.all()}

    def _known_teams(self) -> dict[str, Team]:
        return {team.name: team for team in queries.visible_teams(self.by)}

    def _known_cost_centres(self) -> dict[str, CostCentre]:
        return {centre.code: centre for centre in CostCentre.objects.all()}

    def _owners(self, rows: Sequence[ImportRow]) -> dict[str, set[str]]:
        """Who has the phones that these rows want, but for those who give theirs away in this very import."""
        wanted = {row.changes["phone"][1] for row in rows if "phone" in row.changes}
        wanted |= {self.people[row.person].phone for row in rows if row.kind == Kind.BACK and row.person in self.people}
        active = Employee.objects.filter(phone__in=wanted - {""}, state=Employee.State.ACTIVE)
        found = list(active.values_list("phone", "number"))
        moving = self.job.rows.filter(person__in=[number for _phone, number in found], changes__has_key="phone")
        left = {row.person: row.changes["phone"][0] for row in moving.exclude(outcome=ImportRow.Outcome.SET_ASIDE)}
        owners: dict[str, set[str]] = defaultdict(set)
        for phone, number in found:
            if left.get(number) != phone:
                owners[phone].add(number)
        return owners

    def apply(self, row: ImportRow) -> None:
        """One row, whole. Raises RecadoError where it must be set aside."""
        if row.kind == Kind.NEW:
            self._hire(row)
            return
        employee = self._unchanged_since(row)
        if row.kind == Kind.LEAVER:
            services.mark_left(employee=employee, by=self.by)
            return
        self._check_phone(row, employee)
        if row.kind == Kind.BACK:
            employee = services.take_back(employee=employee, by=self.by)
        values = {key: self._value(key, new) for key, (_old, new) in row.changes.items() if key not in _OWN_VERBS}
        if values:
            employee = services.update_employee(employee=employee, by=self.by, changes=values)
        if "manager" in row.changes:
            employee = services.set_manager(employee=employee, manager=self._manager(row), by=self.by)
        if "teams" in row.changes:
            services.set_teams(employee=employee, teams=self._teams(row), by=self.by)
        self._set_last_day(row, employee)

    def hire_at_once(self, rows: Sequence[ImportRow]) -> set[int]:
        """New people whom nothing speaks against, a level of the hierarchy in one statement; returns the keys of their rows.

        A level with any doubt is left, with those below it, to be taken row by row, where each has its reason.
        """
        hired: set[int] = set()
        fresh = [row for row in rows if row.kind == Kind.NEW and "last_day" not in row.changes]
        for _turn, level in groupby(fresh, key=lambda row: row.turn):
            found = list(level)
            owners = {phone: set(numbers) for phone, numbers in self.owners.items()}
            try:
                with transaction.atomic():
                    people = services.hire_many([self._wanted(row) for row in found], by=self.by)
            except (RecadoError, IntegrityError):
                self.owners = defaultdict(set, owners)
                self.teams, self.cost_centres = self._known_teams(), self._known_cost_centres()
                return hired
            self.people |= {row.person: person for row, person in zip(found, people, strict=True)}
            hired |= {row.pk for row in found}
        return hired

    def _hire(self, row: ImportRow) -> None:
        self.people[row.person] = services.hire_many([self._wanted(row)], by=self.by)[0]
        self._set_last_day(row, self.people[row.person])

    def _wanted(self, row: ImportRow) -> dict[str, Any]:
        """The values of somebody new, when nothing has come in between."""
        if row.person in self.people:
            raise SetAsideError("number", "number_taken")
        self._check_phone(row, None)
        values = {key: self._value(key, new) for key, (_old, new) in row.changes.items() if key not in _OWN_VERBS}
        return {"number": row.person, **values, "manager": self._manager(row), "teams": self._teams(row)}

    def _set_last_day(self, row: ImportRow, employee: Employee) -> None:
        """Planned, moved, called off, or left at once: as it was shown, however many days ago that was."""
        if "last_day" not in row.changes:
            return
        day = row.changes["last_day"][1]
        if not day:
            planned.call_off(employee=employee, by=self.by)
        elif row.kind == Kind.LEAVES:
            services.mark_left(employee=employee, by=self.by, on=date.fromisoformat(day))
        elif date.fromisoformat(day) < queries.today(employee):
            raise SetAsideError("last_day", "day_over")
        else:
            planned.plan(employee=employee, by=self.by, on=date.fromisoformat(day))

    def _unchanged_since(self, row: ImportRow) -> Employee:
        """The person, when they are as the preview showed them."""
        employee = self.people.get(row.person)
        if employee is None:
            raise SetAsideError("number", "gone")
        was_active = row.kind in {Kind.LEAVER, Kind.LEAVES} or (row.kind != Kind.BACK and not self._says_left(row))
        if employee.is_active != was_active:
            raise SetAsideError("state", "moved")
        now = resource.texts(employee)
        for key, (old, _new) in row.changes.items():
            if now[key] != old:
                raise SetAsideError(key, "changed", old=old, now=now[key])
        return employee

    def _says_left(self, row: ImportRow) -> bool:
        """A row of somebody who left before and stays so: by their state, or by a last day that lies behind."""
        if self._read(row, "state") == "left":
            return True
        day = "" if "last_day" in row.changes else self._read(row, "last_day")
        zone = self._read(row, "time_zone") or self.people[row.person].time_zone
        return bool(day) and date.fromisoformat(day) <= queries.day_in(zone, clock.now())

    def _read(self, row: ImportRow, key: str) -> str:
        cell = row.cells[self.job.mapping.index(key)] if key in self.job.mapping else ""
        return resource.value(key, cell, self.world) if cell else ""

    def _check_phone(self, row: ImportRow, employee: Employee | None) -> None:
        stays = employee.phone if employee is not None and row.kind == Kind.BACK else ""
        phone = row.changes["phone"][1] if "phone" in row.changes else stays
        if phone and self.owners[phone] - {row.person}:
            raise SetAsideError("phone", "phone_taken")
        if phone:
            self.owners[phone].add(row.person)
        if employee is not None and "phone" in row.changes:
            self.owners[employee.phone].discard(row.person)

    def _teams(self, row: ImportRow) -> list[Team]:
        text = row.changes["teams"][1] if "teams" in row.changes else ""
        return [self._team(name) for name in resource.split(text, self.world)]

    def _manager(self, row: ImportRow) -> Employee | None:
        number = row.changes["manager"][1] if "manager" in row.changes else ""
        manager = self.people.get(number)
        if number and manager is None:
            raise SetAsideError("manager", "manager_aside", number=number)
        return manager

    def _team(self, name: str) -> Team:
        known = self.world.teams.get(name.casefold(), name)
        if known not in self.teams:
            self._check_may_create("people.add_team", name)
            self.teams[known] = services.create_team(name=known, by=self.by)
        return self.teams[known]

    def _value(self, key: str, text: str) -> Any:
        if key not in _RELATIONS or not text:
            return None if key in _RELATIONS else text
        if key == "calendar":
            if text not in self.calendars:
                raise SetAsideError(key, "calendar_gone", text=text)
            return self.calendars[text]
        if text not in self.cost_centres:
            self._check_may_create("people.add_costcentre", text)
            self.cost_centres[text] = services.create_cost_centre(code=text, by=self.by)
        return self.cost_centres[text]

    def _check_may_create(self, permission: str, name: str) -> None:
        if not self.job.creates_missing or not self.by.has_perm(permission):
            raise SetAsideError("", "creates_nothing", name=name)
