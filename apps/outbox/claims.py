"""Who sends what: rows are won by a conditional update under a lease. Two dispatchers never both win one.

This is where budgets will stand: between the rows that may leave and the rows that are taken.
"""

import secrets
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from apps.core import clock
from apps.outbox import reasons
from apps.outbox.models import OutboundMessage
from apps.providers.kinds import Lane
from apps.providers.models import Account, Number

LEASE = timedelta(seconds=120)
"""Longer than an upload and a send with all their time-outs (core.http: 25 s each)."""
TRICKLE = 1
"""Places that every lane has in each claim, however full the lanes before it are."""
ORDER_PATIENCE = timedelta(seconds=30)
"""A message that waits longer than this no longer keeps those behind it back, to keep one person's order."""

State = OutboundMessage.State


def numbers_with_work() -> list[int]:
    """Numbers that may send now and have something to send."""
    now = clock.now()
    due = OutboundMessage.objects.filter(number=OuterRef("pk"), state=State.QUEUED, not_before__lte=now)
    numbers = Number.objects.filter(Q(slow_until=None) | Q(slow_until__lte=now), Exists(due))
    return list(numbers.filter(account__state=Account.State.ACTIVE).order_by("pk").values_list("pk", flat=True))


def turns(number_id: int, now: datetime) -> QuerySet[OutboundMessage]:
    """Rows whose turn it is: nothing of the same person is in flight, parked, or before them in their lane."""
    same = OutboundMessage.objects.filter(contact=OuterRef("contact"), number=OuterRef("number"))
    before_it = Q(state=State.QUEUED, lane_rank=OuterRef("lane_rank"), pk__lt=OuterRef("pk"))
    blocking = same.filter(state__in=[State.QUEUED, State.SENDING]).filter(
        Q(state=State.SENDING)
        | (before_it & Q(not_before__lte=now + ORDER_PATIENCE))
        | Q(state=State.QUEUED, held_reason=reasons.SLOW_PERSON, not_before__gt=now)
    )
    due = OutboundMessage.objects.filter(number=number_id, state=State.QUEUED, not_before__lte=now)
    return due.filter(~Exists(blocking))


def pick(number_id: int, limit: int, now: datetime) -> list[int]:
    """Ids to take: a trickle of every lane, then by lane and age; one per person."""
    waiting = turns(number_id, now).order_by("lane_rank", "id")
    chosen: dict[int, int] = {}
    for lane in Lane:
        for pk, contact in waiting.filter(lane_rank=lane.rank).values_list("pk", "contact")[:TRICKLE]:
            chosen.setdefault(contact, pk)
    for pk, contact in waiting.values_list("pk", "contact")[:limit]:
        if len(chosen) >= limit:
            break
        chosen.setdefault(contact, pk)
    return sorted(chosen.values())


@transaction.atomic
def take(number_id: int, limit: int) -> list[OutboundMessage]:
    """Claim up to `limit` rows of one number (a few more when every lane is full); they are then in state sending.

    The number's row is locked meanwhile, so that of two dispatchers the second one sees what the first one took: one
    person never has two messages in flight.
    """
    now = clock.now()
    Number.objects.select_for_update(no_key=True).get(pk=number_id)
    return hold(pick(number_id, limit, now), now)


def hold(ids: list[int], now: datetime) -> list[OutboundMessage]:
    """Win these rows, or as many as are still to be had."""
    token = secrets.token_hex(12)
    OutboundMessage.objects.filter(pk__in=ids, state=State.QUEUED).update(
        state=State.SENDING, lease_token=token, lease_until=now + LEASE
    )
    mine = OutboundMessage.objects.filter(lease_token=token, state=State.SENDING)
    related = mine.select_related("contact__employee", "contact__preference", "number__account__portfolio")
    return list(related.order_by("lane_rank", "id"))


def claim(limit: int) -> list[OutboundMessage]:
    """Rows to send now, most urgent first, of all numbers."""
    taken: list[OutboundMessage] = []
    for number_id in numbers_with_work():
        if len(taken) < limit:
            taken += take(number_id, limit - len(taken))
    return taken
