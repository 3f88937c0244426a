"""How long what came in is kept. In chunks, so that nobody waits: bodies first, then the rows that remember what came.

A row is what makes a repeated delivery harmless, so it stays as long as the carrier may repeat it, however soon its content
is removed. What was set aside, waits, or could not be read stays until somebody has dealt with it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, QuerySet

from apps.core import clock
from apps.inbox.models import InboundEvent, Receipt

REPEATS = timedelta(days=30)
"""Meta tries a delivery again for 7 days (webhooks overview), and statuses come for as long as a message may wait for its
phone: 30 days (message validity)."""
CHUNK, CHUNKS = (
    1000,
    200,
)  # rows in one statement, and statements in a round: some seconds' work, well within the task's time
ENDED = [InboundEvent.State.DONE, InboundEvent.State.IGNORED]


@dataclass(frozen=True)
class Cleaned:
    """What one round removed."""

    emptied: int = 0
    events: int = 0
    receipts: int = 0


def clean() -> Cleaned:
    """One round: as much as is due. Safe to stop anywhere and to run twice."""
    now = clock.now()
    content = now - timedelta(days=settings.INBOX_KEEP_DAYS)
    rows = min(content, now - REPEATS)
    return Cleaned(_empty(content), _remove_events(rows), _remove_receipts(rows))


def _empty(before: datetime) -> int:
    """Remove the bodies of receipts that have been dealt with, and the content of their events."""
    unfinished = InboundEvent.objects.filter(receipt=OuterRef("pk")).exclude(state__in=ENDED)
    last = _last_before(Receipt.objects.all(), "received_at", before)
    done = Receipt.objects.filter(pk__lte=last, state=Receipt.State.PARSED, emptied_at=None, received_at__lt=before)
    emptied = 0
    for ids in _chunks(done.filter(~Exists(unfinished))):
        InboundEvent.objects.filter(receipt__in=ids).update(data={})
        emptied += Receipt.objects.filter(pk__in=ids).update(body=b"", query="", headers={}, emptied_at=clock.now())
    return emptied


def _remove_events(before: datetime) -> int:
    last = _last_before(InboundEvent.objects.all(), "created_at", before)
    old = InboundEvent.objects.filter(pk__lte=last, state__in=ENDED, created_at__lt=before)
    removed = 0
    for ids in _chunks(old):
        removed += InboundEvent.objects.filter(pk__in=ids).delete()[0]
    return removed


def _remove_receipts(before: datetime) -> int:
    """Those of which nothing is left but the row."""
    last = _last_before(Receipt.objects.all(), "received_at", before)
    events = InboundEvent.objects.filter(receipt=OuterRef("pk"))
    old = Receipt.objects.filter(pk__lte=last, received_at__lt=before).exclude(emptied_at=None)
    removed = 0
    for ids in _chunks(old.filter(~Exists(events))):
        removed += Receipt.objects.filter(pk__in=ids).delete()[0]
    return removed


def _chunks(rows: QuerySet[Any]) -> Iterator[list[int]]:
    """The first keys, again and again, as long as whoever takes them makes them go."""
    for _chunk in range(CHUNKS):
        ids = list(rows.order_by("pk").values_list("pk", flat=True)[:CHUNK])
        if not ids:
            return
        yield ids


def _last_before(rows: QuerySet[Any], moment: str, before: datetime) -> int:
    """The highest key of rows older than `before`: keys grow with time, so it is found by halving, without an index."""
    ends = rows.aggregate(low=models.Min("pk"), high=models.Max("pk"))
    low, high = ends["low"] or 0, ends["high"] or 0
    last = 0
    while low <= high:
        middle = (low + high) // 2
        found = rows.filter(pk__gte=middle).order_by("pk").values_list("pk", moment).first()
        if found is not None and found[1] < before:
            last, low = found[0], found[0] + 1
        else:
            high = middle - 1
    return last
