"""Finds what a lost nudge, a killed worker or a passed moment left behind. Every step is safe to run twice, or at once."""

import logging
from collections.abc import Callable
from datetime import timedelta

from django.db import connection, transaction
from django.db.models import QuerySet

from apps.core import clock
from apps.outbox import outcomes
from apps.outbox.machine import is_duplicate_harmless
from apps.outbox.models import Attempt, EarlyStatus, OutboundMessage
from apps.outbox.planning import holding
from apps.outbox.sending import claims, statuses
from apps.providers.kinds import Lane

log = logging.getLogger("recado.outbox")

BATCH = 200
EARLY_KEPT = timedelta(days=31)
"""Meta delivers for up to 30 days; a status without a message after that is about somebody else's."""

State = OutboundMessage.State


def sweep() -> dict[str, int]:
    """One round; returns how many rows each step moved."""
    return {
        "woken": claims.wake(clock.now()),
        "leases": _each(_lost_leases(), _lose),
        "held": _held(),
        "unsure": _each(_due_unsure(), _send_again),
        "early": statuses.match_early() + forget_early(),
    }


def has_due() -> bool:
    """Whether a dispatcher would find anything."""
    return claims.has_ready()


def _each(rows: QuerySet[OutboundMessage], move: Callable[[OutboundMessage], bool]) -> int:
    """Lock the due rows and let `move` change each; rows that another worker holds are left to it."""
    skip = connection.features.has_select_for_update_skip_locked
    ids = list(rows.order_by("not_before", "pk").values_list("pk", flat=True)[:BATCH])
    moved = 0
    for pk in ids:
        try:
            with transaction.atomic():
                locked = rows.select_for_update(of=("self",), skip_locked=skip).select_related(
                    "contact__employee", "number__account__portfolio"
                )
                row = locked.filter(pk=pk).first()
                moved += bool(row is not None and move(row))
        except Exception:  # one bad row must not stop the sweep of the others
            log.exception("sweeping message %s failed", pk)
    return moved


# --- leases -----------------------------------------------------------------------------------------------------------


def _lost_leases() -> QuerySet[OutboundMessage]:
    return OutboundMessage.objects.filter(state=State.SENDING, lease_until__lt=clock.now())


def _lose(row: OutboundMessage) -> bool:
    """Whoever claimed it is gone, perhaps between sending and saving: nobody knows."""
    now = clock.now()
    row.state, row.not_before = State.UNSURE, now + outcomes.unsure_grace()
    row.attempts += 1
    outcomes.release(row)
    row.save(update_fields=outcomes.SAVED)
    outcomes.attempt(row, Attempt.Outcome.UNSURE, now=now).save()
    claims.wake_behind([row.contact_id])
    return True


def _held() -> int:
    try:
        return holding.sweep()
    except (
        Exception
    ):  # what cannot be planned is held, not raised: this is the database's trouble, and others have work
        log.exception("sweeping held messages failed")
        return 0


# --- unsure -----------------------------------------------------------------------------------------------------------


def _due_unsure() -> QuerySet[OutboundMessage]:
    """Only once, and only where a duplicate is harmless; the others stay listed until a person decides."""
    harmless = [lane.value for lane in Lane if is_duplicate_harmless(lane)]
    return OutboundMessage.objects.filter(
        state=State.UNSURE, is_resend=False, lane__in=harmless, not_before__lte=clock.now()
    )


def _send_again(row: OutboundMessage) -> bool:
    row.state, row.is_resend, row.held_reason = State.QUEUED, True, ""
    row.not_before = clock.now()
    row.save(update_fields=outcomes.SAVED)
    return True


# --- early statuses ---------------------------------------------------------------------------------------------------


def forget_early() -> int:
    """Drop statuses whose message never came: another system may use the same number."""
    return EarlyStatus.objects.filter(created_at__lt=clock.now() - EARLY_KEPT).delete()[0]
