"""Counts webhooks that were not signed by whom we know, without letting a flood of them write to the database.

Counted in this process and added to the account's row at most every few seconds: whoever knocks a thousand times a second
costs one small update, and a killed process forgets a few knocks.
"""

import logging
import threading
import time

from django.db import DatabaseError
from django.db.models import F

from apps.core import clock
from apps.providers.models import Account

log = logging.getLogger("recado.inbox")

EVERY_SECONDS = 5.0

_lock = threading.Lock()
_counted: dict[int, int] = {}
_written_at: dict[int, float] = {}


def note(account_id: int) -> None:
    """One more; never raises."""
    now = time.monotonic()
    with _lock:
        _counted[account_id] = _counted.get(account_id, 0) + 1
        if now - _written_at.get(account_id, -EVERY_SECONDS) < EVERY_SECONDS:
            return
        _written_at[account_id] = now
        count = _counted.pop(account_id)
    try:
        Account.objects.filter(pk=account_id).update(
            bad_signatures=F("bad_signatures") + count, bad_signature_at=clock.now()
        )
    except DatabaseError:
        log.warning("could not count %s refused webhooks of account %s", count, account_id)


def forget() -> None:
    """For tests: nothing was counted, nothing written."""
    with _lock:
        _counted.clear()
        _written_at.clear()
