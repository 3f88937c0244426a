"""Arms the timers of a request: when to look after a question that was put, and when an undecided request ends."""

from apps.approvals import patience
from apps.approvals.models import Request, Seat
from apps.core import clock
from apps.people import queries as people
from apps.timers import services as timers

LOOK_AFTER = "approvals.look_after"
EXPIRE = "approvals.expire"


def watch(seat: Seat) -> None:
    """Look at this question again when its stage's patience says so; a timer of an earlier question to them moves."""
    waits = patience.Patience.from_json(seat.stage_run.patience)
    if waits == patience.Patience():
        return
    after = people.working_hours_after(seat.employee, seat.asked_at)
    moment = patience.next_look(waits, after, max(clock.now(), seat.asked_at))
    if moment is not None:
        timers.set_timer(handler=LOOK_AFTER, key=f"seat:{seat.pk}", due_at=moment,
                         data={"seat": seat.pk, "asked_at": seat.asked_at.isoformat()})  # fmt: skip


def watch_end(request: Request) -> None:
    """End it when its time is up, if it has one."""
    if request.expires_at is not None:
        timers.set_timer(
            handler=EXPIRE, key=f"request:{request.pk}", due_at=request.expires_at, data={"request": request.pk}
        )
