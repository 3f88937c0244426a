"""Fires what is due: the row is locked, the handler's effect and the row's new state are one commit."""

import logging
from datetime import timedelta

from django.db import connection, transaction

from apps.core import clock
from apps.timers.models import Timer
from apps.timers.registry import handlers

log = logging.getLogger("recado.timers")

BATCH = 200
TRIES = 6
BACKOFF_SECONDS = (2, 10, 60, 300, 1800, 3600)


def sweep() -> int:
    """Fire every due timer once; returns how many fired."""
    due = Timer.objects.filter(state=Timer.State.SET, due_at__lte=clock.now()).order_by("due_at")
    return sum(_fire(pk) for pk in list(due.values_list("pk", flat=True)[:BATCH]))


def _fire(pk: int) -> bool:
    try:
        with transaction.atomic():
            skip = connection.features.has_select_for_update_skip_locked
            timer = (
                Timer.objects.select_for_update(skip_locked=skip)
                .filter(pk=pk, state=Timer.State.SET, due_at__lte=clock.now())
                .first()
            )
            if timer is None:  # another worker has it, or it was moved or cancelled meanwhile
                return False
            # Marked first: a handler may set the same key again, and that is a new timer.
            Timer.objects.filter(pk=pk).update(state=Timer.State.FIRED, fired_at=clock.now(), error="")
            handlers[timer.handler](timer)
        return True
    except Exception as error:  # the edge of a worker: the row is marked, the trace logged
        log.exception("timer %s failed", pk)
        _postpone(pk, repr(error))
        return False


@transaction.atomic
def _postpone(pk: int, error: str) -> None:
    timer = Timer.objects.select_for_update().get(pk=pk)
    if timer.state != Timer.State.SET:
        return
    timer.attempts += 1
    timer.error = error[:2000]
    if timer.attempts >= TRIES:
        timer.state = Timer.State.FAILED
    else:
        timer.due_at = clock.now() + timedelta(seconds=BACKOFF_SECONDS[timer.attempts - 1])
    timer.save()
