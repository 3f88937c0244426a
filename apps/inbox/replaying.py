"""Run again what came in. What took effect stays as it is; only what was set aside, or never seen, does anything."""

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from apps.core import clock
from apps.core.errors import NotPermittedError, RecadoError
from apps.core.tasks import nudge
from apps.inbox import tasks
from apps.inbox.models import InboundEvent, Receipt
from apps.journal.services import record
from apps.people.models import User

PERMISSION = "inbox.replay_receipt"
UNREADABLE = "unreadable"  # the name of a piece that no adapter could read
_FRESH = {"state": InboundEvent.State.PENDING, "attempts": 0, "error": ""}


@transaction.atomic
def replay_receipt(*, receipt: Receipt, by: User) -> int:
    """Read a stored request again: new events appear, failed ones wait anew, done ones stay done.

    Returns how many failed events wait anew. Raises NotPermittedError, RecadoError for one whose body was removed.
    """
    _check(by)
    row = Receipt.objects.select_for_update(of=("self",)).defer("body").select_related("account").get(pk=receipt.pk)
    if row.emptied_at is not None:
        raise RecadoError(_("Its body was removed when its time was over: there is nothing left to read again."))
    moved = _wait_anew(InboundEvent.objects.filter(receipt=row))
    Receipt.objects.filter(pk=row.pk).update(state=Receipt.State.RECEIVED, error="")
    record("receipt.replayed", subject=row, by=by, after={"failed_events": len(moved)})
    nudge(tasks.process)
    return len(moved)


@transaction.atomic
def replay_event(*, event: InboundEvent, by: User) -> None:
    """Try an event that was set aside once more. Raises NotPermittedError, RecadoError for one that took effect: once is once."""
    _check(by)
    moved = _wait_anew(InboundEvent.objects.filter(pk=event.pk))
    if not moved:
        raise RecadoError(_("Only an event that was set aside can be tried again."))
    record("event.replayed", subject=moved[0], by=by)
    nudge(tasks.sweep)


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


def _check(by: User) -> None:
    if not by.has_perm(PERMISSION):
        raise NotPermittedError(_("Replaying needs the operator's role."))
