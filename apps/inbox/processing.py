"""From stored bytes to effects: parse, then take up event by event, each once, in the order of its person.

A worker may be killed anywhere: an event and its effects are one commit, and what is fetched before it (media) is kept
with the event, so that the next try does not fetch again.
"""

import logging
from collections import defaultdict
from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar

from django.db import connection, models, transaction
from django.db.models import QuerySet

from apps.core import clock
from apps.core.errors import Misconfigured, Refused, TryLater
from apps.files import services as files
from apps.inbox import effects
from apps.inbox.models import InboundEvent, Receipt
from apps.inbox.queries import due_events
from apps.journal.services import correlation
from apps.outbox import services as outbox
from apps.providers import services as providers
from apps.providers.base import MalformedError
from apps.providers.models import Number
from apps.providers.registry import provider_for
from apps.providers.types import StatusChanged, Unreadable, from_json, to_json

log = logging.getLogger("recado.inbox")

M = TypeVar("M", bound=models.Model)

BATCH = 100
STATUS_BATCH = 500
TRIES = 5
BACKOFF_SECONDS = (1, 5, 30, 120)
MEDIA_TRIES = 4
MEDIA_BACKOFF_SECONDS = (1, 4, 15)


def parse_waiting() -> int:
    """Parse every receipt that nobody has parsed."""
    waiting = Receipt.objects.filter(state=Receipt.State.RECEIVED).order_by("id").values_list("pk", flat=True)[:BATCH]
    for pk in list(waiting):
        parse_receipt(pk)
    return len(waiting)


def parse_receipt(receipt_id: int) -> None:
    """Turn one receipt into events, once. What cannot be read is kept and shown, never lost."""
    with transaction.atomic():
        receipt = _locked(Receipt.objects.filter(pk=receipt_id, state=Receipt.State.RECEIVED))
        if receipt is None:
            return
        try:
            pieces = provider_for(receipt.account).parse(bytes(receipt.body))
        except MalformedError as error:
            receipt.state, receipt.error = Receipt.State.UNREADABLE, str(error)[:2000]
            receipt.save(update_fields=["state", "error"])
            return
        events = []
        for piece in pieces:
            event = InboundEvent(receipt=receipt, account=receipt.account, key=piece.key[:300])
            if isinstance(piece, Unreadable):
                event.name, event.state, event.error = "unreadable", InboundEvent.State.FAILED, piece.error[:2000]
                event.data = {"raw": piece.raw}
            else:
                event.name, event.data, event.person = (
                    type(piece.event).__name__,
                    to_json(piece.event),
                    piece.person[:200],
                )
            events.append(event)
        # The same event under another receipt (a repeated or overlapping batch) is already there: once is once.
        InboundEvent.objects.bulk_create(events, ignore_conflicts=True)
        receipt.state = Receipt.State.PARSED
        receipt.save(update_fields=["state"])


def take_up() -> int:
    """Handle whatever is due until nothing is left; returns how many events were taken."""
    taken = _take_statuses()
    while True:
        due = list(due_events().exclude(name="StatusChanged").values_list("pk", flat=True)[:BATCH])
        done = sum(_take(pk) for pk in due)
        taken += done
        if not done:
            return taken


def _take_statuses() -> int:
    """Statuses only move forward, so their order does not matter: a batch per number and statement.

    Only a batch that fails is taken apart, event by event.
    """
    taken = 0
    while True:
        pks: list[int] = []
        try:
            with transaction.atomic():
                due = due_events().filter(name="StatusChanged").select_for_update(skip_locked=_can_skip())
                batch = list(due[:STATUS_BATCH])
                pks = [event.pk for event in batch]
                _apply_statuses(batch)
                done = {"state": InboundEvent.State.DONE, "done_at": clock.now()}
                InboundEvent.objects.filter(pk__in=pks).update(**done)
        except Exception:  # one bad status must not hold up the batch
            log.exception("a batch of %s statuses failed and is taken apart", len(pks))
            return taken + sum(_take(pk) for pk in pks)
        taken += len(pks)
        if len(pks) < STATUS_BATCH:
            return taken


def _apply_statuses(batch: list[InboundEvent]) -> None:
    by_number: dict[str, list[StatusChanged]] = defaultdict(list)
    for event in batch:
        by_number[event.data.get("number_id", "")].append(from_json(event.data))
    for number in Number.objects.filter(remote_id__in=by_number):
        outbox.apply_statuses(number=number, events=by_number[number.remote_id])


def _take(pk: int) -> bool:
    """Handle one event; False when it is not ours to take now."""
    try:
        if not _fetch_media(pk):
            return False
        with transaction.atomic():
            event = _locked(due_events().filter(pk=pk))
            if event is None or _has_earlier(event):
                return False
            with correlation(f"event:{event.pk}"):
                outcome = effects.apply(event)
            event.state, event.note, event.done_at, event.error = outcome.state, outcome.note[:200], clock.now(), ""
            event.save(update_fields=["state", "note", "done_at", "error"])
        return True
    except Exception as error:  # the edge of a worker: the row is marked, the trace logged, the others go on
        log.exception("event %s failed", pk)
        _put_off(pk, error)
        return True


def _has_earlier(event: InboundEvent) -> bool:
    """Whether an older event of the same person still waits: theirs are taken in order."""
    if not event.person:
        return False
    earlier = InboundEvent.objects.filter(person=event.person, account=event.account, state=InboundEvent.State.PENDING)
    return earlier.filter(pk__lt=event.pk).exclude(name="StatusChanged").exists()


def _fetch_media(pk: int) -> bool:
    """Fetch the file of a message before its transaction, and keep it with the event. False: put off for now.

    Two workers may fetch the same file at the same time; equal bytes are stored once, so nothing is doubled.
    """
    event = due_events().filter(pk=pk, name="MessageReceived").select_related("account").first()
    if event is None or not event.data.get("media") or "file_id" in event.data:
        return True
    media = event.data["media"]
    try:
        fetched = provider_for(event.account).fetch_media(media["remote_id"])
        name = media.get("filename") or f"{media['kind']}-{event.pk}"
        file = files.store(content=fetched.content, name=name, owner=None)
        file_id: int | None = file.pk
    except TryLater as error:
        reason = str(error)
        if event.attempts + 1 < MEDIA_TRIES:
            _change(pk, lambda row: _delay(row, MEDIA_BACKOFF_SECONDS[row.attempts], reason))
            return False
        file_id = None  # the person must not wait for ever: the message goes on, and says that its file is missing
    except Misconfigured as error:
        reason = str(error)
        providers.break_account(account=event.account, reason=reason)
        _change(pk, lambda row: _delay(row, 60, reason, counts=False))
        return False
    except Refused:
        file_id = None
    _change(pk, lambda row: row.data.__setitem__("file_id", file_id))
    return True


def _put_off(pk: int, error: Exception) -> None:
    """Try again later, or set the event aside after `TRIES`; the person is told that it did not work."""

    def fail(row: InboundEvent) -> None:
        if row.attempts + 1 < TRIES:
            _delay(row, BACKOFF_SECONDS[row.attempts], repr(error))
        else:
            row.attempts += 1
            row.state, row.error = InboundEvent.State.FAILED, repr(error)[:2000]

    row = _change(pk, fail)
    if row is not None and row.state == InboundEvent.State.FAILED:
        try:
            with transaction.atomic():
                effects.apologise(row)
        except Exception:  # an apology that fails too must not hide the first fault
            log.exception("the apology for event %s failed", pk)


def _delay(row: InboundEvent, seconds: float, error: str, *, counts: bool = True) -> None:
    row.attempts += 1 if counts else 0
    row.not_before = clock.now() + timedelta(seconds=seconds)
    row.error = error[:2000]


@transaction.atomic
def _change(pk: int, change: Callable[[InboundEvent], None]) -> InboundEvent | None:
    row = InboundEvent.objects.select_for_update().filter(pk=pk, state=InboundEvent.State.PENDING).first()
    if row is not None:
        change(row)
        row.save()
    return row


def _locked(queryset: QuerySet[M]) -> M | None:
    """The first row, locked; None when there is none or another worker holds it."""
    return queryset.select_for_update(skip_locked=_can_skip(), of=("self",) if _can_skip() else ()).first()


def _can_skip() -> bool:
    return connection.features.has_select_for_update_skip_locked
