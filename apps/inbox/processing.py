"""From events to effects: taken up in batches, each event once, those of one person in their order.

A batch is one transaction, short and small enough that nobody waits long for what it locks. An event and its effects are
one commit: a batch that fails is rolled back and taken apart, so that only the event that failed is put off. A worker may
be killed anywhere.
"""

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import groupby

from django.db import connection, transaction

from apps.core import clock
from apps.core.errors import TryLater
from apps.core.together import together
from apps.inbox import effects, fetching, parsing, postponing
from apps.inbox.models import InboundEvent
from apps.inbox.queries import blocked, can_skip, due_messages

log = logging.getLogger("recado.inbox")

SMALLEST, LARGEST = 16, 64  # events in a batch
LOCKED_SECONDS = 0.2
"""How long a batch may hold its locks; its size follows it. A machine that is busy must not make it smaller and smaller, or
all that is done once a batch would make it busier still."""
SMALLEST_SQLITE, LOCKED_SECONDS_SQLITE = 4, 0.03  # one writer: the door must get its turn


def _smallest() -> int:
    return SMALLEST_SQLITE if connection.vendor == "sqlite" else SMALLEST


@dataclass
class _Turn:
    """One look at what is due. `size` is how many events the next one takes."""

    size: int = field(default_factory=_smallest)
    done: int = 0
    fetch: list[int] = field(default_factory=list)
    """Events whose file has to be fetched first."""


def take_up() -> int:
    """Handle whatever is due until nothing is left; returns how many events were taken."""
    taken, apart = parsing.take_statuses()
    taken += sum(_take_alone(pk) for pk in apart)
    turn = _Turn()
    while True:
        turn.done, turn.fetch = 0, []
        _take_batch(turn)
        taken += turn.done
        if turn.fetch:
            turn.done += fetching.fetch(turn.fetch)
        if not turn.done:
            return taken


def _take_batch(turn: _Turn) -> None:
    rows: list[InboundEvent] = []
    began = time.monotonic()
    try:
        with transaction.atomic(), together():
            rows, turn.fetch = _claim(turn.size)
            _apply(rows)
    except Exception as error:  # one bad event must not hold up the batch
        if len(rows) > 1 and not isinstance(error, TryLater):
            log.exception("a batch of %s events failed and is taken apart", len(rows))
        turn.done = sum(_take_alone(row.pk) for row in rows)
        turn.size = _smallest()
        return
    turn.done = len(rows)
    if rows:
        turn.size = _next_size(turn.size, len(rows), time.monotonic() - began)


def _next_size(size: int, taken: int, seconds: float) -> int:
    """As many as fit into the time that locks may be held, at the pace of the last batch; never more than twice as many."""
    longest = LOCKED_SECONDS_SQLITE if connection.vendor == "sqlite" else LOCKED_SECONDS
    fitting = int(taken * longest / max(seconds, 0.001))
    return max(_smallest(), min(LARGEST, 2 * size, fitting))


def _claim(size: int) -> tuple[list[InboundEvent], list[int]]:
    """The oldest events that are due, locked, none of them before an older one of the same person; and those that need
    their file first.

    One that failed before goes alone: it is likely to fail again.
    """
    due = list(due_messages().select_for_update(skip_locked=can_skip(), of=("self",) if can_skip() else ())[:size])
    if due and due[0].attempts:
        due = due[:1]
    else:
        due = due[: next((place for place, row in enumerate(due) if row.attempts), len(due))]
    held_up = blocked(due)
    rows: list[InboundEvent] = []
    wanting: list[int] = []
    waiting: set[tuple[int, str]] = set()
    for row in due:
        whose = (row.account_id, row.person)
        if row.pk in held_up or (row.person and whose in waiting):
            continue
        if fetching.is_wanted(row):
            wanting.append(row.pk)
            waiting.add(whose)
        else:
            rows.append(row)
    return rows, wanting


def _apply(rows: Sequence[InboundEvent]) -> None:
    outcomes = effects.apply_all(rows)
    done_at = clock.now()
    ended = sorted(((outcome.state, outcome.note[:200], row.pk) for row, outcome in zip(rows, outcomes, strict=True)))
    for (state, note), those in groupby(ended, key=lambda one: one[:2]):
        ids = [pk for _state, _note, pk in those]
        InboundEvent.objects.filter(pk__in=ids).update(state=state, note=note, done_at=done_at, error="")


def _take_alone(pk: int) -> bool:
    """Handle one event in a transaction of its own; False when it is not ours to take now."""
    try:
        with transaction.atomic(), together():
            due = InboundEvent.objects.filter(pk=pk, state=InboundEvent.State.PENDING, not_before__lte=clock.now())
            rows = list(due.select_for_update(skip_locked=can_skip()))
            if not rows or blocked(rows):
                return False
            _apply(rows)
    except TryLater as error:
        postponing.put_off(pk, error)
    except Exception as error:  # the edge of a worker: the row is marked, the trace logged, the others go on
        log.exception("event %s failed", pk)
        postponing.put_off(pk, error)
    return True
