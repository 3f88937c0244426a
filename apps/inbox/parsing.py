"""From stored bytes to events, and statuses applied at once: everything that needs no order of persons.

Receipts are read a batch per transaction. Statuses only move forward, so their order does not matter: they take effect in
the transaction in which they are read, a batch per number and statement, and their events are written as done. When one of
a batch cannot take effect, its events are left waiting and are taken up one by one.
"""

import logging
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Length

from apps.core import clock
from apps.inbox.models import InboundEvent, Receipt
from apps.inbox.queries import can_skip, due_events
from apps.outbox import budgets
from apps.outbox import services as outbox
from apps.providers.base import MalformedError
from apps.providers.models import Account, Number
from apps.providers.registry import provider_for
from apps.providers.types import MessageReceived, Parsed, StatusChanged, Unreadable, from_json, to_json

log = logging.getLogger("recado.inbox")

BATCH = 200
"""Receipts in a transaction, unless they are large."""
BATCH_BYTES = 1_000_000
"""About as many statuses (2,000) as one statement takes well; a larger Receipt is read alone."""
STATUS_BATCH = 500

State = InboundEvent.State


@dataclass
class _Read:
    """What a batch of receipts brought: events, unsaved, and which of them are statuses, by the remote id of their number."""

    now: datetime
    events: list[InboundEvent] = field(default_factory=list)
    statuses: dict[str, list[tuple[InboundEvent, StatusChanged]]] = field(default_factory=lambda: defaultdict(list))
    messages: Counter[tuple[int, str]] = field(default_factory=Counter)
    """How many people's messages, by account and remote id of the number."""


def parse_waiting() -> int:
    """Parse every receipt that nobody has parsed; returns how many."""
    parsed = 0
    while count := _parse_next():
        parsed += count
    return parsed


def _parse_next() -> int:
    """The next batch. One that cannot be read stops none of the others: it is kept and shown, never lost."""
    ids: list[int] = []
    try:
        with transaction.atomic():
            ids = _claim()
            _parse(ids)
    except Exception:
        log.exception("a batch of %s receipts failed and is taken apart", len(ids))
        for pk in ids:
            _parse_alone(pk)
    return len(ids)


def _parse_alone(pk: int) -> None:
    try:
        with transaction.atomic():
            _parse(
                list(_waiting().filter(pk=pk).select_for_update(skip_locked=can_skip()).values_list("pk", flat=True))
            )
    except Exception as error:  # a fault of ours: a later version may read it, so Replay is offered
        log.exception("receipt %s cannot be read", pk)
        _waiting().filter(pk=pk).update(state=Receipt.State.UNREADABLE, error=repr(error)[:2000])


def _waiting() -> QuerySet[Receipt]:
    return Receipt.objects.filter(state=Receipt.State.RECEIVED).order_by("id")


def _claim() -> list[int]:
    sizes = _waiting().select_for_update(skip_locked=can_skip()).annotate(size=Length("body"))
    return _as_many_as_fit(list(sizes.values_list("pk", "size")[:BATCH]))


def _parse(ids: Sequence[int]) -> None:
    receipts = list(_waiting().filter(pk__in=ids)) if ids else []
    read = _Read(now=clock.now())
    accounts = Account.objects.in_bulk({receipt.account_id for receipt in receipts})
    adapters = {pk: provider_for(account) for pk, account in accounts.items()}
    for receipt in receipts:
        try:
            pieces = adapters[receipt.account_id].parse(bytes(receipt.body))
        except MalformedError as error:
            receipt.state, receipt.error = Receipt.State.UNREADABLE, str(error)[:2000]
            receipt.save(update_fields=["state", "error"])
        else:
            for piece in pieces:
                _note(read, receipt, piece)
    _apply_statuses(read)
    _count_messages(read)
    # The same event under another receipt (a repeated or overlapping batch) is already there: once is once.
    InboundEvent.objects.bulk_create(read.events, ignore_conflicts=True)
    _waiting().filter(pk__in=ids).update(state=Receipt.State.PARSED)


def _as_many_as_fit(found: Sequence[tuple[int, int]]) -> list[int]:
    """The first ids whose bodies make up a batch; at least one."""
    total, ids = 0, list[int]()
    for pk, size in found:
        total += size
        if ids and total > BATCH_BYTES:
            break
        ids.append(pk)
    return ids


def _note(read: _Read, receipt: Receipt, piece: Parsed | Unreadable) -> None:
    event = InboundEvent(
        receipt_id=receipt.pk, account_id=receipt.account_id, key=piece.key[:300], not_before=read.now,
        created_at=read.now,
    )  # fmt: skip
    if isinstance(piece, Unreadable):
        event.name, event.state, event.error = "unreadable", State.FAILED, piece.error[:2000]
        event.data = {"raw": piece.raw}
    else:
        event.name, event.person = type(piece.event).__name__, piece.person[:200]
        event.data = to_json(piece.event)
        if isinstance(piece.event, StatusChanged):
            read.statuses[piece.event.number_id].append((event, piece.event))
        elif isinstance(piece.event, MessageReceived):
            read.messages[receipt.account_id, piece.event.number_id] += 1
    read.events.append(event)


def _apply_statuses(read: _Read) -> None:
    """Let the statuses take effect, and mark their events; those of a batch that fails stay waiting."""
    if not read.statuses:
        return
    numbers = {row.remote_id: row for row in Number.objects.filter(remote_id__in=read.statuses)}
    for remote_id, pairs in sorted(read.statuses.items()):
        number = numbers.get(remote_id)
        # One account cannot report on another's messages, whatever number it names.
        own = [pair for pair in pairs if number is not None and pair[0].account_id == number.account_id]
        for event, _status in pairs:
            event.state, event.note, event.done_at = State.IGNORED, f"unknown number {remote_id}"[:200], read.now
        if number is None or not own:
            continue
        try:
            outbox.apply_statuses(number=number, events=[status for _event, status in own])
        except Exception:  # one bad status must not hold up the batch
            log.exception("a batch of %s statuses failed and is taken apart", len(own))
            outcome, done_at = State.PENDING, None
        else:
            outcome, done_at = State.DONE, read.now
        for event, status in own:
            event.state, event.note, event.done_at = outcome, status.status[:200] if done_at else "", done_at


def _count_messages(read: _Read) -> None:
    """What comes in counts to the rate of its number, too (Meta, throughput); a lost count is no fault."""
    if not read.messages:
        return
    for number in Number.objects.filter(remote_id__in={remote_id for _account, remote_id in read.messages}):
        count = read.messages[number.account_id, number.remote_id]
        if count:
            transaction.on_commit(partial(budgets.note_inbound, number.pk, count, read.now))


def take_statuses() -> tuple[int, list[int]]:
    """Statuses that still wait (of a batch that failed, or replayed): a batch per statement once more.

    Returns how many were dealt with, and the events of a batch that failed again: those are for `processing`, one by one.
    """
    taken = 0
    while True:
        with transaction.atomic():
            due = due_events().filter(name=StatusChanged.__name__).select_for_update(skip_locked=can_skip())
            events = list(due[:STATUS_BATCH])
            read = _Read(now=clock.now(), events=events)
            for event in events:
                try:
                    status = from_json(event.data)
                except (KeyError, TypeError, ValueError):  # spoilt in its row: alone it is put off, and then set aside
                    continue
                read.statuses[status.number_id].append((event, status))
            _apply_statuses(read)
            InboundEvent.objects.bulk_update(events, ["state", "note", "done_at"])
        waiting = [event.pk for event in events if event.state == State.PENDING]
        taken += len(events) - len(waiting)
        if waiting or len(events) < STATUS_BATCH:
            return taken, waiting
