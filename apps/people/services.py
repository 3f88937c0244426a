"""What may be done to people. The only writers besides the recorded edits of the admin."""

from datetime import date, datetime, time
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.db import transaction
from django.utils.translation import gettext as _

from apps.core import clock
from apps.core.errors import InvalidInputError
from apps.journal.actors import HasActor
from apps.journal.services import record, transition
from apps.people import policy, queries
from apps.people.machine import EMPLOYEE
from apps.people.models import Absence, Employee
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


@transaction.atomic
def hire(
    *,
    number: str,
    name: str,
    by: HasActor,
    phone: str = "",
    email: str = "",
    position: str = "",
    language: str = "en",
    time_zone: str = "UTC",
    manager: Employee | None = None,
) -> Employee:
    """Add an employee; the phone may come in any local spelling. Raises InvalidInputError naming the wrong fields."""
    if not number.strip() or not name.strip():
        raise InvalidInputError(_("An employee needs a number and a name."))
    if Employee.objects.filter(number=number.strip()).exists():
        sentence = _("The employee number %(number)s is taken.") % {"number": number}
        raise InvalidInputError(sentence, fields={"number": sentence})
    employee = Employee.objects.create(
        number=number.strip(), name=name.strip(), phone=normalise(phone) if phone.strip() else "", email=email.strip(),
        position=position, language=language, time_zone=checked_time_zone(time_zone), manager=manager,
    )  # fmt: skip
    record("employee.hired", subject=employee, by=by, after={"state": employee.state, "manager": employee.manager_id},
           body={"phone": employee.phone, "email": employee.email})  # fmt: skip
    return employee


@transaction.atomic
def mark_left(*, employee: Employee, by: HasActor, on: date | None = None) -> Employee:
    """The person no longer works here: from this commit on they decide nothing, and reactions clear up behind them.

    Reports of theirs keep the name of their manager, so that open requests climb to the manager's manager; the sign-in
    is locked in the same commit. Raises MoveNotAllowedError when the employee has left before.
    """
    left = transition(employee, EMPLOYEE, "leave", by=by, left_on=on or queries.today(employee))
    if left.user is not None and left.user.is_active:
        left.user.is_active = False
        left.user.save(update_fields=["is_active"])
        record("user.locked", subject=left.user, by=by, before={"is_active": True}, after={"is_active": False})
    return left


@transaction.atomic
def take_back(*, employee: Employee, by: HasActor) -> Employee:
    """Undo a mistaken *left*, or hire again. The sign-in stays locked until an administrator opens it."""
    return transition(employee, EMPLOYEE, "come_back", by=by, left_on=None)


@transaction.atomic
def set_manager(*, employee: Employee, manager: Employee | None, by: HasActor) -> Employee:
    """Raises InvalidInputError for a round. Requests on their way keep the people already asked."""
    row = Employee.objects.select_for_update().get(pk=employee.pk)
    check_manager(row, manager)
    before = row.manager_id
    row.manager = manager
    row.save(update_fields=["manager"])
    record(
        "employee.manager_changed", subject=row, by=by, before={"manager": before}, after={"manager": row.manager_id}
    )
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
    if ends_on < starts_on:
        raise InvalidInputError(
            _("The last day lies before the first."), fields={"ends_on": _("Before the first day.")}
        )
    if deputy is not None and deputy.pk == employee.pk:
        raise InvalidInputError(_("Nobody is their own deputy."), fields={"deputy": _("Choose somebody else.")})
    absence = Absence.objects.create(
        employee=employee, starts_on=starts_on, ends_on=ends_on, deputy=deputy, reason=reason
    )
    record("absence.added", subject=absence, by=by, after={
        "employee": employee.pk, "deputy": deputy.pk if deputy else None,
        "starts_on": starts_on.isoformat(), "ends_on": ends_on.isoformat()}, body={"reason": reason})  # fmt: skip
    return absence


def begins_at(absence: Absence) -> datetime:
    """Midnight of the first day where the person lives."""
    zone = ZoneInfo(checked_time_zone(absence.employee.time_zone))
    return datetime.combine(absence.starts_on, time.min, tzinfo=zone)


@transaction.atomic
def start_absence(*, absence: Absence) -> bool:
    """Say in the journal that an absence runs now, so that what waits for the person moves on. False: it does not run."""
    if not absence.covers(queries.today(absence.employee)):
        return False
    record("absence.started", subject=absence, after={"employee": absence.employee_id, "deputy": absence.deputy_id,
                                                      "at": clock.now().isoformat()})  # fmt: skip
    return True
