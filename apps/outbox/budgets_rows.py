"""What the rows know of the budgets: fills a Redis that came up empty or was restarted, on the careful side.

Careful: whatever may have been taken by the carrier counts as taken, the second of a number that sent just now is full,
half of the hour's calls of every account in use are spent (calls leave no rows).
"""

import logging
import secrets
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

import redis
from django.db.models import Exists, F, Max, OuterRef, Q
from django.db.models.functions import Coalesce

from apps.outbox import reasons
from apps.outbox.models import OutboundMessage
from apps.providers.kinds import Klass, Lane
from apps.providers.models import Account, Number

log = logging.getLogger("recado.outbox")

DAY = timedelta(hours=24)
TIER_DAY = DAY + timedelta(seconds=120)
"""How long a place of the tier is held: we count from asking, the carrier from accepting, at most a lease later."""
PAIR_MEMORY = timedelta(seconds=45 * 6)
"""A pair is even again after this, whatever it borrowed."""
FILLING_LASTS = 120  # seconds; whoever died while filling is followed by somebody else after this
NUMBER_SLOT = 50  # ms, as in budgets.lua
CALL_SLOT = 30_000
PIPED = 2000
_AT_LEAST = f"""
local spent, now = 0, tonumber(ARGV[1])
local flat = redis.call('HGETALL', KEYS[1])
for i = 1, #flat, 2 do
  if tonumber(flat[i]) > now - {3_600_000 // CALL_SLOT} then spent = spent + tonumber(flat[i + 1]) end
end
if spent < tonumber(ARGV[2]) then redis.call('HINCRBY', KEYS[1], ARGV[1], tonumber(ARGV[2]) - spent) end
redis.call('PEXPIRE', KEYS[1], 7200000)
"""
"""Calls of the last hour are raised to a number: a Redis that kept its file and is restarted often must not add up."""
HURRIED = frozenset({Lane.URGENT, Lane.REPLY, Lane.APPROVAL})
"""Lanes in which somebody waits: they may use the reserves."""

State = OutboundMessage.State


def fill(client: redis.Redis, prefix: str, now: datetime) -> bool:
    """Make sure that this very server process has been filled; False while somebody else is at it."""
    run = _run_id(client)
    if client.get(f"{prefix}epoch") == run:
        return True
    lock, token = f"{prefix}filling", secrets.token_hex(8)
    if not client.set(lock, token, nx=True, ex=FILLING_LASTS):
        return False
    log.warning("Redis is new or was restarted: budgets are counted from the rows again")
    commands = _commands(prefix, now)
    while chunk := list(islice(commands, PIPED)):
        with client.pipeline(transaction=False) as pipe:
            for command in chunk:
                pipe.execute_command(*command)  # type: ignore[no-untyped-call]
            pipe.execute()
    client.set(f"{prefix}epoch", run)
    client.delete(lock)
    return True


def _run_id(client: redis.Redis) -> bytes:
    info: Any = client.info("server")
    return str(info["run_id"]).encode()


def count_opened(portfolio_id: int, now: datetime) -> int:
    """How many people of a portfolio were written to first within 24 hours."""
    rows = _opened(now).filter(number__account__portfolio=portfolio_id)
    return rows.order_by().values("contact").distinct().count()


# --- commands ---------------------------------------------------------------------------------------------------------


def _commands(prefix: str, now: datetime) -> Iterator[tuple[Any, ...]]:
    yield from _tiers(prefix, now)
    yield from _promises(prefix)
    yield from _days(prefix, now)
    yield from _pairs(prefix, now)
    busy = _left_since(now - timedelta(seconds=5)).order_by().values("number")
    for number, per_second in Number.objects.filter(pk__in=busy).values_list("pk", "per_second"):
        name = f"{prefix}number:{number}"
        yield "HSET", name, _ms(now) // NUMBER_SLOT, per_second
        yield "PEXPIRE", name, 5000
    # An account that nobody has written from is new: its first hour is not spent.
    used = Account.objects.filter(Exists(OutboundMessage.objects.filter(number__account=OuterRef("pk"))))
    for account, limit in used.values_list("pk", "api_calls_per_hour"):
        yield "EVAL", _AT_LEAST, 1, f"{prefix}calls:{account}", _ms(now) // CALL_SLOT, limit // 2


def _left_since(since: datetime) -> Any:
    """Rows that left, or may have left, since then: what is in flight or unsure counts, too."""
    tried = Q(sent_at__gt=since) | Q(failed_at__gt=since) | Q(state__in=[State.SENDING, State.UNSURE])
    return OutboundMessage.objects.filter(tried).annotate(left=Coalesce("sent_at", "failed_at", F("not_before")))


def _opened(now: datetime) -> Any:
    return _left_since(now - TIER_DAY).filter(opens=True)


def _tiers(prefix: str, now: datetime) -> Iterator[tuple[Any, ...]]:
    rows = _opened(now).order_by().values_list("number__account__portfolio", "contact")
    sure = rows.exclude(state__in=[State.SENDING, State.UNSURE]).annotate(last=Max("left"))
    for portfolio, contact, last in sure.iterator():
        yield "ZADD", f"{prefix}tier:{portfolio}", "GT", _ms(min(last, now)), contact
    # What was only claimed may have left, so it takes a place; it may also never have been let through, so it takes the
    # place under another name: under their own the person would pass as somebody who was written to already.
    for portfolio, contact in rows.filter(state__in=[State.SENDING, State.UNSURE]).distinct().iterator():
        yield "ZADD", f"{prefix}tier:{portfolio}", _ms(now), f"?{contact}"


def _promises(prefix: str) -> Iterator[tuple[Any, ...]]:
    rows = OutboundMessage.objects.filter(state=State.QUEUED, held_reason=reasons.TIER)
    fields = rows.values_list("number__account__portfolio", "lane", "not_before", "pk")
    for portfolio, lane, moment, pk in fields.iterator():
        yield "ZADD", f"{prefix}wait:{portfolio}:{'high' if lane in HURRIED else 'low'}", _ms(moment), pk


def _days(prefix: str, now: datetime) -> Iterator[tuple[Any, ...]]:
    rows = _left_since(now - DAY).filter(is_reply=False).exclude(lane=Lane.URGENT).exclude(klass=Klass.SECURITY)
    for contact, left, pk in rows.values_list("contact", "left", "pk").iterator():
        name = f"{prefix}day:{contact}"
        yield "ZADD", name, _ms(min(left, now)), pk
        yield "PEXPIRE", name, int(DAY.total_seconds() * 1000)


def _pairs(prefix: str, now: datetime) -> Iterator[tuple[Any, ...]]:
    rows = _left_since(now - PAIR_MEMORY).order_by("left").values_list("number", "contact", "left")
    even: dict[tuple[int, int], int] = {}
    for number, contact, left in rows.iterator():
        even[number, contact] = max(even.get((number, contact), 0), _ms(min(left, now))) + 6000
    for (number, contact), moment in even.items():
        if moment > _ms(now):
            yield "SET", f"{prefix}pair:{number}:{contact}", moment, "PX", moment - _ms(now)
    parked = OutboundMessage.objects.filter(state=State.QUEUED, held_reason=reasons.SLOW_PERSON, not_before__gt=now)
    fields: Iterable[tuple[int, int, datetime]] = (
        parked.order_by().values_list("number", "contact").annotate(until=Max("not_before"))
    )
    for number, contact, until in fields:
        yield "SET", f"{prefix}parked:{number}:{contact}", _ms(until), "PX", _ms(until) - _ms(now)


def _ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
