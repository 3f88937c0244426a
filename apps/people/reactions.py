"""An absence written on any screen gets its alarm clock; a planned departure moves with its person's time zone."""

from apps.core import clock
from apps.journal.models import Entry
from apps.journal.reactor import on
from apps.people import planned, services
from apps.people.models import Absence, Leaving
from apps.timers.services import cancel_timer, set_timer


@on("absence.added", "absence.changed", "absence.removed")
def watch_absence(entry: Entry) -> None:
    """Running already: said at once. Still to come: a timer for its first morning."""
    if not entry.subject_id.isdecimal():
        return  # the journal keeps entries of an older release that name no row
    handler, key = "people.absence_begins", f"absence:{entry.subject_id}"
    absence = Absence.objects.select_related("employee").filter(pk=entry.subject_id).first()
    if absence is None:
        cancel_timer(handler=handler, key=key)
    elif not services.start_absence(absence=absence) and services.begins_at(absence) > clock.now():
        set_timer(handler=handler, key=key, due_at=services.begins_at(absence), data={"absence": absence.pk})


@on("employee.changed")
def watch_departure(entry: Entry) -> None:
    """The last day ends where the person lives now."""
    rows = Leaving.objects.select_related("employee").filter(state=Leaving.State.PLANNED)
    departure = rows.filter(employee_id=int(entry.subject_id)).first()
    if departure is not None:
        planned.watch(departure)
