"""What may be done to people. The only writers besides the recorded edits of the admin."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from apps.calendars.models import WorkCalendar
from apps.core import clock
from apps.core.errors import InvalidInputError
from apps.core.texts import one_line
from apps.core.together import Later, forget, joined, recall
from apps.core.zones import zone_of
from apps.journal.actors import HasActor
from apps.journal.services import Happened, plain, record, record_many
from apps.people import departures, policy, queries
from apps.people.models import Absence, CostCentre, Employee, Membership, Team, User
from apps.people.phones import normalise


def checked_time_zone(name: str) -> str:
    """The name when it is a known zone like America/Sao_Paulo; raises InvalidInputError otherwise."""
    try:
        return ZoneInfo(name).key
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        sentence = _("“%(name)s” is not a time zone. Use a name like America/Sao_Paulo or Europe/Lisbon.") % {
            "name": name
        }
        raise InvalidInputError(sentence, fields={"time_zone": sentence}) from error


def check_manager(employee: Employee, manager: Employee | None) -> None:
    """Raises InvalidInputError when the line of managers would come round to `employee` itself."""

    def manager_of(employee_id: int) -> int | None:
        return Employee.objects.filter(pk=employee_id).values_list("manager_id", flat=True).first()

    if manager and employee.pk and policy.comes_round(employee.pk, manager.pk, manager_of):
        sentence = _("%(manager)s reports to %(employee)s already, directly or further down: choose somebody else.") % {
            "manager": manager, "employee": employee}  # fmt: skip
        raise InvalidInputError(sentence, fields={"manager": sentence})


@joined
def hire(
    *,
    number: str,
    name: str,
    by: HasActor,
    phone: str = "",
    email: str = "",
    position: str = "",
    language: str = "",
    time_zone: str = "",
    manager: Employee | None = None,
    calendar: WorkCalendar | None = None,
    cost_centre: CostCentre | None = None,
    teams: Iterable[Team] = (),
) -> Employee:
    """Add an employee; the phone may come in any local spelling. Without a language or time zone they have the house's.

    Raises InvalidInputError naming the wrong fields.
    """
    given = {"number": number, "name": name, "phone": phone, "email": email, "position": position, "calendar": calendar,
             "cost_centre": cost_centre}  # fmt: skip
    special = {key: text for key, text in (("language", language), ("time_zone", time_zone)) if text}
    return hire_many([{**given, **special, "manager": manager, "teams": teams}], by=by)[0]


@joined
def hire_many(people: Sequence[Mapping[str, Any]], *, by: HasActor) -> list[Employee]:
    """Add employees in one statement, each with the values of `hire`; in the order given, with the same entries.

    A manager is somebody who is written already. Raises InvalidInputError naming the wrong fields of the first wrong one,
    before anything is written.
    """
    rows = [_to_hire(manager=one.get("manager"), **{key: one[key] for key in one if key not in {"manager", "teams"}})
            for one in people]  # fmt: skip
    if len(rows) == 1:
        rows[0].save(force_insert=True)
    else:
        Employee.objects.bulk_create(rows)
    for row in rows:
        record("employee.hired", subject=row, by=by, after={"state": row.state, "manager": row.manager_id},
               body={"phone": row.phone, "email": row.email})  # fmt: skip
        forget(taken(row.number))
    _add_memberships([(Membership(employee=row, team=team), by)
                      for row, one in zip(rows, people, strict=True) for team in one.get("teams", ())])  # fmt: skip
    return rows


def _to_hire(*, number: str, name: str, manager: Employee | None, **given: Any) -> Employee:
    """A new row, checked and not yet written."""
    number, name = one_line(number), one_line(name)
    if not number or not name:
        raise InvalidInputError(_("An employee needs a number and a name."))
    if recall(taken(number), Employee.objects.filter(number=number).exists):
        sentence = _("The employee number %(number)s is taken.") % {"number": number}
        raise InvalidInputError(sentence, fields={"number": sentence})
    return Employee(manager=manager, **checked_values({"number": number, "name": name, **given}))


def taken(number: str) -> tuple[str, str]:
    """Under which a batch knows (core.together) whether somebody has this number; the constraint has the last word."""
    return "people.taken", number


@joined
def update_employee(*, employee: Employee, by: HasActor, changes: Mapping[str, Any]) -> Employee:
    """Change fields of `EDITABLE`; the row as it is now is changed, and nothing is recorded when nothing differs.

    The manager has a verb of their own (`set_manager`), so have teams (`set_teams`). Raises InvalidInputError naming the
    wrong fields, before anything is written.
    """
    unknown = set(changes) - EDITABLE
    if unknown:
        sentence = _("This cannot be changed here: %(fields)s.") % {"fields": ", ".join(sorted(unknown))}
        raise InvalidInputError(sentence, fields=dict.fromkeys(unknown, sentence))
    values = checked_values(changes)
    row = Employee.objects.select_for_update(no_key=True).get(pk=employee.pk)
    before = {name: plain(getattr(row, name)) for name in values}
    changed = [name for name, value in values.items() if getattr(row, name) != value]
    if not changed:
        return row
    for name in changed:
        setattr(row, name, values[name])
    row.save(update_fields=changed)
    record("employee.changed", subject=row, by=by, body={
        "before": {name: before[name] for name in changed},
        "after": {name: plain(values[name]) for name in changed}})  # fmt: skip
    return row


EDITABLE = frozenset({"name", "email", "phone", "position", "language", "time_zone", "calendar", "cost_centre"})


def checked_values(values: Mapping[str, Any]) -> dict[str, Any]:
    """Values of an employee's fields in the spelling they are kept in. Raises InvalidInputError naming the wrong ones."""
    found: dict[str, Any] = {}
    wrong: dict[str, str] = {}
    for name, value in values.items():
        field = Employee._meta.get_field(name)
        text = one_line(value) if isinstance(value, str) else value
        try:
            if name == "phone" and text:
                text = normalise(text)
            elif name == "time_zone":
                text = checked_time_zone(text)
            found[name] = text if field.is_relation else field.clean(text, None)  # type: ignore[union-attr]
        except InvalidInputError as error:
            wrong[name] = str(error)
        except ValidationError as error:
            wrong[name] = " ".join(error.messages)
    if wrong:
        raise InvalidInputError(" ".join(wrong.values()), fields=wrong)
    return found


@transaction.atomic
def set_teams(*, employee: Employee, teams: Iterable[Team], by: HasActor) -> None:
    """The employee is in exactly these teams from now on. Who led one of them goes on leading it.

    A membership that ended, or has yet to begin, in a team that is not named stays as it is.
    """
    wanted = {team.pk: team for team in teams}
    today = queries.today(employee)
    for row in Membership.objects.filter(employee=employee).select_related("team", "employee"):
        is_present = row.covers(today)
        team = wanted.pop(row.team_id, None)
        if team is None and is_present:
            _record_membership(row, "removed", by, before={"employee": employee.pk, "team": row.team_id})
            row.delete()
        elif team is not None and not is_present:
            row.starts_on, row.ends_on = today, None
            row.save(update_fields=["starts_on", "ends_on"])
            _record_membership(row, "changed", by, after={"starts_on": today.isoformat(), "ends_on": None})
    _add_memberships([(Membership(employee=employee, team=team), by) for team in wanted.values()])


@transaction.atomic
def put_in_team(
    *, employees: Sequence[Employee], team: Team, by: HasActor, is_lead: bool | None = None
) -> list[Membership]:
    """These people are in the team today, as its leads or not (None: as they are); in the order given.

    Who is in stays so, for as long as planned; whose time there is over, or has yet to begin, comes from today on.
    """
    Team.objects.select_for_update().get(pk=team.pk)  # nobody else puts one of them in meanwhile
    found = Membership.objects.select_for_update().filter(team=team, employee__in=employees)
    rows = {row.employee_id: row for row in found}
    before = {pk: told_membership(row) for pk, row in rows.items()}
    for employee in employees:
        row = rows.setdefault(employee.pk, Membership(team=team, employee=employee))
        row.team, row.employee = team, employee
        today = queries.today(employee)
        if row.pk and not row.covers(today):
            row.starts_on, row.ends_on = today, None
        row.is_lead = row.is_lead if is_lead is None else is_lead
    fresh = [row for pk, row in rows.items() if pk not in before]
    changed = [row for pk, row in rows.items() if pk in before and before[pk] != told_membership(row)]
    Membership.objects.bulk_create(fresh)
    Membership.objects.bulk_update(changed, ["is_lead", "starts_on", "ends_on"], batch_size=500)
    record_many(Happened("membership.added", row, by, after=told_membership(row)) for row in fresh)
    record_many(Happened("membership.changed", row, by, before=before[row.employee_id], after=told_membership(row))
                for row in changed)  # fmt: skip
    return [rows[employee.pk] for employee in employees]


def told_membership(row: Membership) -> dict[str, Any]:
    """As the journal tells of one: keys and days only."""
    days = {"starts_on": plain(row.starts_on), "ends_on": plain(row.ends_on)}
    return {"team": row.team_id, "employee": row.employee_id, "is_lead": row.is_lead, **days}


def _add_memberships(added: Sequence[tuple[Membership, HasActor]]) -> None:
    """At once, or all of a batch in one statement."""
    if added and not _MEMBERSHIPS.keep(*added):
        _write_memberships(added)


def _write_memberships(added: Sequence[tuple[Membership, HasActor]]) -> None:
    Membership.objects.bulk_create([row for row, _by in added])
    record_many(
        Happened("membership.added", row, by, after={"employee": row.employee_id, "team": row.team_id})
        for row, by in added
    )  # fmt: skip


_MEMBERSHIPS: Later[tuple[Membership, HasActor]] = Later(_write_memberships, rank=3)


def _record_membership(row: Membership, verb: str, by: HasActor, **sides: dict[str, Any]) -> None:
    record(f"membership.{verb}", subject=row, by=by, **sides)


@transaction.atomic
def create_team(*, name: str, by: HasActor, parent: Team | None = None) -> Team:
    """A new team. Raises InvalidInputError when the name is empty, too long or taken, in whatever case."""
    team = Team(name=one_line(name), parent=parent)
    _checked(team)
    _check_free(Team.objects.filter(name__iexact=team.name), "name", team.name)
    team.save()
    record(
        "team.added", subject=team, by=by, body={"before": {}, "after": {"name": team.name, "parent": plain(parent)}}
    )
    return team


@transaction.atomic
def create_cost_centre(*, code: str, by: HasActor, name: str = "", owner: Employee | None = None) -> CostCentre:
    """A new cost centre; without a name it is called like its code. Raises InvalidInputError."""
    centre = CostCentre(code=one_line(code), name=one_line(name) or one_line(code), owner=owner)
    save_cost_centre(centre)
    record("costcentre.added", subject=centre, by=by, body={"before": {}, "after": {
        "code": centre.code, "name": centre.name, "owner": plain(owner)}})  # fmt: skip
    return centre


def save_cost_centre(row: CostCentre) -> None:
    """Write it. Raises InvalidInputError for unusable values, and for a code that is taken, also in the same moment."""
    _check_free(CostCentre.objects.filter(code__iexact=row.code).exclude(pk=row.pk), "code", row.code)
    _checked(row)
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError as error:  # somebody else took the code between the look and the save
        raise _is_there("code", row.code) from error


def _check_free(same: QuerySet[Any], field: str, text: str) -> None:
    """Imports look names up without case: two that differ in nothing else would be one."""
    if same.exists():
        raise _is_there(field, text)


def _is_there(field: str, text: str) -> InvalidInputError:
    sentence = _("“%(text)s” is there already.") % {"text": text}
    return InvalidInputError(sentence, fields={field: sentence}, code=f"{field}_taken")


def _checked(row: Team | CostCentre) -> None:
    try:
        row.full_clean()
    except ValidationError as error:
        fields = {name: " ".join(sentences) for name, sentences in error.message_dict.items()}
        raise InvalidInputError(" ".join(error.messages), fields=fields) from error


mark_left = departures.mark_left
take_back = departures.take_back


@transaction.atomic
def set_manager(*, employee: Employee, manager: Employee | None, by: HasActor) -> Employee:
    """Raises InvalidInputError for a round. Requests on their way keep the people already asked."""
    row = Employee.objects.select_for_update(no_key=True).get(pk=employee.pk)
    check_manager(row, manager)
    before = row.manager_id
    row.manager = manager
    row.save(update_fields=["manager"])
    record(
        "employee.manager_changed", subject=row, by=by, before={"manager": before}, after={"manager": row.manager_id}
    )
    return row


@transaction.atomic
def set_phone(*, employee: Employee, phone: str, by: HasActor) -> Employee:
    """HR's record of the phone, in any local spelling; it proves nothing. Raises InvalidInputError for no phone number."""
    row = Employee.objects.select_for_update(no_key=True).get(pk=employee.pk)
    before, row.phone = row.phone, normalise(phone)
    row.save(update_fields=["phone"])
    record("employee.phone_changed", subject=row, by=by, body={"before": before, "after": row.phone})
    return row


@transaction.atomic
def record_absence(
    *,
    employee: Employee,
    starts_on: date,
    ends_on: date,
    by: HasActor,
    deputy: Employee | None = None,
    reason: str = "",
) -> Absence:
    """Both days count. Without a deputy the standing one decides, else the manager. Raises InvalidInputError."""
    absence = Absence(employee=employee, starts_on=starts_on, ends_on=ends_on, deputy=deputy, reason=one_line(reason))
    check_absence(absence)
    absence.save()
    record("absence.added", subject=absence, by=by, after={
        "employee": employee.pk, "deputy": deputy.pk if deputy else None,
        "starts_on": starts_on.isoformat(), "ends_on": ends_on.isoformat()}, body={"reason": absence.reason})  # fmt: skip
    return absence


def check_absence(row: Absence) -> None:
    """Raises InvalidInputError for days in the wrong order, and for somebody who would stand in for themselves."""
    if row.ends_on < row.starts_on:
        raise InvalidInputError(
            _("The last day lies before the first."), fields={"ends_on": _("Before the first day.")}
        )
    if row.deputy_id == row.employee_id:
        raise InvalidInputError(_("Nobody is their own deputy."), fields={"deputy": _("Choose somebody else.")})


def begins_at(absence: Absence) -> datetime:
    """Midnight of the first day where the person lives."""
    zone = zone_of(absence.employee.time_zone)
    return datetime.combine(absence.starts_on, time.min, tzinfo=zone)


@transaction.atomic
def start_absence(*, absence: Absence) -> bool:
    """Say in the journal that an absence runs now, so that what waits for the person moves on. False: it does not run."""
    if not absence.covers(queries.today(absence.employee)):
        return False
    record("absence.started", subject=absence, after={"employee": absence.employee_id, "deputy": absence.deputy_id,
                                                      "at": clock.now().isoformat()})  # fmt: skip
    return True


@transaction.atomic
def close_first_steps(*, user: User) -> None:
    """Keep the list of first steps off this person's home. A second press changes nothing."""
    is_new = User.objects.filter(pk=user.pk, first_steps_closed_at=None).update(first_steps_closed_at=clock.now())
    if is_new:
        record("first_steps.closed", subject=user, by=user)
