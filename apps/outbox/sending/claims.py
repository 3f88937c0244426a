"""Who sends what: rows are won by a conditional update under a lease. Two dispatchers never both win one.

*Ready* is queued without a reason, and only ready rows are looked at, through one index in the order in which they leave:
number, lane, campaign, age. What waits for a reason is parked outside of it and made ready again when its moment comes
(`wake`), so a claim costs the same whatever waits. Who is found behind another message of the same person is parked, too,
and woken when that one is done.
"""
# ruff: noqa: S608 - the statements are ours, every value travels as a parameter

import secrets
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction

from apps.core import clock
from apps.outbox import budgets, reasons
from apps.outbox.budgets_rows import HURRIED
from apps.outbox.bulk import placeholders
from apps.outbox.models import OutboundMessage
from apps.providers.kinds import Lane
from apps.providers.models import Account, Number

LEASE = timedelta(seconds=120)
"""Longer than an upload and a send with all their time-outs (core.http: 25 s each)."""
TRICKLE = 1
"""Places that every lane has in each claim, however full the lanes before it are."""
ORDER_PATIENCE = timedelta(seconds=30)
"""A message that waits longer than this no longer keeps those behind it back, to keep one person's order."""
BEHIND_AT_MOST = timedelta(seconds=30)
"""Who waits behind another message looks again after this, should nobody wake it."""
WOKEN_AT_ONCE = 500
QUEUES_MOST = 500
"""Lanes and campaigns with something ready that one look sees."""
SHARE_LEAST = 5
"""Rows that are read of each campaign at least, to have some when others are blocked."""

State = OutboundMessage.State
HURRIED_RANKS = frozenset(lane.rank for lane in HURRIED)

_TABLE = "outbox_outboundmessage"
_READY = "state = 'queued' AND held_reason = ''"
_QUEUES = {
    # Hops from queue to queue through the index: as many probes as there are queues, not rows.
    "postgresql": f"""
        WITH RECURSIVE q AS (
            (SELECT number_id, lane_rank, campaign FROM {_TABLE} WHERE {_READY}
             ORDER BY number_id, lane_rank, campaign LIMIT 1)
            UNION ALL
            SELECT n.* FROM q CROSS JOIN LATERAL (
                SELECT number_id, lane_rank, campaign FROM {_TABLE}
                WHERE {_READY} AND (number_id, lane_rank, campaign) > (q.number_id, q.lane_rank, q.campaign)
                ORDER BY number_id, lane_rank, campaign LIMIT 1) n
        ) SELECT number_id, lane_rank, campaign FROM q LIMIT {QUEUES_MOST}""",
    "sqlite": f"""
        SELECT DISTINCT number_id, lane_rank, campaign FROM {_TABLE} WHERE {_READY}
        ORDER BY number_id, lane_rank, campaign LIMIT {QUEUES_MOST}""",
}
_HEAD = f"""
    SELECT * FROM (
        SELECT id, contact_id, lane_rank, campaign,
            EXISTS (SELECT 1 FROM {_TABLE} f WHERE f.contact_id = m.contact_id AND f.state = 'sending'
                    AND f.number_id = m.number_id) OR
            EXISTS (SELECT 1 FROM {_TABLE} b WHERE b.contact_id = m.contact_id AND b.lane_rank = m.lane_rank
                    AND b.state = 'queued' AND b.id < m.id AND b.number_id = m.number_id
                    AND (b.held_reason IN ('', '{reasons.TURN}') OR b.not_before <= %s)) AS is_behind
        FROM {_TABLE} m
        WHERE number_id = %s AND lane_rank = %s AND campaign = %s AND {_READY} AND not_before <= %s
        ORDER BY id LIMIT %s) h"""

_last_served: dict[tuple[int, int], str] = {}
"""Number and lane -> the campaign whose turn it was last; each process goes round by itself."""


@dataclass(frozen=True)
class Queue:
    """Ready messages of one number, lane and campaign."""

    number_id: int
    lane_rank: int
    campaign: str


@dataclass(frozen=True)
class Candidate:
    pk: int
    contact_id: int
    queue: Queue
    is_behind: bool


def queues() -> list[Queue]:
    """Where something is ready, of all numbers, in the order in which it leaves."""
    with connection.cursor() as cursor:
        cursor.execute(_QUEUES[connection.vendor])
        return [Queue(*row) for row in cursor.fetchall()]


def numbers_of(found: Iterable[Queue], now: datetime) -> dict[int, Number]:
    """Those numbers of these queues that may send now, with their accounts."""
    rows = Number.objects.select_related("account__portfolio").filter(pk__in={queue.number_id for queue in found})
    return {
        row.pk: row
        for row in rows
        if row.account.state == Account.State.ACTIVE and (row.slow_until is None or row.slow_until <= now)
    }


@dataclass(frozen=True)
class Claimed:
    """`is_held_up`: more is ready, but its number may send no more in this second."""

    rows: list[OutboundMessage]
    is_held_up: bool = False


def claim(limit: int, patient: int | None = None) -> Claimed:
    """Rows to send now, most urgent first, in state sending; at most `patient` of them (None: all) of unhurried lanes.

    Raises BudgetsLostError.
    """
    now = clock.now()
    found = queues()
    numbers = numbers_of(found, now) if found else {}
    rooms = budgets.room(numbers.values(), now=now)
    patient = limit if patient is None else patient
    taken: list[OutboundMessage] = []
    is_held_up = False
    for number in _in_turn(list(numbers.values())):
        room = rooms[number.pk]
        own = [queue for queue in found if queue.number_id == number.pk]
        most = min(limit - len(taken), room.all)
        least = min(patient - _count_patient(taken), room.patient)
        is_held_up |= room.all <= 0 or (
            room.patient <= 0 and any(queue.lane_rank not in HURRIED_RANKS for queue in own)
        )
        own = own if least > 0 else [queue for queue in own if queue.lane_rank in HURRIED_RANKS]
        if most > 0 and own:
            taken += take(number, own, most, least)
    return Claimed(taken, is_held_up)


def take(number: Number, own: Sequence[Queue], limit: int, patient: int) -> list[OutboundMessage]:
    """Claim up to `limit` rows of one number from its queues.

    The number's row is locked meanwhile, so that of two dispatchers the second one sees what the first one took: one
    person never has two messages in flight.
    """
    with transaction.atomic():
        now = clock.now()
        Number.objects.select_for_update(no_key=True).values_list("pk").get(pk=number.pk)
        candidates = heads(own, limit, patient, now)
        chosen = choose(candidates, limit, patient)
        parked = park_behind(candidates, chosen, now)
        rows = hold(chosen, now)
    wake_behind(parked)
    for row in rows:
        row.number = number
    return rows


def heads(own: Sequence[Queue], limit: int, patient: int, now: datetime) -> list[Candidate]:
    """The first ready rows of each queue, in one statement."""
    sizes = _sizes(own, limit, patient)
    parameters: list[Any] = []
    for queue, size in zip(own, sizes, strict=True):
        patience = now + ORDER_PATIENCE
        parameters += [_moment(patience), queue.number_id, queue.lane_rank, queue.campaign, _moment(now), size]
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join([_HEAD] * len(own)), parameters)
        rows = cursor.fetchall()
    number_id = own[0].number_id
    return [
        Candidate(pk, contact, Queue(number_id, rank, name), bool(behind)) for pk, contact, rank, name, behind in rows
    ]


def _sizes(own: Sequence[Queue], limit: int, patient: int) -> list[int]:
    """How many rows to read of each queue: the campaigns of a lane share it, with some to spare."""
    shared: dict[int, int] = defaultdict(int)
    for queue in own:
        shared[queue.lane_rank] += 1
    most = {queue: limit if queue.lane_rank in HURRIED_RANKS else max(TRICKLE, min(limit, patient)) for queue in own}
    return [min(most[queue], max(SHARE_LEAST, -(-2 * most[queue] // shared[queue.lane_rank]))) for queue in own]


def choose(candidates: Sequence[Candidate], limit: int, patient: int) -> list[int]:
    """Ids to take: a trickle of every lane, then by lane; campaigns of a lane take turns; one per person. Pure but for turns."""
    lanes: dict[int, list[Candidate]] = defaultdict(list)
    for candidate in candidates:
        if not candidate.is_behind:
            lanes[candidate.queue.lane_rank].append(candidate)
    ordered = {rank: _round_robin(lanes[rank]) for rank in sorted(lanes)}
    chosen: dict[int, Candidate] = {}
    left = patient

    def add(found: Sequence[Candidate]) -> None:
        nonlocal left
        for candidate in found:
            is_patient = candidate.queue.lane_rank not in HURRIED_RANKS
            if len(chosen) >= limit or (is_patient and left <= 0):
                return
            if candidate.contact_id not in chosen:
                chosen[candidate.contact_id] = candidate
                left -= is_patient

    for found in ordered.values():
        add(found[:TRICKLE])
    for found in ordered.values():
        add(found)
    for candidate in chosen.values():
        _last_served[candidate.queue.number_id, candidate.queue.lane_rank] = candidate.queue.campaign
    return sorted(candidate.pk for candidate in chosen.values())


def _round_robin(found: Sequence[Candidate]) -> list[Candidate]:
    campaigns: dict[str, list[Candidate]] = defaultdict(list)
    for candidate in found:
        campaigns[candidate.queue.campaign].append(candidate)
    if len(campaigns) < 2:
        return list(found)
    last = _last_served.get((found[0].queue.number_id, found[0].queue.lane_rank), "")
    names = sorted(campaigns, key=lambda name: (name <= last, name))
    rounds = range(max(map(len, campaigns.values())))
    return [campaigns[name][turn] for turn in rounds for name in names if turn < len(campaigns[name])]


def park_behind(candidates: Sequence[Candidate], chosen: Sequence[int], now: datetime) -> set[int]:
    """Who is behind another message of the same person steps out of the queue, so that the next look is not at them again.

    Returns the people.
    """
    taken = set(chosen)
    busy = {one.contact_id for one in candidates if one.pk in taken}
    behind = [one for one in candidates if one.is_behind or (one.contact_id in busy and one.pk not in taken)]
    if behind:
        rows = OutboundMessage.objects.filter(pk__in=[one.pk for one in behind], state=State.QUEUED, held_reason="")
        rows.update(held_reason=reasons.TURN, not_before=now + BEHIND_AT_MOST)
    return {one.contact_id for one in behind}


def hold(ids: Sequence[int], now: datetime) -> list[OutboundMessage]:
    """Win these rows, or as many as are still to be had."""
    if not ids:
        return []
    columns = ", ".join(f'"{field.column}"' for field in OutboundMessage._meta.concrete_fields)
    ready = f"FROM {_TABLE} WHERE id IN ({placeholders(len(ids))}) AND {_READY}"
    chosen = f"id IN (SELECT id {ready})"
    if connection.vendor == "postgresql":  # where they lie, found once: the lock keeps them there
        chosen = f"ctid = ANY(ARRAY(SELECT ctid {ready} ORDER BY id FOR NO KEY UPDATE SKIP LOCKED))"
    sql = f"""UPDATE {_TABLE} SET state = 'sending', lease_token = %s, lease_until = %s
        WHERE {chosen} RETURNING {columns}"""
    token = secrets.token_hex(12)
    rows = list(OutboundMessage.objects.raw(sql, [token, _moment(now + LEASE), *ids]))
    return sorted(rows, key=lambda row: (row.lane_rank, row.pk))


# --- parked -----------------------------------------------------------------------------------------------------------


def wake(now: datetime) -> int:
    """Make ready again what was parked until now; returns how many rows."""
    due = OutboundMessage.objects.filter(state=State.QUEUED, not_before__lte=now).exclude(held_reason="")
    with transaction.atomic():
        if connection.features.has_select_for_update_skip_locked:
            due = due.select_for_update(skip_locked=True, no_key=True)
        ids = list(due.order_by("not_before").values_list("pk", flat=True)[:WOKEN_AT_ONCE])
        return OutboundMessage.objects.filter(pk__in=ids).update(held_reason="") if ids else 0


_IS_FIRST = f"""
    NOT EXISTS (SELECT 1 FROM {_TABLE} f WHERE f.contact_id = m.contact_id AND f.state = 'sending')
    AND NOT EXISTS (SELECT 1 FROM {_TABLE} b WHERE b.contact_id = m.contact_id AND b.lane_rank = m.lane_rank
                    AND b.state = 'queued' AND b.id < m.id AND (b.held_reason = '' OR b.not_before <= %s))"""
_BEHIND = {
    # By index for each person and lane: who has a thousand messages waiting costs no more than who has one.
    "postgresql": f"""
        SELECT m.id FROM unnest(%s::bigint[]) AS c(contact_id)
        CROSS JOIN generate_series(0, {len(Lane) - 1}) AS l(lane_rank)
        CROSS JOIN LATERAL (
            SELECT id, contact_id, lane_rank FROM {_TABLE} WHERE contact_id = c.contact_id AND lane_rank = l.lane_rank
            AND state = 'queued' AND held_reason = '{reasons.TURN}' ORDER BY id LIMIT 1) m
        WHERE {_IS_FIRST}""",
    "sqlite": f"""
        SELECT m.id FROM (
            SELECT min(id) AS id, contact_id, lane_rank FROM {_TABLE}
            WHERE contact_id IN (SELECT value FROM json_each(%s))
            AND state = 'queued' AND held_reason = '{reasons.TURN}' GROUP BY contact_id, lane_rank) m
        WHERE {_IS_FIRST}""",
}


def wake_behind(contacts: Iterable[int]) -> int:
    """Messages to these people are done: the next one of each person and lane is ready, unless another is before it.

    To be called after the commit of what is done, and again by whoever parks after having parked: whichever of the two
    comes last sees what the other did.
    """
    wanted = sorted(set(contacts))
    if not wanted:
        return 0
    with connection.cursor() as cursor:
        patience = _moment(clock.now() + ORDER_PATIENCE)
        people = wanted if connection.vendor == "postgresql" else str(wanted)
        cursor.execute(_BEHIND[connection.vendor], [people, patience])
        ids = [row[0] for row in cursor.fetchall()]
    if not ids:
        return 0
    rows = OutboundMessage.objects.filter(pk__in=ids, state=State.QUEUED, held_reason=reasons.TURN)
    return rows.update(held_reason="", not_before=clock.now())


# --- odds and ends ----------------------------------------------------------------------------------------------------


def has_ready() -> bool:
    """Whether a dispatcher would find anything that may leave."""
    found = queues()
    return bool(found) and bool(numbers_of(found, clock.now()))


def _count_patient(rows: Iterable[OutboundMessage]) -> int:
    return sum(row.lane_rank not in HURRIED_RANKS for row in rows)


def _in_turn(numbers: list[Number]) -> list[Number]:
    """Another number first each time."""
    start = secrets.randbelow(len(numbers)) if numbers else 0
    return numbers[start:] + numbers[:start]


def _moment(moment: datetime) -> Any:
    """As this database wants a moment in a statement of our own."""
    return connection.ops.adapt_datetimefield_value(moment)
