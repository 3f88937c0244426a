"""Keep what came in, and run it again on request."""

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils.translation import gettext as _

from apps.core import clock
from apps.core.errors import NotPermittedError, RecadoError
from apps.core.tasks import nudge
from apps.inbox import tasks
from apps.inbox.models import InboundEvent, Receipt
from apps.journal.services import record
from apps.people.models import User
from apps.providers.base import WhatsAppProvider
from apps.providers.models import Account
from apps.providers.types import RawRequest


def accept(*, account: Account, request: RawRequest, provider: WhatsAppProvider) -> tuple[int, bool]:
    """Store one verified delivery; returns (receipt id, whether it is new). A repeated one only counts.

    The unique constraint is the only judge: a look first would lose the race of two deliveries in the same second.
    Raises DatabaseError when it could not be stored.
    """
    key = provider.dedup_key(request)
    try:
        with transaction.atomic():
            receipt = Receipt.objects.create(
                account=account,
                key=key,
                body=request.body,
                query="&".join(f"{name}={value}" for name, value in request.query.items()),
                headers={name: value for name, value in request.headers.items() if name in provider.kept_headers},
            )
            nudge(tasks.process, receipt_id=receipt.pk)
            return receipt.pk, True
    except IntegrityError:
        known = Receipt.objects.filter(account=account, key=key)
        if not known.update(times_received=F("times_received") + 1):
            raise  # another constraint than the one we know
        return known.values_list("pk", flat=True).get(), False


@transaction.atomic
def replay_receipt(*, receipt: Receipt, by: User) -> int:
    """Read a stored request again: new events appear, failed ones wait anew, done ones stay done. Returns failed ones."""
    _check(by)
    receipt = Receipt.objects.select_for_update().get(pk=receipt.pk)
    receipt.state, receipt.error = Receipt.State.RECEIVED, ""
    receipt.save(update_fields=["state", "error"])
    failed = receipt.events.filter(state=InboundEvent.State.FAILED).update(
        state=InboundEvent.State.PENDING, attempts=0, not_before=clock.now(), error=""
    )
    record("receipt.replayed", subject=receipt, by=by, after={"failed_events": failed})
    nudge(tasks.process, receipt_id=receipt.pk)
    return failed


@transaction.atomic
def replay_event(*, event: InboundEvent, by: User) -> None:
    """Try an event that was set aside once more. Raises RecadoError for one that took effect: once is once."""
    _check(by)
    event = InboundEvent.objects.select_for_update().get(pk=event.pk)
    if event.state != InboundEvent.State.FAILED:
        raise RecadoError(_("Only an event that was set aside can be tried again."))
    event.state, event.attempts, event.not_before, event.error = InboundEvent.State.PENDING, 0, clock.now(), ""
    event.save(update_fields=["state", "attempts", "not_before", "error"])
    record("event.replayed", subject=event, by=by)
    nudge(tasks.sweep)


def _check(by: User) -> None:
    if not by.has_perm("inbox.replay_receipt"):
        raise NotPermittedError(_("Replaying needs the operator's role."))
