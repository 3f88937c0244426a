"""How fast one may send. Plain Python; the caller says what time it is."""

from collections import deque
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
