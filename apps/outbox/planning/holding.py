"""Rows that wait for a reason: planned again when it may be gone, many at once, and knocked for where only that helps."""

from collections.abc import Sequence

from django.db import connection, transaction
from django.db.models import QuerySet

from apps.contacts.models import Contact
from apps.core import clock
from apps.journal.services import record
from apps.outbox import bulk, outcomes, reasons
from apps.outbox.kinds import KNOCK
from apps.outbox.models import Button, OutboundMessage
from apps.outbox.planning import knocking, planner
from apps.outbox.planning.deciding import ASKED_FOR
from apps.providers.kinds import kinds

BATCH = 200
BATCHES = 25
"""Most batches of one sweep: at the end of a night thousands of rows are due at once, and other sweeps want their turn."""

State = OutboundMessage.State


def sweep() -> int:
    """Look again at held rows whose moment has come; returns how many moved on. Rows in other hands are left to them."""
    moved = 0
    for _round in range(BATCHES):
        with transaction.atomic():
            due = OutboundMessage.objects.filter(state=State.HELD, not_before__lte=clock.now())
            rows = locked(due.order_by("not_before", "pk")[:BATCH], skip=True)
            moved += look_again(rows)
        if len(rows) < BATCH:
            break
    return moved


def locked(rows: QuerySet[OutboundMessage], *, skip: bool = False) -> list[OutboundMessage]:
    """These rows, locked for the rest of the transaction, with what planning and knocking read."""
    related = rows.select_related("contact__employee", "number__account__portfolio")
    skip = skip and connection.features.has_select_for_update_skip_locked
    return list(related.select_for_update(of=("self",), skip_locked=skip))


def look_again(rows: Sequence[OutboundMessage]) -> int:
    """Plan these waiting rows again, which the caller has locked; returns how many moved on. Constant queries."""
    if not rows:
        return 0
    before = [str(row.state) for row in rows]
    for row, plan in zip(rows, planner.plan_many(rows), strict=True):
        planner.write(row, plan)
    bulk.update(rows, planner.PLANNED)
    outcomes.record_ends(zip(rows, before, strict=True))
    knocking.knock(rows)
    return sum(row.state != State.HELD for row in rows)


def release(*, button: Button, contact: Contact) -> int:
    """The person tapped *Read*: everything that fits no template and waits for them leaves, be it night or a day off.

    Returns how many messages are on their way. Those that waited for the window alone were released when the tap came in,
    since a tap is a message. Inside the caller's transaction.
    """
    theirs = OutboundMessage.objects.filter(contact=contact)
    if button.message is not None:
        theirs = theirs.filter(number=button.message.number_id)
    resting = theirs.filter(state=State.HELD, held_reason__in=[reasons.QUIET_HOURS, reasons.DAY_OFF])
    rows = [row for row in locked(resting.order_by("id")) if _fits_no_template(row)]
    for row in rows:
        row.data = {**row.data, ASKED_FOR: clock.now().isoformat()}
    bulk.update(rows, ["data"])
    look_again(rows)
    leaving = theirs.filter(state__in=[State.QUEUED, State.SENDING]).exclude(kind=KNOCK.name).count()
    if button.used_at is None:
        record("knock.answered", subject=button.message, by=contact, after={"messages": leaving})
    return leaving


def _fits_no_template(row: OutboundMessage) -> bool:
    kind = kinds.get(row.kind)
    return bool(row.given) or kind is None or not kind.bodies
