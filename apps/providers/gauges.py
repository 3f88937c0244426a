"""How full each budget of an account, a number or a portfolio is. Whoever counts lives above and registers here, in its
`gauges.py`; the screens of this room show what it says."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from apps.core.registry import Registry
from apps.providers.models import Account, Number, Portfolio


@dataclass(frozen=True)
class Gauge:
    """One budget. `limit` None: no limit. `until`: when some of it is free again. `note`: one sentence, or empty."""

    title: str
    used: int
    limit: int | None
    until: datetime | None = None
    note: str = ""
    about: str = ""
    is_momentary: bool = False
    """Full and free again within a second: a bar for the curious, no news."""

    @property
    def percent(self) -> int:
        """0 to 100; 0 without a limit."""
        return min(100, self.used * 100 // self.limit) if self.limit else (0 if self.limit is None else 100)

    @property
    def is_full(self) -> bool:
        return self.limit is not None and self.used >= self.limit

    @property
    def is_high(self) -> bool:
        return self.limit is not None and self.percent >= HIGH_PERCENT


HIGH_PERCENT = 80

meters: Registry[Callable[[Account | Number | Portfolio], Gauge]] = Registry("meter", module="gauges")


def gauges_of(*things: Account | Number | Portfolio) -> list[Gauge]:
    """Every budget of these, in their order."""
    return [meter(thing) for thing in things for _name, meter in meters]


def gauges_around(account: Account) -> list[Gauge]:
    """What an account can use: its portfolio, its numbers, its own calls."""
    return gauges_of(account.portfolio, *account.numbers.order_by("pk"), account)
