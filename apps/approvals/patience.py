"""How long a decider is waited for, and what happens then. Pure: hours and facts in, the next deadline out."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

MOST_REMINDERS = 3
"""A fourth reminder has never found anybody; a question that is still open is passed up or waits on the screens."""


class Step(StrEnum):
    """What is due. All but the first pass the question up to the decider's manager."""

    REMIND = "remind"
    UNDELIVERED = "undelivered"
    UNREAD = "unread"
    UNANSWERED = "unanswered"


@dataclass(frozen=True)
class Patience:
    """Working hours of the decider after which each step is due, counted from the question; None: never."""

    remind: int | None = None
    undelivered: int | None = None
    unread: int | None = None
    unanswered: int | None = None

    @property
    def reminders(self) -> list[int]:
        """The hours of each reminder, if nothing else happens before."""
        return [self.remind * time for time in range(1, MOST_REMINDERS + 1)] if self.remind else []

    def to_json(self) -> dict[str, int]:
        """Only what is set, as a request keeps it."""
        return {name: hours for name, hours in vars(self).items() if hours}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "Patience":
        names = ("remind", "undelivered", "unread", "unanswered")
        return cls(**{name: int(values[name]) for name in names if values.get(name)})


@dataclass(frozen=True)
class Standing:
    """How the question stands with one decider. `shows_reading`: their phone tells when they read."""

    is_delivered: bool
    is_read: bool = False
    shows_reading: bool = False
    reminders: int = 0


def next_look(patience: Patience, after: Callable[[int], datetime], since: datetime) -> datetime | None:
    """The first moment after `since` at which something may be due, whatever has become of the question by then.

    `after(hours)` is the moment by which that many working hours have passed since the question was put.
    """
    hours = {patience.undelivered, patience.unread, patience.unanswered, *patience.reminders}
    return min((moment for moment in map(after, filter(None, hours)) if moment > since), default=None)


def due(patience: Patience, standing: Standing, after: Callable[[int], datetime], now: datetime) -> Step | None:
    """What is due now. Nobody is reminded of what is passed up in the same moment."""
    waits_for_receipt = standing.is_delivered and standing.shows_reading and not standing.is_read
    reminder = next(iter(patience.reminders[standing.reminders :]), None)
    steps = (
        (Step.UNDELIVERED, patience.undelivered if not standing.is_delivered else None),
        (Step.UNREAD, patience.unread if waits_for_receipt else None),
        (Step.UNANSWERED, patience.unanswered),
        (Step.REMIND, reminder),
    )
    return next((step for step, hours in steps if hours and after(hours) <= now), None)
