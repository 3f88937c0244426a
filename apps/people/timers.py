"""The morning an absence begins, and the one after somebody's last day."""

from apps.people import absences, planned, services
from apps.people.models import Absence
from apps.timers.models import Timer
from apps.timers.registry import handles


@handles(absences.HANDLER)
def absence_begins(timer: Timer) -> None:
    """An absence that was removed or moved meanwhile is not announced."""
    absence = Absence.objects.select_related("employee").filter(pk=timer.data["absence"]).first()
    if absence is not None:
        services.start_absence(absence=absence)


@handles(planned.HANDLER)
def leaves(timer: Timer) -> None:
    """A planned departure. One that was called off, or happened before, does nothing."""
    planned.carry_out(int(timer.data["leaving"]))
