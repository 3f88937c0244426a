"""An absence written on any screen gets its alarm clock; it and a planned departure move with their person's time zone."""

from apps.journal.models import Entry
from apps.journal.reactor import on
from apps.people import absences, planned
from apps.people.models import Employee, Leaving


@on("absence.added", "absence.changed", "absence.removed")
def watch_absence(entry: Entry) -> None:
    if entry.subject_id.isdecimal():  # the journal keeps entries of an older release that name no row
        absences.watch_absence(int(entry.subject_id))


@on("employee.changed")
def watch_person(entry: Entry) -> None:
    """An absence to come begins where the person lives now."""
    employee = Employee.objects.filter(pk=entry.subject_id).first()
    if employee is not None:
        absences.watch_person(employee)


@on("employee.changed")
def watch_departure(entry: Entry) -> None:
    """The last day ends where the person lives now."""
    rows = Leaving.objects.select_related("employee").filter(state=Leaving.State.PLANNED)
    departure = rows.filter(employee_id=int(entry.subject_id)).first()
    if departure is not None:
        planned.watch(departure)
