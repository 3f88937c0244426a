"""How fast one may send. Plain Python; the caller says what time it is."""

from collections import OrderedDict, deque
from dataclasses import dataclass, field

# Meta, "Messaging limits": one message per 6 s to the same person, a burst of up to 45 borrowed from the future.
PAIR_SECONDS = 6.0
PAIR_BURST = 45
FIRST_RETRY = 0.5
LONGEST_RETRY = 30.0


def retry_delay(attempts: int) -> float:
    """Seconds to wait after the n-th failed attempt to deliver a webhook: 0.5, 1, 2 ... 30."""
    return float(min(LONGEST_RETRY, FIRST_RETRY * 2 ** min(attempts - 1, 10)))


@dataclass
class PairRate:
    """A bucket per (number, person), counted as the time at which it will be full again."""

    seconds: float = PAIR_SECONDS
    burst: int = PAIR_BURST
    full_at: dict[tuple[str, str], float] = field(default_factory=dict)

    def take(self, pair: tuple[str, str], now: float) -> bool:
        """Whether one more message may go to this pair at `now` (seconds); counts it if so."""
        full_at = max(self.full_at.get(pair, now), now)
        if full_at + self.seconds - now > self.burst * self.seconds + 1e-6:
            return False
        self.full_at[pair] = full_at + self.seconds
        return True


@dataclass
class Throughput:
    """Messages per second and number over a sliding second (Meta, "Throughput": 80/s)."""

    sent: dict[str, deque[float]] = field(default_factory=dict)

    def take(self, number: str, per_second: int, now: float) -> bool:
        recent = self.sent.setdefault(number, deque())
        while recent and recent[0] <= now - 1.0:
            recent.popleft()
        if len(recent) >= per_second:
            return False
        recent.append(now)
        return True


DAY = 24 * 3600.0
# Meta, "Messaging limits": names of the tiers in `whatsapp_business_manager_messaging_limit`.
TIERS = {"TIER_50": 50, "TIER_250": 250, "TIER_2K": 2_000, "TIER_10K": 10_000, "TIER_100K": 100_000}


@dataclass
class Tier:
    """Unique people messaged outside their windows in a rolling 24 h, per business portfolio (Meta, "Messaging limits").

    Whoever was messaged again counts from the last time: a person is within the last 24 hours or is not.
    """

    latest: dict[str, OrderedDict[str, float]] = field(default_factory=dict)
    most: dict[str, int] = field(default_factory=dict)
    """The most people that any 24 hours have seen, per portfolio: what a test compares with its tier."""

    def take(self, portfolio: str, person: str, limit: int | None, now: float) -> bool:
        """Whether one more template may go to `person` at `now` (seconds); counts it if so. `limit` None: any number."""
        people = self.latest.setdefault(portfolio, OrderedDict())
        while people and next(iter(people.values())) <= now - DAY:
            people.popitem(last=False)
        if person not in people and limit is not None and len(people) >= limit:
            return False
        people[person] = now
        people.move_to_end(person)
        self.most[portfolio] = max(self.most.get(portfolio, 0), len(people))
        return True
