"""A due moment of bytes that lost their row."""

from apps.files import services
from apps.timers.models import Timer
from apps.timers.registry import handles


@handles(services.UNNAMED_TIMER)
def remove_unnamed(timer: Timer) -> None:
    services.remove_unnamed(sha256=timer.data["sha256"])
