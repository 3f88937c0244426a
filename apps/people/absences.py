"""Absences as a caller from outside may change them: permission and row scope are checked once. Each leaves its entry."""

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from apps.core import clock
from apps.core.errors import NotPermittedError
from apps.core.texts import one_line
from apps.journal.services import plain, record
from apps.people import clerk, queries, services
from apps.people.authority import Authority
from apps.people.models import Absence, Employee
from apps.timers.models import Timer
from apps.timers.services import cancel_timer, set_timer

HANDLER = "people.absence_begins"
_TOLD = ("starts_on", "ends_on", "deputy")


@transaction.atomic
def change_absence(*, absence: Absence, by: Authority, **values: Any) -> Absence:
    """Change its first and last day, deputy and reason; equal values change and record nothing.

    Raises InvalidInputError naming the wrong fields, NotPermittedError.
    """
    by.need("people.change_absence")
    row = seen(by, absence.pk)
    deputy = values.get("deputy")
    if deputy is not None and deputy.pk != row.deputy_id:
        clerk.seen(by, deputy)
    if "reason" in values:
        values["reason"] = one_line(values["reason"])
    before = {name: getattr(row, name) for name in values}
    changed = {name: value for name, value in values.items() if before[name] != value}
    for name, value in changed.items():
        setattr(row, name, value)
    services.check_absence(row)
    if changed:
        row.save(update_fields=list(changed))
        was, now = ({name: plain(side[name]) for name in _TOLD if name in changed} for side in (before, changed))
        reason = {"before": before["reason"], "after": changed["reason"]} if "reason" in changed else {}
        record("absence.changed", subject=row, by=by, before=was, after=now, body=reason)
    return row


@transaction.atomic
def remove_absence(*, absence: Absence, by: Authority) -> None:
    """They are not away then after all. Raises NotPermittedError."""
    by.need("people.delete_absence")
    row = seen(by, absence.pk)
    was = {"employee": row.employee_id, **{name: plain(getattr(row, name)) for name in _TOLD}}
    record("absence.removed", subject=row, by=by, before=was, body={"reason": row.reason})
    row.delete()


def seen(by: Authority, pk: int) -> Absence:
    """The row itself, locked, when its employee is in sight. Raises NotPermittedError, which names nobody."""
    row = Absence.objects.select_for_update().filter(pk__in=clerk.absences(by).filter(pk=pk).values("pk")).first()
    if row is None:
        raise NotPermittedError(_("This absence is not among those you may see. Nothing was changed."))
    return row


# --- the first morning ------------------------------------------------------------------------------------------------


@transaction.atomic
def watch_absence(absence_id: int) -> None:
    """After a change of the absence. Running already: said at once. Still to come: a timer for its first morning."""
    absence = Absence.objects.select_related("employee").filter(pk=absence_id).first()
    if absence is None:
        cancel_timer(handler=HANDLER, key=_key(absence_id))
    elif not services.start_absence(absence=absence) and services.begins_at(absence) > clock.now():
        _set(absence)


@transaction.atomic
def watch_person(employee: Employee) -> None:
    """After a change of the person: what is still to come begins at midnight of where they live now.

    One that has begun there meanwhile is said at once, one that was said before is not said again.
    """
    coming = Absence.objects.filter(employee=employee, ends_on__gte=queries.today(employee)).select_related("employee")
    for absence in coming:
        waits = Timer.objects.filter(handler=HANDLER, key=_key(absence.pk), state=Timer.State.SET)
        if services.begins_at(absence) > clock.now() or waits.exists():
            _set(absence)


def _set(absence: Absence) -> None:
    due = services.begins_at(absence)
    set_timer(handler=HANDLER, key=_key(absence.pk), due_at=due, data={"absence": absence.pk})


def _key(absence_id: int) -> str:
    return f"absence:{absence_id}"
