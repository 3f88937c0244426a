"""How much may leave: every limit of the carrier and of our own, asked and spent in one atomic step in Redis.

| budget | of | limit |
|---|---|---|
| messages per second, in and out | number | `Number.per_second`, halved when the carrier complains, creeping back |
| one per 6 s, 45 of them borrowed from the future (Meta, "Messaging limits") | number and person | fixed |
| people written to first in a rolling 24 h | portfolio | `Portfolio.tier`; `reserve_percent` of it only for lanes that hurry |
| calls about the account in a rolling hour | account | `Account.api_calls_per_hour` |
| messages that the person did not cause, in a rolling 24 h | person | `OUTBOX_PERSON_PER_DAY`; urgent ones bypass it |

The rows are the truth. A Redis that is empty or was restarted is filled from them first (`budgets_rows`), on the careful
side. While it is away nothing leaves: the broker lives in the same server, so workers stand still anyway, and a number
that is sent from without a count can lose its quality for weeks. Moments are the business's (`core.clock`).
"""

import json
import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

import redis
from django.conf import settings

from apps.core import store
from apps.core.errors import TryLater
from apps.outbox import budgets_rows, reasons
from apps.outbox.budgets_rows import HURRIED
from apps.outbox.models import OutboundMessage
from apps.providers.kinds import Klass, Lane
from apps.providers.models import Account, Number, Portfolio

log = logging.getLogger("recado.outbox")

PAIR_SECONDS = 6.0
PAIR_BURST = 45
"""Meta, "Messaging limits": one message per 6 s to one person, up to 45 at once borrowed from the future."""
KEPT_PERCENT = 10
"""Of a number's messages per second, for the lanes that hurry: a page must not wait for a campaign. UNSOURCED, ours."""
RECOVER = timedelta(seconds=60)
"""How long a number takes from a standstill back to full speed. UNSOURCED, ours: Meta names no figure."""

BATCH = 1000
"""Wants in one call: Redis serves nobody else meanwhile."""

_PREFIX = "{recado}:budget:"
_SCRIPT = (Path(__file__).parent / "budgets.lua").read_text(encoding="utf-8")
_EMPTY = b"EMPTY"


class BudgetsLostError(TryLater):
    """Redis is away, or is being filled again: nobody may leave, and nothing was spent."""

    code = "budgets_lost"


@dataclass(frozen=True, slots=True)
class Want:
    """One message that would leave now, and the limits it stands under. `tier` None: no limit."""

    message_id: int
    number_id: int
    contact_id: int
    portfolio_id: int
    lane: str
    opens: bool = False
    kind: str = ""
    counts_for_day: bool = False
    per_second: int = 80
    tier: int | None = None
    reserve_percent: int = 0


@dataclass(frozen=True, slots=True)
class Grant:
    """Whether it may leave; else why not (a code of `reasons`) and when to ask again."""

    message_id: int
    is_free: bool
    reason: str = ""
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Room:
    """What a number may still send in this second: `patient` by lanes that do not hurry, `all` together."""

    patient: int
    all: int
    until: datetime


@dataclass(frozen=True, slots=True)
class Usage:
    """One budget for the desk. `limit` None: no limit. `until`: when some of it is free again.

    `factor` below 1: the carrier complained and we send slower. `waiting`: promised a later moment. `is_counted` False:
    Redis is away and the figure was counted from rows.
    """

    used: int
    limit: int | None
    until: datetime | None = None
    factor: float = 1.0
    waiting: int = 0
    is_counted: bool = True


_REASONS = {
    "pair": reasons.SLOW_PERSON,
    "person_day": reasons.PERSON_DAY,
    "number": reasons.SLOW_NUMBER,
    "tier": reasons.TIER,
    "calls": reasons.API_CALLS,
}


def want_for(message: OutboundMessage) -> Want:
    """A loaded message (with its number, account and portfolio) as a want."""
    number, portfolio = message.number, message.number.account.portfolio
    return Want(
        message_id=message.pk, number_id=number.pk, contact_id=message.contact_id, portfolio_id=portfolio.pk,
        lane=message.lane, opens=message.opens, kind=message.kind, counts_for_day=counts_for_day(message),
        per_second=number.per_second, tier=portfolio.tier, reserve_percent=portfolio.reserve_percent,
    )  # fmt: skip


def counts_for_day(message: OutboundMessage) -> bool:
    """Whether it is one more message that the person did not ask for; codes and pages must arrive whatever came before."""
    return not message.is_reply and message.lane != Lane.URGENT and message.klass != Klass.SECURITY


# --- spending ---------------------------------------------------------------------------------------------------------


def reserve(wants: Sequence[Want], *, now: datetime) -> list[Grant]:
    """Ask for all of these, in this order, and spend what is granted: one call. Raises BudgetsLostError."""
    if not wants:
        return []
    answer = _call("reserve", now, {
        "wants": [[str(want.message_id), str(want.number_id), str(want.contact_id), str(want.portfolio_id),
                   int(want.lane in HURRIED), int(want.opens), int(want.counts_for_day)] for want in wants],
        "numbers": {str(want.number_id): want.per_second for want in wants},
        "tiers": {str(want.portfolio_id): _limits(want.tier, want.reserve_percent)
                  for want in wants if want.tier is not None},
        "person_day": settings.OUTBOX_PERSON_PER_DAY,
        "pair_ms": int(PAIR_SECONDS * 1000), "pair_burst": PAIR_BURST,
    })  # fmt: skip
    return [
        Grant(want.message_id, not reason, _REASONS.get(reason, ""), _moment(until))
        for want, (reason, until) in zip(wants, answer, strict=True)
    ]


def _limits(tier: int, reserve_percent: int) -> list[int]:
    """[limit, limit of the patient lanes]"""
    return [tier, tier - tier * reserve_percent // 100]


def room(numbers: Iterable[Number], *, now: datetime) -> dict[int, Room]:
    """How many messages each number may send now. Spends nothing. Raises BudgetsLostError."""
    limits = {str(number.pk): number.per_second for number in numbers}
    if not limits:
        return {}
    answer = _call("room", now, {"numbers": limits})
    return {int(pk): Room(patient, every, _sure(until)) for pk, (patient, every, until) in answer.items()}


def spend_call(account: Account, *, now: datetime, count: int = 1) -> Grant:
    """Before calls about the account, its numbers or its templates. `message_id` of the grant is 0.

    While Redis is away the call is let through: these calls are few, and an operator who repairs things needs them.
    """
    wanted = {"account": str(account.pk), "limit": account.api_calls_per_hour, "count": count}
    try:
        reason, until = _call("call", now, wanted)
    except BudgetsLostError:
        return Grant(0, True)
    return Grant(0, not reason, _REASONS.get(reason, ""), _moment(until))


def note_inbound(number_id: int, count: int, now: datetime) -> None:
    """Messages that came in count against the number's second, too. Cheap; never raises, and may be lost."""
    with _ignored():
        _call("inbound", now, {"number": str(number_id), "count": count})


def throttled(number_id: int, *, now: datetime) -> float:
    """The carrier said that the number is too fast: halve its rate, once per burst. Returns the factor that is left."""
    try:
        return float(_call("throttled", now, {"number": str(number_id)}))
    except BudgetsLostError:
        return 0.5


def park_person(number_id: int, contact_id: int, *, until: datetime, now: datetime) -> None:
    """The carrier said that one person gets too much: nothing leaves to them before `until`."""
    with _ignored():
        _call("park", now, {"number": str(number_id), "contact": str(contact_id), "till": _ms(until)})


def forget_promises(portfolio: Portfolio, *, now: datetime) -> None:
    """The tier has changed: whoever waited for a place asks again."""
    with _ignored():
        _call("forget_promises", now, {"portfolio": str(portfolio.pk)})


# --- looking ----------------------------------------------------------------------------------------------------------


def usage(of: Number | Portfolio | Account, now: datetime) -> Usage:
    """Today's use of one budget: a number's second, a portfolio's people of 24 h, an account's calls of an hour.

    Never raises: while Redis is away people are counted from rows, and seconds and calls read 0, marked as such.
    """
    try:
        return _USAGE[type(of)](of, now)
    except BudgetsLostError:
        if isinstance(of, Portfolio):
            return Usage(budgets_rows.count_opened(of.pk, now), of.tier, is_counted=False)
        limit = of.per_second if isinstance(of, Number) else of.api_calls_per_hour
        return Usage(0, limit, is_counted=False)


def _usage_of_number(number: Number, now: datetime) -> Usage:
    wanted = {"number": str(number.pk), "per_second": number.per_second}
    used, limit, factor, until = _call("look_number", now, wanted)
    return Usage(used, limit, _moment(until) if used else None, factor=factor)


def _usage_of_account(account: Account, now: datetime) -> Usage:
    used, until = _call("look_calls", now, {"account": str(account.pk)})
    return Usage(used, account.api_calls_per_hour, _moment(until) if used else None)


def _usage_of_portfolio(portfolio: Portfolio, now: datetime) -> Usage:
    used, waiting, until, _last = _look_tier(portfolio, 0, now)
    return Usage(used, portfolio.tier, _moment(until), waiting=waiting)


_USAGE: dict[type, Callable[[Any, datetime], Usage]] = {
    Number: _usage_of_number, Account: _usage_of_account, Portfolio: _usage_of_portfolio,
}  # fmt: skip


def forecast(portfolio: Portfolio, count: int, now: datetime) -> datetime | None:
    """When the last of `count` more people of a campaign could be written to; None: at once.

    As if nobody else wrote meanwhile and everybody who waits already goes first. While Redis is away: from rows, roughly.
    """
    if portfolio.tier is None:
        return None
    limit = max(1, _limits(portfolio.tier, portfolio.reserve_percent)[1])
    try:
        last = _look_tier(portfolio, count, now)[3]
    except BudgetsLostError:
        days = (budgets_rows.count_opened(portfolio.pk, now) + count - 1) // limit
        return now + timedelta(days=days) if days else None
    return _moment(last)


def _look_tier(portfolio: Portfolio, count: int, now: datetime) -> list[int]:
    limit = -1 if portfolio.tier is None else _limits(portfolio.tier, portfolio.reserve_percent)[1]
    found: list[int] = _call("look_tier", now, {"portfolio": str(portfolio.pk), "limit": limit, "count": count})
    return found


# --- the store --------------------------------------------------------------------------------------------------------


@dataclass
class _Store:
    """One connection pool per address. `is_trusted`: this very server has been filled, as far as we know."""

    client: redis.Redis
    script: Any
    is_trusted: bool = False


@lru_cache(maxsize=4)
def _store(address: str) -> _Store:
    client = store.client()
    return _Store(client, client.register_script(_SCRIPT))


def _call(op: str, now: datetime, values: dict[str, Any]) -> Any:
    """One step of the script, on a store that is known to be filled. Raises BudgetsLostError."""
    kept = _store(store.address())
    values = {"recover": RECOVER.total_seconds() * 1000, "kept": KEPT_PERCENT, **values}
    for last in (False, True):
        try:
            if not kept.is_trusted:
                kept.is_trusted = budgets_rows.fill(kept.client, _PREFIX, now)
                if not kept.is_trusted:
                    break
            answer = kept.script(keys=[_PREFIX], args=[op, _ms(now), json.dumps(values)])
            if answer != _EMPTY:
                return json.loads(answer)
            kept.is_trusted = False
        except (redis.ConnectionError, redis.TimeoutError, redis.ReadOnlyError) as error:
            # An old connection to a restarted server breaks like this, too: look at the server, then once more.
            kept.is_trusted = False
            if last:
                raise BudgetsLostError("Redis cannot be reached; messages wait for it.", detail=repr(error)) from error
    raise BudgetsLostError("What was sent is being counted again; messages wait for it.")


@contextmanager
def _ignored() -> Iterator[None]:
    try:
        yield
    except BudgetsLostError as error:
        log.warning("a budget was not told: %s (%s)", error, error.detail)


def _ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def _moment(ms: float) -> datetime | None:
    return _sure(ms) if ms else None


def _sure(ms: float) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)
