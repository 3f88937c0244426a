"""Run again what came in: one or many. What took effect stays as it is; only what was set aside, or never seen, does anything."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from apps.core import clock
from apps.core.errors import InvalidInputError, NotPermittedError, RecadoError
from apps.core.tasks import nudge
from apps.inbox import tasks
from apps.inbox.models import InboundEvent, Receipt
from apps.journal.services import Happened, record_many
from apps.people.models import User

PERMISSION = "inbox.replay_receipt"
MOST = 10_000  # rows in one go: a click must not keep the workers busy for hours
UNREADABLE = "unreadable"  # the name of a piece that no adapter could read
CHUNK = 500  # rows locked in one transaction
_FRESH = {"state": InboundEvent.State.PENDING, "attempts": 0, "error": ""}


@dataclass(frozen=True)
class Replayed:
    """What a replay does, or did. `kept`: events that took effect and stay; `gone`: receipts whose body was removed."""

    receipts: int = 0
    failed: int = 0
    kept: int = 0
    gone: int = 0


def preview_receipts(receipts: QuerySet[Receipt], *, by: User) -> Replayed:
    """What replaying these would do. Raises NotPermittedError, InvalidInputError for more than `MOST`."""
    _check(by, receipts)
    events = InboundEvent.objects.filter(receipt__in=receipts.order_by().values("pk"))
    failed = events.filter(state=InboundEvent.State.FAILED).count()
    gone = receipts.exclude(emptied_at=None).count()
    return Replayed(receipts.count() - gone, failed, events.count() - failed, gone)


def replay_receipts(receipts: QuerySet[Receipt], *, by: User) -> Replayed:
    """Read stored requests again: new events appear, failed ones wait anew, done ones stay done; each is recorded.

    In chunks, each a transaction. Receipts whose body was removed are left out. Raises NotPermittedError,
    InvalidInputError for more than `MOST`.
    """
    _check(by, receipts)
    expected = preview_receipts(receipts, by=by)
    replayed = failed = 0
    for ids in _chunks(receipts.filter(emptied_at=None)):
        with transaction.atomic():
            rows = Receipt.objects.select_for_update().filter(pk__in=ids, emptied_at=None).order_by("pk")
            found = list(rows.defer("body").select_related("account"))
            moved = _wait_anew(InboundEvent.objects.filter(receipt__in=found))
            Receipt.objects.filter(pk__in=ids, emptied_at=None).update(state=Receipt.State.RECEIVED, error="")
            counts = {row.pk: 0 for row in found}
            for event in moved:
                counts[event.receipt_id] += 1
            record_many(Happened("receipt.replayed", row, by, after={"failed_events": counts[row.pk]}) for row in found)
            nudge(tasks.process)
        replayed, failed = replayed + len(found), failed + len(moved)
    return Replayed(replayed, failed, expected.kept, expected.gone)


def replay_events(events: QuerySet[InboundEvent], *, by: User) -> int:
    """Try the events that were set aside among these once more; returns how many. Others are left as they are.

    Raises NotPermittedError, InvalidInputError for more than `MOST`.
    """
    _check(by, events)
    tried = 0
    for ids in _chunks(events.filter(state=InboundEvent.State.FAILED)):
        with transaction.atomic():
            moved = _wait_anew(InboundEvent.objects.filter(pk__in=ids))
            record_many(Happened("event.replayed", event, by) for event in moved)
            nudge(tasks.sweep)
        tried += len(moved)
    return tried


def replay_receipt(*, receipt: Receipt, by: User) -> int:
    """As `replay_receipts`, for one; returns how many failed events wait anew. Raises RecadoError for an emptied one."""
    if receipt.emptied_at is not None:
        raise RecadoError(_("Its body was removed when its time was over: there is nothing left to read again."))
    return replay_receipts(Receipt.objects.filter(pk=receipt.pk), by=by).failed


def replay_event(*, event: InboundEvent, by: User) -> None:
    """Try an event that was set aside once more. Raises RecadoError for one that took effect: once is once."""
    if not replay_events(InboundEvent.objects.filter(pk=event.pk), by=by):
        raise RecadoError(_("Only an event that was set aside can be tried again."))


def _wait_anew(events: QuerySet[InboundEvent]) -> list[InboundEvent]:
    """Failed ones become waiting. A piece that could not even be read gives way: its receipt is read again, and either it
    is an event now or it is set aside anew."""
    failed = events.filter(state=InboundEvent.State.FAILED).select_for_update(of=("self",)).order_by("pk")
    rows = list(failed)
    pieces = [row for row in rows if row.name == UNREADABLE]
    InboundEvent.objects.filter(pk__in=[row.pk for row in rows]).update(not_before=clock.now(), **_FRESH)
    InboundEvent.objects.filter(pk__in=[row.pk for row in pieces]).delete()
    Receipt.objects.filter(pk__in={row.receipt_id for row in pieces}, emptied_at=None).update(
        state=Receipt.State.RECEIVED, error=""
    )
    return rows


def _chunks(rows: QuerySet[Receipt] | QuerySet[InboundEvent]) -> list[Sequence[int]]:
    ids = list(rows.order_by("pk").values_list("pk", flat=True)[:MOST])
    return [ids[start : start + CHUNK] for start in range(0, len(ids), CHUNK)]


def _check(by: User, rows: QuerySet[Receipt] | QuerySet[InboundEvent]) -> None:
    if not by.has_perm(PERMISSION):
        raise NotPermittedError(_("Replaying needs the operator's role."))
    if rows.order_by()[: MOST + 1].count() > MOST:
        raise InvalidInputError(
            _("At most %(most)s at once. Narrow the list by its filters, then take the next part.") % {"most": MOST}
        )
