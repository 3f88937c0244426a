"""What the carrier reports of messages it took: late, twice and out of order. Rows only ever climb.

A batch is one transaction with a constant number of statements, whatever its size, and takes effect whole or not at all.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from django.db import connection, transaction
from django.db.models import QuerySet

from apps.core import clock
from apps.outbox import bulk, opaque, outcomes
from apps.outbox.machine import STATUS_STATES, climbs, rank
from apps.outbox.models import Attempt, EarlyStatus, OutboundMessage
from apps.outbox.sending import claims
from apps.providers.models import Number
from apps.providers.registry import provider_for
from apps.providers.types import StatusChanged

State = OutboundMessage.State
CLIMBED = ["state", "remote_id", "held_reason", "lease_until", "lease_token", "sent_at", "delivered_at", "read_at"]
READ = (
    *CLIMBED, "number", "kind", "attempts", "error_code", "correlation_id", "contact__phone", "contact__profile_name",
    "contact__employee__name",
)  # fmt: skip
"""What climbing and its entry in the journal need of a row: its texts stay where they are."""
EARLY_BATCH = 500


def apply(*, number: Number, events: Sequence[StatusChanged]) -> int:
    """Move the rows that these statuses are about; returns how many moved.

    Whatever is raised has undone all of it: whoever calls with many takes them apart.
    """
    with transaction.atomic():
        return _apply(number, events)


@dataclass
class _Batch:
    """Locked rows, how to find them, and what is to be written."""

    rows: dict[int, OutboundMessage]
    tries: dict[str, int]
    """wamid of a try -> row"""
    before: dict[int, str] = field(default_factory=dict)
    climbed: set[int] = field(default_factory=set)
    failed: set[int] = field(default_factory=set)
    attempts: list[Attempt] = field(default_factory=list)
    freed: set[int] = field(default_factory=set)
    """People whose message was on its way until now."""

    def row_of(self, event: StatusChanged) -> OutboundMessage | None:
        found = self.rows.get(opaque.message_id(event.opaque) or 0)
        return found or self.rows.get(self.tries.get(event.remote_id, 0))


def _apply(number: Number, events: Iterable[StatusChanged]) -> int:
    known = [event for event in events if event.status in STATUS_STATES and event.remote_id]
    # Failures last: when a batch brings a failure and the delivery that overrules it, nothing is set in motion.
    known.sort(key=lambda event: event.status == "failed")
    batch = _load(number, known)
    early: list[StatusChanged] = []
    for event in known:
        row = batch.row_of(event)
        if row is None:
            early.append(event)
        else:
            _take(batch, row, event)
    _write(batch)
    _keep_early(number, early)
    if batch.freed:
        transaction.on_commit(partial(claims.wake_behind, batch.freed))
    return len(batch.climbed | batch.failed)


def _sent(remote_ids: Collection[str]) -> QuerySet[OutboundMessage]:
    """Said twice, since an index holds only those that have a wamid, and a database cannot tell that of a long list."""
    return OutboundMessage.objects.filter(remote_id__in=remote_ids).exclude(remote_id="")


def _load(number: Number, events: Sequence[StatusChanged]) -> _Batch:
    """Lock the rows in the order of their ids, as everybody does. Those that failed are read whole."""
    remote_ids = {event.remote_id for event in events}
    tries = dict(Attempt.objects.filter(remote_id__in=remote_ids).order_by().values_list("remote_id", "message_id"))
    named = {event.remote_id: opaque.message_id(event.opaque) for event in events if event.opaque}
    # Every try that was answered has its Attempt; only who has neither that nor our own mark is looked for by its wamid.
    unknown = {remote_id for remote_id in remote_ids if remote_id not in tries and not named.get(remote_id)}
    found = _sent(unknown).order_by().values_list("pk", flat=True) if unknown else ()
    failed = {event.remote_id for event in events if event.status == "failed"}
    whole = {pk for pk in (named.get(one) or tries.get(one) for one in failed) if pk}
    ids = {pk for pk in named.values() if pk} | set(tries.values()) | set(found)
    rows = OutboundMessage.objects.select_related("contact__employee").filter(pk__in=ids, number=number).order_by("pk")
    if connection.features.has_select_for_update_of:
        rows = rows.select_for_update(of=("self",), no_key=True)
    by_id = {row.pk: row for row in rows.only(*READ)}
    for row in OutboundMessage.objects.select_related("contact__employee", "number__account").filter(
        pk__in=whole & set(by_id)
    ):
        by_id[row.pk] = row
    tries |= {row.remote_id: row.pk for row in by_id.values() if row.remote_id}
    return _Batch(rows=by_id, tries=tries)


def _take(batch: _Batch, row: OutboundMessage, event: StatusChanged) -> None:
    """Let one status take its effect on a locked row."""
    if batch.before.setdefault(row.pk, row.state) == State.SENDING:
        batch.freed.add(row.contact_id)
    is_known_try = batch.tries.get(event.remote_id) == row.pk
    is_present_try = event.remote_id == row.remote_id or (not row.remote_id and not is_known_try)
    if not is_known_try:
        # Nobody had told us this wamid: the answer was lost, or is still being saved.
        batch.tries[event.remote_id] = row.pk
        batch.attempts.append(
            outcomes.attempt(row, Attempt.Outcome.ACCEPTED, now=clock.now(), remote_id=event.remote_id)
        )
        if is_present_try:
            row.remote_id = event.remote_id[:255]
            batch.climbed.add(row.pk)
    if event.status == "failed":
        if is_present_try and row.state not in {State.CANCELLED, State.EXPIRED} and climbs(row.state, "failed"):
            _fail(batch, row, event)
        return
    # Of a try that was given up and replaced, only a real arrival still counts.
    counts = is_present_try or rank(STATUS_STATES[event.status]) > rank(State.FAILED)
    if counts and climbs(row.state, event.status):
        _climb(row, event)
        batch.climbed.add(row.pk)
    elif counts:
        _fill_in(batch, row, event)


def _climb(row: OutboundMessage, event: StatusChanged) -> None:
    row.state = STATUS_STATES[event.status]
    row.held_reason = ""
    outcomes.release(row)
    _stamp(row, event.status, event.at)


def _fill_in(batch: _Batch, row: OutboundMessage, event: StatusChanged) -> None:
    """A late `delivered` after `read` changes no state, but its moment is worth keeping."""
    if event.status == "delivered" and row.delivered_at is None and row.state == State.READ:
        row.delivered_at = event.at
        batch.climbed.add(row.pk)


def _stamp(row: OutboundMessage, status: str, at: datetime) -> None:
    row.sent_at = row.sent_at or at
    if status == "delivered":
        row.delivered_at = row.delivered_at or at
    elif status in {"read", "played"}:
        row.read_at = row.read_at or at


def _fail(batch: _Batch, row: OutboundMessage, event: StatusChanged) -> None:
    error = provider_for(row.number.account).failure(event.error_code, event.error_text)
    now = clock.now()
    failed = outcomes.fail(outcomes.Failure(row, error, now, is_late=True))
    batch.attempts.append(outcomes.attempt(row, failed, now=now, error=error, remote_id=event.remote_id))
    batch.failed.add(row.pk)


def _write(batch: _Batch) -> None:
    Attempt.objects.bulk_create(batch.attempts)
    climbed = sorted(batch.climbed - batch.failed)
    bulk.update([batch.rows[pk] for pk in climbed], CLIMBED)
    bulk.update([batch.rows[pk] for pk in sorted(batch.failed)], outcomes.SAVED)
    outcomes.record_ends((batch.rows[pk], batch.before[pk]) for pk in sorted(batch.climbed | batch.failed))


# --- early ones -------------------------------------------------------------------------------------------------------


def _keep_early(number: Number, events: Sequence[StatusChanged]) -> None:
    """A status may overtake the answer that names its message; it waits here. Others' messages never claim theirs."""
    rows = [
        EarlyStatus(
            number=number, remote_id=event.remote_id[:255], status=event.status, at=event.at,
            error_code=event.error_code[:40], error_text=event.error_text,
        )
        for event in events
    ]  # fmt: skip
    EarlyStatus.objects.bulk_create(rows, ignore_conflicts=True)


def take_early(remote_ids: Iterable[str]) -> int:
    """Apply the statuses that were waiting for these wamids, inside the caller's transaction."""
    waiting = list(EarlyStatus.objects.filter(remote_id__in=set(remote_ids)).select_related("number"))
    by_number: dict[int, list[EarlyStatus]] = {}
    for row in waiting:
        by_number.setdefault(row.number_id, []).append(row)
    EarlyStatus.objects.filter(pk__in=[row.pk for row in waiting]).delete()
    return sum(_apply(rows[0].number, [_event(row) for row in rows]) for rows in by_number.values())


def _event(row: EarlyStatus) -> StatusChanged:
    return StatusChanged(
        remote_id=row.remote_id, number_id=row.number.remote_id, status=row.status, at=row.at,
        error_code=row.error_code, error_text=row.error_text,
    )  # fmt: skip


@transaction.atomic
def match_early() -> int:
    """Find pairs that missed each other: status and answer saved in the same moment, neither seeing the other."""
    known = Attempt.objects.exclude(remote_id="").values("remote_id")
    found = EarlyStatus.objects.filter(remote_id__in=known).values_list("remote_id", flat=True)
    return take_early(list(found[:EARLY_BATCH]))
