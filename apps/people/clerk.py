"""People as a caller from outside may see and change them: permission, row scope and values are checked here, once.

The verbs themselves are those of `services`; the REST API and SCIM come through this door. Whoever is out of sight is
answered as if they did not exist.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from apps.core.errors import InvalidInputError, NotPermittedError
from apps.journal.services import record
from apps.people import planned, queries, services
from apps.people.authority import Authority
from apps.people.models import Absence, Employee, Membership, Team

FIELDS = ("number", "name", "email", "phone", "position", "language", "time_zone")


# --- reads ------------------------------------------------------------------------------------------------------------


def people(by: Authority) -> QuerySet[Employee]:
    """The employees this caller may see. Raises NotPermittedError for a caller who may look at no employee at all."""
    by.need("people.view_employee")
    return queries.visible_employees(by.user)


def teams(by: Authority) -> QuerySet[Team]:
    """As `people`, for teams."""
    by.need("people.view_team")
    return queries.visible_teams(by.user)


def members(by: Authority) -> QuerySet[Membership]:
    """Memberships of visible people in visible teams."""
    by.need("people.view_team", "people.view_membership")
    rows = Membership.objects.filter(employee__in=queries.visible_employees(by.user))
    return rows.filter(team__in=queries.visible_teams(by.user)).select_related("employee", "team")


def absences(by: Authority) -> QuerySet[Absence]:
    """As `people`, for their absences."""
    by.need("people.view_absence")
    seen = queries.visible_employees(by.user)
    return Absence.objects.filter(employee__in=seen).select_related("employee", "deputy")


# --- changes ----------------------------------------------------------------------------------------------------------


def hire(*, by: Authority, manager: Employee | None = None, **values: Any) -> Employee:
    """Add an employee; `values` are `FIELDS`, number and name among them. Raises NotPermittedError, InvalidInputError."""
    by.need("people.add_employee")
    if manager is not None:
        seen(by, manager)
    try:
        with transaction.atomic():
            return services.hire(**_checked(values), manager=manager, by=by)
    except IntegrityError as error:  # somebody else took the number between the look and the insert
        raise _taken(str(values.get("number", ""))) from error


@transaction.atomic
def change(*, employee: Employee, by: Authority, **values: Any) -> Employee:
    """Change some of `FIELDS` and the `manager`; equal values change and record nothing.

    Raises NotPermittedError, and InvalidInputError naming the wrong fields: then nothing at all is changed.
    """
    by.need("people.change_employee")
    row = seen(by, Employee.objects.select_for_update(no_key=True).get(pk=employee.pk))
    has_manager, manager = "manager" in values, values.pop("manager", None)
    checked = _checked(values)
    number = checked.pop("number", row.number)
    if number != row.number:
        row = _renumber(row, number, by)
    row = services.update_employee(employee=row, by=by, changes=checked)
    if has_manager and (manager.pk if manager else None) != row.manager_id:
        row = set_manager(employee=row, manager=manager, by=by)
    return row


def _renumber(row: Employee, number: str, by: Authority) -> Employee:
    if Employee.objects.filter(number=number).exists():
        raise _taken(number)
    before, row.number = row.number, number
    try:
        with transaction.atomic():
            row.save(update_fields=["number"])
    except IntegrityError as error:  # somebody else took it between the look and the save
        raise _taken(number) from error
    record("employee.changed", subject=row, by=by, body={"before": {"number": before}, "after": {"number": number}})
    return row


def set_manager(*, employee: Employee, manager: Employee | None, by: Authority) -> Employee:
    """Raises InvalidInputError for a round of managers, NotPermittedError."""
    by.need("people.change_employee")
    seen(by, employee)
    if manager is not None:
        seen(by, manager)
    return services.set_manager(employee=employee, manager=manager, by=by)


def mark_left(*, employee: Employee, by: Authority, on: date | None = None) -> Employee:
    """At once, or planned where the last day `on` is still to come.

    Raises MoveNotAllowedError when the person has left before, InvalidInputError for a day too far ahead,
    NotPermittedError.
    """
    by.need("people.change_employee")
    return planned.leave(employee=seen(by, employee), by=by, on=on)


def take_back(*, employee: Employee, by: Authority) -> Employee:
    """Also calls a planned departure off. Raises MoveNotAllowedError when the person is here anyway, NotPermittedError."""
    by.need("people.change_employee")
    row = seen(by, employee)
    if row.is_active and planned.call_off(employee=row, by=by) is not None:
        return row
    return services.take_back(employee=row, by=by)


def record_absence(
    *,
    employee: Employee,
    starts_on: date,
    ends_on: date,
    by: Authority,
    deputy: Employee | None = None,
    reason: str = "",
) -> Absence:
    """Both days count. Raises InvalidInputError, NotPermittedError."""
    by.need("people.add_absence")
    if deputy is not None:
        seen(by, deputy)
    return services.record_absence(
        employee=seen(by, employee), starts_on=starts_on, ends_on=ends_on, deputy=deputy, reason=reason, by=by
    )


def seen(by: Authority, employee: Employee) -> Employee:
    """The row itself, when it is in sight. Raises NotPermittedError, which names nobody."""
    all_seen(by, [employee])
    return employee


def all_seen(by: Authority, employees: Sequence[Employee]) -> None:
    """As `seen`, for each of many."""
    wanted = {one.pk for one in employees}
    if queries.visible_employees(by.user).filter(pk__in=wanted).count() != len(wanted):
        raise NotPermittedError(_("This person is not among those you may see. Nothing was changed."))


# --- values -----------------------------------------------------------------------------------------------------------


def _checked(values: dict[str, Any]) -> dict[str, Any]:
    """The values as columns take them. Raises InvalidInputError with a sentence per field."""
    unknown = set(values) - set(FIELDS)
    if unknown:
        raise TypeError(f"no fields of an employee: {sorted(unknown)}")
    try:
        return services.checked_values(values)
    except InvalidInputError as error:
        raise InvalidInputError(
            _("Some of what was sent cannot be used. Nothing was changed; correct these fields and send it again."),
            fields=error.fields,
        ) from error


def _taken(number: str) -> InvalidInputError:
    sentence = _("The employee number %(number)s is taken.") % {"number": number}
    return InvalidInputError(sentence, fields={"number": sentence}, code="number_taken")
