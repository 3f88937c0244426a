"""What becomes of an event that could not take effect: tried again later, in the end set aside for a person to look at."""

import logging
from collections.abc import Callable
from datetime import timedelta

from django.db import transaction

from apps.core import clock
from apps.core.together import together
from apps.inbox import effects
from apps.inbox.models import InboundEvent

log = logging.getLogger("recado.inbox")

TRIES = 5
BACKOFF_SECONDS = (1, 5, 30, 120)


def put_off(pk: int, error: Exception) -> None:
    """Try again later, or set the event aside after `TRIES`; the person is told that it did not work."""

    def fail(row: InboundEvent) -> None:
        if row.attempts + 1 < TRIES:
            _delay(row, BACKOFF_SECONDS[row.attempts], repr(error))
        else:
            row.attempts += 1
            row.state, row.error = InboundEvent.State.FAILED, repr(error)[:2000]

    row = change(pk, fail)
    if row is not None and row.state == InboundEvent.State.FAILED:
        try:
            with transaction.atomic(), together():
                effects.apologise(row)
        except Exception:  # an apology that fails too must not hide the first fault
            log.exception("the apology for event %s failed", pk)


def delay(pk: int, seconds: float, error: str, *, counts: bool = True) -> None:
    """Not before `seconds` from now. `counts`: it was a try."""
    change(pk, lambda row: _delay(row, seconds, error, counts=counts))


def _delay(row: InboundEvent, seconds: float, error: str, *, counts: bool = True) -> None:
    row.attempts += 1 if counts else 0
    row.not_before = clock.now() + timedelta(seconds=seconds)
    row.error = error[:2000]


@transaction.atomic
def change(pk: int, how: Callable[[InboundEvent], None]) -> InboundEvent | None:
    """Let `how` change a waiting event under lock; None when it waits no more."""
    row = InboundEvent.objects.select_for_update().filter(pk=pk, state=InboundEvent.State.PENDING).first()
    if row is not None:
        how(row)
        row.save()
    return row
