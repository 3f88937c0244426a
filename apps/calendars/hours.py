"""All arithmetic over working time: days off, quiet hours, the next working moment, working seconds. Pure.

One rule for the clock's jumps: a time of day is reached *the first time* the wall clock shows it or anything later. A
time that a jump forward leaves out is reached at the jump; an hour that is repeated does not run twice, so a span that
has begun goes on through the repetition and one that has ended stays ended.

Moments go in aware and come out in UTC. A span whose end is not after its start runs into the next day and belongs to the
day on which it starts (00:00 to 00:00 is the whole day).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

Span = tuple[time, time]
Spans = tuple[Span, ...]

WHOLE_DAY: Spans = ((time(0), time(0)),)
_DAY = timedelta(days=1)
_MINUTES = 24 * 60
_SECOND = timedelta(seconds=1)


@dataclass(frozen=True)
class Calendar:
    """When somebody works. Weekday 0 is Monday; an empty `weekly` means every day, round the clock.

    `special` (a day with hours of its own; none: a day off) wins over `free`, which wins over `weekly`.
    """

    weekly: Mapping[int, Spans] = field(default_factory=dict)
    free: frozenset[date] = frozenset()
    special: Mapping[date, Spans] = field(default_factory=dict)
    quiet_from: time | None = None
    quiet_until: time | None = None

    @property
    def is_round_the_clock(self) -> bool:
        return not any(self.weekly.values())


ALWAYS = Calendar()
"""Always working, never quiet: what holds where no calendar was made."""


def spans_of(calendar: Calendar, day: date) -> Spans:
    """The spans that start on this day; none on a day off."""
    if day in calendar.special:
        return calendar.special[day]
    if day in calendar.free:
        return ()
    return WHOLE_DAY if calendar.is_round_the_clock else tuple(calendar.weekly.get(day.weekday(), ()))


def is_day_off(calendar: Calendar, day: date) -> bool:
    """True when no work starts on this day of the person's own calendar."""
    return not spans_of(calendar, day)


def next_working_moment(calendar: Calendar, moment: datetime, zone: ZoneInfo) -> datetime:
    """`moment` itself (in UTC) while at work, else the start of the next span."""
    for start, end in _work(calendar, zone, moment):
        if end > moment:
            return max(start, moment.astimezone(UTC))
    raise AssertionError("unreachable: `_work` never ends")


def working_seconds(calendar: Calendar, zone: ZoneInfo, start: datetime, end: datetime) -> float:
    """Seconds of work between two moments; 0 when `end` is not after `start`. Overlapping spans count once."""
    total, counted_to = 0.0, start
    if end <= start:
        return total
    for begins, ends in _work(calendar, zone, start):
        if begins >= end:
            return total
        first, last = max(begins, counted_to), min(ends, end)
        if last > first:
            total += (last - first).total_seconds()
            counted_to = last
    raise AssertionError("unreachable: `_work` never ends")


def add_working(calendar: Calendar, zone: ZoneInfo, start: datetime, seconds: float) -> datetime:
    """The first moment by which `seconds` of work have passed since `start`; `start` itself for none."""
    left, counted_to = seconds, start.astimezone(UTC)
    if left <= 0:
        return counted_to
    for begins, ends in _work(calendar, zone, start):
        first = max(begins, counted_to)
        if ends <= first:
            continue
        if (ends - first).total_seconds() >= left:
            return first + timedelta(seconds=left)
        left -= (ends - first).total_seconds()
        counted_to = ends
    raise AssertionError("unreachable: `_work` never ends")


def quiet_ends(moment: datetime, zone: ZoneInfo, quiet_from: time | None, quiet_until: time | None) -> datetime | None:
    """When the quiet hours that run at `moment` end, in UTC; None when it is not quiet now, or never (equal times)."""
    if quiet_from is None or quiet_until is None or quiet_from == quiet_until:
        return None
    today = moment.astimezone(zone).date()
    until: datetime | None = None
    for day in (today - _DAY, today, today + _DAY):
        start, end = _moments(day, (quiet_from, quiet_until), zone)
        if start <= (until or moment) < end:
            until = end  # a zone that skips a day goes from one night straight into the next
    return until


def first_overlap(week: Sequence[tuple[int, time, time]]) -> int | None:
    """Which span of (weekday, from, until), in order, runs into the next one; Sunday's night goes on into Monday. None: none does."""
    starts = [weekday * _MINUTES + start.hour * 60 + start.minute for weekday, start, _end in week]
    for index, (weekday, start, end) in enumerate(week):
        ends = weekday * _MINUTES + end.hour * 60 + end.minute + (_MINUTES if end <= start else 0)
        following = starts[index + 1] if index + 1 < len(week) else starts[0] + 7 * _MINUTES
        if ends > following:
            return index
    return None


def _work(calendar: Calendar, zone: ZoneInfo, since: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Spans of work as pairs of UTC moments, by start, from the one that may run at `since` on; without end.

    It always finds another one: free and special days are finite, and a week without hours is a week of whole days.
    """
    # Two days back: a span of yesterday may still run, and a zone may be ahead of the day that UTC shows.
    day = since.astimezone(zone).date() - 2 * _DAY
    while True:
        for start, end in sorted(_moments(day, span, zone) for span in spans_of(calendar, day)):
            if end > start:
                yield start, end
        day += _DAY


def _moments(day: date, span: Span, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """A span of `day` in UTC; both ends meet where the clock jumps over the whole of it."""
    starts, ends = span
    return _moment(day, starts, zone), _moment(day if ends > starts else day + _DAY, ends, zone)


@lru_cache(maxsize=4096)
def _moment(day: date, at: time, zone: ZoneInfo) -> datetime:
    """The first moment, in UTC, at which the clock of `zone` shows this time or a later one."""
    wall = datetime.combine(day, at.replace(microsecond=0, tzinfo=None))
    before = wall.replace(tzinfo=zone, fold=0).astimezone(UTC)
    if before.astimezone(zone).replace(tzinfo=None) == wall:
        return before
    # In a gap: the offset before the jump gives a moment after it, the offset after the jump one before it.
    low, high = wall.replace(tzinfo=zone, fold=1).astimezone(UTC), before
    while high - low > _SECOND:
        middle = (low + (high - low) / 2).replace(microsecond=0)
        if middle.astimezone(zone).replace(tzinfo=None) >= wall:
            high = middle
        else:
            low = middle
    return high
