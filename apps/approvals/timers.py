"""What falls due while a request waits."""

from apps.approvals import chasing, watching
from apps.timers.models import Timer
from apps.timers.registry import handles


@handles(watching.LOOK_AFTER)
def look_after(timer: Timer) -> None:
    """A question that nobody answered."""
    chasing.look_after(seat_id=timer.data["seat"], asked_at=timer.data["asked_at"])


@handles(watching.EXPIRE)
def expire(timer: Timer) -> None:
    """A request that nobody decided."""
    chasing.expire(request_id=timer.data["request"])
