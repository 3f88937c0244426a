"""When a person is left alone: quiet hours and days off, in their own time zone. Pure."""

from dataclasses import dataclass
from datetime import datetime, time

from apps.calendars.hours import Calendar, is_day_off, next_working_moment, quiet_ends
from apps.core.zones import zone_of
from apps.outbox import reasons
from apps.providers.kinds import Klass, Lane

KEEPS_DAYS_OFF = frozenset({Klass.WORK, Klass.REMINDER, Klass.ANNOUNCEMENT})
"""What nobody is bothered with on a day off. A person's own request, or an alarm, is another matter."""
_ROUNDS = (
    8  # a quiet night after a day off before a quiet night: two settle it, more would be a calendar without any work
)


@dataclass(frozen=True)
class Person:
    """What is known of somebody's time: their calendar, their zone's name, and the quiet hours they asked for."""

    calendar: Calendar
    zone: str = "UTC"
    quiet_from: time | None = None
    quiet_until: time | None = None

    @property
    def quiet(self) -> tuple[time | None, time | None]:
        """Their own quiet hours; those of their calendar where they asked for none."""
        if self.quiet_from is not None and self.quiet_until is not None:
            return self.quiet_from, self.quiet_until
        return self.calendar.quiet_from, self.calendar.quiet_until


@dataclass(frozen=True)
class Rest:
    """Why somebody is left alone now, and the first moment at which neither this nor the other reason holds."""

    reason: str
    until: datetime


def spares_nobody(lane: str, klass: str) -> bool:
    """Whether a message of this lane and class goes out at any hour."""
    return lane == Lane.URGENT or klass == Klass.SECURITY


def rest(person: Person, klass: str, now: datetime) -> Rest | None:
    """Why a message of this class, written on our own account, has to wait now; None: it need not."""
    moment, reason = now, ""
    for _round in range(_ROUNDS):
        why, until = _rest_at(person, klass, moment)
        if until is None:
            break
        moment, reason = until, reason or why
    return Rest(reason, moment) if reason else None


def _rest_at(person: Person, klass: str, moment: datetime) -> tuple[str, datetime | None]:
    zone = zone_of(person.zone)
    if klass in KEEPS_DAYS_OFF and is_day_off(person.calendar, moment.astimezone(zone).date()):
        begins = next_working_moment(person.calendar, moment, zone)
        if begins > moment:  # else a shift that began the day before still runs
            return reasons.DAY_OFF, begins
    return reasons.QUIET_HOURS, quiet_ends(moment, zone, *person.quiet)
