"""The morning an absence begins."""

from apps.people import services
from apps.people.models import Absence
from apps.timers.models import Timer
from apps.timers.registry import handles


@handles("people.absence_begins")
def absence_begins(timer: Timer) -> None:
    """An absence that was removed or moved meanwhile is not announced."""
    absence = Absence.objects.select_related("employee").filter(pk=timer.data["absence"]).first()
    if absence is not None:
        services.start_absence(absence=absence)
