from apps.health import telling
from apps.timers.models import Timer
from apps.timers.registry import handles


@handles(telling.TIMER)
def templates_changed(timer: Timer) -> None:
    telling.tell(f"t{timer.pk}")
