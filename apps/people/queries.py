"""Reads about people. Row scope of the whole house stands on `visible_employees`."""

from collections.abc import Callable, Iterable
from datetime import date, datetime
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Model, Prefetch, Q, QuerySet

from apps.calendars import queries as calendars
from apps.calendars.hours import add_working
from apps.core import clock
from apps.core.zones import zone_of
from apps.people import policy
from apps.people.models import Absence, CostCentre, Deputy, Employee, ImportJob, Leaving, Membership, Team, User

M = TypeVar("M", bound=Model)
VIEW_ALL = "people.view_all_employees"
VIEW_LEAVING = "people.view_leaving"


def active_employee(employee_id: int | str) -> Employee | None:
    """The employee when still here."""
    return Employee.objects.filter(pk=employee_id, state=Employee.State.ACTIVE).first()


def employee_of(user: Any) -> Employee | None:
    """The active employee who signs in as `user`; None for service accounts, leavers and the anonymous."""
    if not getattr(user, "is_authenticated", False) or not getattr(user, "is_active", False):
        return None
    return Employee.objects.filter(user_id=user.pk, state=Employee.State.ACTIVE).first()


def employees_who_may(permission: str) -> list[Employee]:
    """Active employees whose active sign-in has a permission ("app.codename"), by name."""
    users = User.objects.with_perm(permission, backend="django.contrib.auth.backends.ModelBackend")
    return list(Employee.objects.filter(user__in=users, state=Employee.State.ACTIVE).order_by("name", "pk"))


def local_day(employee: Employee, at: datetime) -> date:
    """The date on this person's own calendar at `at` (UTC when the stored zone is unknown)."""
    return day_in(employee.time_zone, at)


def zone_for(reader: Employee | None) -> ZoneInfo:
    """In which this person reads every time; the house's for a sign-in of nobody."""
    return zone_of(reader.time_zone if reader else settings.TIME_ZONE)


def day_in(time_zone: str, at: datetime) -> date:
    """The date there at `at`; in UTC when there is no such zone."""
    return at.astimezone(zone_of(time_zone)).date()


def today(employee: Employee) -> date:
    """The date on this person's own calendar now."""
    return local_day(employee, clock.now())


def clock_of(employee: Employee | None) -> datetime:
    """Now, on this person's own clock; on the house's for a sign-in of nobody (UTC when the stored zone is unknown)."""
    return clock.now().astimezone(zone_for(employee))


def clock_time(moment: datetime, reader: Employee | None) -> str:
    """14:02 today, else 03/08 14:02, on the reader's clock."""
    local = moment.astimezone(zone_for(reader))
    return local.strftime("%H:%M" if local.date() == clock_of(reader).date() else "%d/%m %H:%M")


def working_hours_after(employee: Employee, start: datetime) -> Callable[[int], datetime]:
    """A function of hours: the moment by which this person has worked so many since `start`, by their calendar as it stands
    now and in their zone."""
    calendar = calendars.pure([employee.calendar_id])[employee.calendar_id]
    zone = zone_of(employee.time_zone)
    return lambda hours: add_working(calendar, zone, start, hours * 3600.0)


def midnight_of(employee: Employee | None) -> datetime:
    """When this person's day began."""
    return clock_of(employee).replace(hour=0, minute=0, second=0, microsecond=0)


# --- teams ------------------------------------------------------------------------------------------------------------


def _within(on: date | None) -> Q:
    if on is None:
        return Q()
    return (Q(starts_on=None) | Q(starts_on__lte=on)) & (Q(ends_on=None) | Q(ends_on__gte=on))


def present(on: date | None = None) -> QuerySet[Membership]:
    """Memberships that cover `on` (None: today, on the house's clock)."""
    return Membership.objects.filter(_within(on or clock.now().date()))


def members_of(team: Team, on: date | None = None) -> list[Employee]:
    """Active members whose membership covers `on` (None: at any time), by name."""
    return _people(Membership.objects.filter(_within(on), team=team))


def leads_of(team: Team, on: date | None = None) -> list[Employee]:
    """Active leads of the team itself (not of its parents), by name."""
    return _people(Membership.objects.filter(_within(on), team=team, is_lead=True))


def in_position(position: str) -> list[Employee]:
    """Active employees in that position, however it is capitalised, by name."""
    active, wanted = (
        Employee.objects.filter(state=Employee.State.ACTIVE).exclude(position=""),
        position.strip().casefold(),
    )
    # Compared here: SQLite takes É and é for two letters.
    spelled = [name for name in set(active.values_list("position", flat=True)) if name.strip().casefold() == wanted]
    return list(active.filter(position__in=spelled).order_by("name", "id"))


def has_cost_centre_owner() -> bool:
    """Whether any cost centre has an owner who is here."""
    return CostCentre.objects.filter(owner__state=Employee.State.ACTIVE).exists()


def _people(memberships: QuerySet[Membership]) -> list[Employee]:
    rows = memberships.filter(employee__state=Employee.State.ACTIVE).select_related("employee")
    return [row.employee for row in rows.order_by("employee__name", "employee_id")]


def is_member(employee: Employee, team: Team, on: date) -> bool:
    """True for an active member of the team itself on that day."""
    return employee.is_active and Membership.objects.filter(_within(on), employee=employee, team=team).exists()


def teams_of(employee: Employee, on: date) -> set[int]:
    """Ids of the teams that the employee belongs to on that day."""
    return set(Membership.objects.filter(_within(on), employee=employee).values_list("team_id", flat=True))


def teams_led_by(employee: Employee, on: date) -> set[int]:
    """Ids of the teams led on that day, with all their descendants."""
    led = Membership.objects.filter(_within(on), employee=employee, is_lead=True)
    return with_descendants(led.values_list("team_id", flat=True))


def with_descendants(team_ids: Iterable[int]) -> set[int]:
    """These teams and everything below them; a round in the tree does no harm."""
    found: set[int] = set()
    layer = set(team_ids)
    while layer:
        found |= layer
        layer = set(Team.objects.filter(parent_id__in=layer).values_list("id", flat=True)) - found
    return found


# --- absences and deputies --------------------------------------------------------------------------------------------


def absence_of(employee: Employee, on: date) -> Absence | None:
    """The absence that covers `on`; of several, the one recorded last."""
    covering = Absence.objects.filter(employee=employee, starts_on__lte=on, ends_on__gte=on)
    return covering.select_related("deputy").order_by("-id").first()


def away_today(rows: QuerySet[Absence], reader: Employee | None) -> QuerySet[Absence]:
    """Those of `rows` that cover today, on the reader's own calendar."""
    day = clock_of(reader).date()
    return rows.filter(starts_on__lte=day, ends_on__gte=day)


def person(employee_id: int, at: datetime) -> policy.Person | None:
    """One employee as the stand-in rule sees them at `at`, on their own calendar."""
    employee = Employee.objects.filter(pk=employee_id).first()
    if employee is None:
        return None
    absence = absence_of(employee, local_day(employee, at))
    standing = Deputy.objects.filter(employee=employee).values_list("deputy_id", flat=True).first()
    return policy.Person(
        id=employee.pk,
        is_active=employee.is_active,
        is_absent=absence is not None,
        absence_deputy_id=absence.deputy_id if absence else None,
        standing_deputy_id=standing,
        manager_id=employee.manager_id,
    )


def stand_in(
    employee: Employee, at: datetime, *, exclude: frozenset[int] = frozenset()
) -> tuple[Employee | None, Employee | None]:
    """(who decides at that moment, for whom they stand in); (None, employee) when nobody can; see `policy.stand_in`."""
    found = policy.stand_in(employee.pk, lambda employee_id: person(employee_id, at), exclude=exclude)
    if found is None:
        return None, employee
    if found == employee.pk:
        return employee, None
    return Employee.objects.get(pk=found), employee


# --- who sees whom ----------------------------------------------------------------------------------------------------


def sees_everybody(user: Any) -> bool:
    """Whether no row of anybody is hidden from `user`."""
    return bool(user.is_active and user.has_perm(VIEW_ALL))


def own_or_all(rows: QuerySet[M], user: Any) -> QuerySet[M]:
    """Of what somebody ordered (`by`): all for whoever sees everybody, else one's own; nothing for a locked sign-in."""
    if not user.is_active:
        return rows.none()
    return rows if sees_everybody(user) else rows.filter(by=user.pk)


def visible_employees(user: Any) -> QuerySet[Employee]:
    """The employees whose rows `user` may see.

    Everybody with `people.view_all_employees`; else oneself, direct reports and whoever is today in a team that one leads
    today, or below it. A sign-in without an active employee sees nobody.
    """
    everybody = Employee.objects.all()
    if sees_everybody(user):
        return everybody
    own = employee_of(user)
    if own is None:
        return everybody.none()
    from_teams = present(today(own)).filter(team_id__in=led_teams(user)).values("employee_id")
    return everybody.filter(Q(pk=own.pk) | Q(manager=own) | Q(pk__in=from_teams))


def led_teams(user: Any) -> set[int]:
    """Ids of the teams that the person behind `user` leads today, with descendants."""
    own = employee_of(user)
    return teams_led_by(own, today(own)) if own else set()


def visible_teams(user: Any) -> QuerySet[Team]:
    """Every team for those who see everybody; else those one leads, their descendants and one's own."""
    if sees_everybody(user):
        return Team.objects.all()
    own = employee_of(user)
    if own is None:
        return Team.objects.none()
    return Team.objects.filter(pk__in=led_teams(user) | teams_of(own, today(own)))


# --- lists and files --------------------------------------------------------------------------------------------------


def for_export(employees: QuerySet[Employee], *, reader: Any = None) -> QuerySet[Employee]:
    """With all that a line of a file says of an employee; teams of today in `present_memberships`, planned departures in
    `planned_leavings`: none for a `reader` who may not see departures."""
    rows = employees.select_related("manager", "cost_centre", "calendar")
    planned = Leaving.objects.filter(state=Leaving.State.PLANNED)
    if reader is not None and not reader.has_perm(VIEW_LEAVING):
        planned = planned.none()
    return rows.prefetch_related(
        Prefetch("memberships", queryset=present().select_related("team"), to_attr="present_memberships"),
        Prefetch("leavings", queryset=planned, to_attr="planned_leavings"),
    )


def visible_imports(user: Any) -> QuerySet[ImportJob]:
    """Imports hold other people's data."""
    return own_or_all(ImportJob.objects.all(), user)


def team_paths() -> dict[int, list[str]]:
    """Team id to the names from the top down to it, in the order of the tree. A round in it does no harm."""
    rows = {row.pk: row for row in Team.objects.all()}
    paths: dict[int, list[str]] = {}
    for row in rows.values():
        names, seen, above = [row.name], {row.pk}, row.parent_id
        while above is not None and above in rows and above not in seen:
            seen.add(above)
            names.insert(0, rows[above].name)
            above = rows[above].parent_id
        paths[row.pk] = names
    return dict(sorted(paths.items(), key=lambda item: [name.casefold() for name in item[1]]))
