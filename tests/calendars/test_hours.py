"""The arithmetic of working time against a slow, obvious model: a clock watched minute by minute."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from apps.calendars import hours
from apps.calendars.hours import ALWAYS, WHOLE_DAY, Calendar

MINUTE = timedelta(minutes=1)
SAO_PAULO, NEW_YORK, LISBON = ZoneInfo("America/Sao_Paulo"), ZoneInfo("America/New_York"), ZoneInfo("Europe/Lisbon")
# Days around which the clock jumps; São Paulo's jumps were at midnight until 2019, Apia lost a whole day.
JUMPS = (
    (NEW_YORK, date(2026, 3, 8)), (NEW_YORK, date(2026, 11, 1)), (LISBON, date(2026, 3, 29)),
    (LISBON, date(2026, 10, 25)), (SAO_PAULO, date(2018, 11, 4)), (SAO_PAULO, date(2019, 2, 17)),
    (SAO_PAULO, date(2026, 5, 5)), (ZoneInfo("Pacific/Apia"), date(2011, 12, 30)),
    (ZoneInfo("Australia/Lord_Howe"), date(2026, 4, 5)), (ZoneInfo("UTC"), date(2026, 1, 1)),
)  # fmt: skip
NINE_TO_FIVE: hours.Spans = ((time(9), time(12)), (time(13), time(17)))
OFFICE = Calendar(weekly=dict.fromkeys(range(5), NINE_TO_FIVE))

times = st.builds(time, st.integers(0, 23), st.sampled_from([0, 15, 30, 59]))
spans = st.lists(st.tuples(times, times), max_size=3).map(tuple)


@st.composite
def cases(draw: st.DrawFn) -> tuple[Calendar, ZoneInfo, datetime]:
    """A calendar with something odd near a jump, and a minute near that jump."""
    zone, day = draw(st.sampled_from(JUMPS))
    near = st.integers(-2, 2).map(lambda days: day + timedelta(days=days))
    calendar = Calendar(
        weekly=draw(st.dictionaries(st.integers(0, 6), spans)),
        free=frozenset(draw(st.lists(near, max_size=2))),
        special=draw(st.dictionaries(near, spans, max_size=2)),
    )
    midnight = datetime.combine(day, time(), tzinfo=UTC)
    return calendar, zone, midnight + timedelta(minutes=draw(st.integers(-1500, 1500)))


def reached(zone: ZoneInfo, first: datetime, last: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Each minute with the latest time that the wall clock has shown until then: it never runs back."""
    latest = (first - timedelta(days=1)).astimezone(zone).replace(tzinfo=None)
    minute = first - timedelta(days=1)
    while minute < last:
        latest = max(latest, minute.astimezone(zone).replace(tzinfo=None))
        if minute >= first:
            yield minute, latest
        minute += MINUTE


def works_at(calendar: Calendar, shown: datetime) -> bool:
    """Whether the clock, having shown this, lies in a span of its day or in one of the day before."""
    for day in (shown.date() - timedelta(days=1), shown.date()):
        for start, end in hours.spans_of(calendar, day):
            begins = datetime.combine(day, start)
            ends = datetime.combine(day if end > start else day + timedelta(days=1), end)
            if begins <= shown < ends:
                return True
    return False


@settings(max_examples=150, deadline=None)
@given(cases(), st.integers(0, 3000))
def test_working_seconds_are_the_minutes_that_a_watcher_counts(case: tuple, length: int) -> None:
    calendar, zone, start = case
    end = start + timedelta(minutes=length)
    counted = sum(works_at(calendar, shown) for _minute, shown in reached(zone, start, end))
    assert hours.working_seconds(calendar, zone, start, end) == counted * 60


@settings(max_examples=150, deadline=None)
@given(cases())
def test_the_next_working_moment_is_the_first_minute_that_a_watcher_finds(case: tuple) -> None:
    calendar, zone, start = case
    found = hours.next_working_moment(calendar, start, zone)
    seen = reached(zone, start, start + timedelta(days=4))
    expected = next((minute for minute, shown in seen if works_at(calendar, shown)), None)
    assert found.tzinfo is UTC
    if expected is None:
        assert found >= start + timedelta(days=4)
    else:
        assert found == expected


@settings(max_examples=150, deadline=None)
@given(cases(), st.integers(1, 200_000))
def test_adding_working_time_and_counting_it_agree(case: tuple, seconds: int) -> None:
    calendar, zone, start = case
    end = hours.add_working(calendar, zone, start, seconds)
    assert hours.working_seconds(calendar, zone, start, end) == seconds
    # The first such moment: a second earlier it is a second less.
    assert hours.working_seconds(calendar, zone, start, end - timedelta(seconds=1)) == seconds - 1


@settings(max_examples=150, deadline=None)
@given(cases(), times, times)
def test_quiet_hours_are_those_that_a_watcher_sees(case: tuple, quiet_from: time, quiet_until: time) -> None:
    _calendar, zone, moment = case
    assume(quiet_from != quiet_until)
    quiet = Calendar(weekly=dict.fromkeys(range(7), ((quiet_from, quiet_until),)))
    seen = list(reached(zone, moment, moment + timedelta(days=2)))
    ends = hours.quiet_ends(moment, zone, quiet_from, quiet_until)
    assert (ends is not None) == works_at(quiet, seen[0][1])
    if ends is not None:
        assert ends == next(minute for minute, shown in seen if not works_at(quiet, shown))


def test_a_wall_clock_span_keeps_its_wall_clock_times_on_both_sides_of_a_jump() -> None:
    every_day = Calendar(weekly=dict.fromkeys(range(7), ((time(9), time(17)),)))
    before = hours.next_working_moment(every_day, datetime(2026, 3, 7, 10, tzinfo=UTC), NEW_YORK)
    after = hours.next_working_moment(every_day, datetime(2026, 3, 8, 10, tzinfo=UTC), NEW_YORK)
    assert (before.hour, after.hour) == (14, 13)


def test_a_time_left_out_is_reached_at_the_jump() -> None:
    at_half_past_two = Calendar(weekly={6: ((time(2, 30), time(6)),)})
    start = hours.next_working_moment(at_half_past_two, datetime(2026, 3, 8, tzinfo=UTC), NEW_YORK)
    assert start.astimezone(NEW_YORK).time() == time(3)


def test_a_night_shift_across_the_repeated_hour_is_an_hour_longer() -> None:
    nights = Calendar(weekly={5: ((time(22), time(6)),)})
    whole = (datetime(2026, 10, 30, tzinfo=UTC), datetime(2026, 11, 3, tzinfo=UTC))
    assert hours.working_seconds(nights, NEW_YORK, *whole) == 9 * 3600
    whole = (datetime(2026, 3, 6, tzinfo=UTC), datetime(2026, 3, 9, tzinfo=UTC))
    assert hours.working_seconds(nights, NEW_YORK, *whole) == 7 * 3600


def test_breaks_are_no_work_and_weekends_are_off() -> None:
    friday_lunch = datetime(2026, 1, 2, 12, 30, tzinfo=UTC)
    utc = ZoneInfo("UTC")
    assert hours.next_working_moment(OFFICE, friday_lunch, utc) == datetime(2026, 1, 2, 13, tzinfo=UTC)
    assert hours.next_working_moment(OFFICE, datetime(2026, 1, 2, 17, tzinfo=UTC), utc) == datetime(
        2026, 1, 5, 9, tzinfo=UTC
    )
    assert hours.add_working(OFFICE, utc, friday_lunch, 5 * 3600) == datetime(2026, 1, 5, 10, tzinfo=UTC)
    assert hours.is_day_off(OFFICE, date(2026, 1, 3))
    assert not hours.is_day_off(OFFICE, date(2026, 1, 5))


def test_an_empty_week_means_always_but_holidays_still_hold() -> None:
    christmas = date(2026, 12, 25)
    calendar = Calendar(free=frozenset([christmas]))
    assert hours.spans_of(ALWAYS, christmas) == WHOLE_DAY
    assert hours.is_day_off(calendar, christmas)
    start = datetime(2026, 12, 25, 5, tzinfo=UTC)
    assert hours.next_working_moment(calendar, start, ZoneInfo("UTC")) == datetime(2026, 12, 26, tzinfo=UTC)
    assert hours.next_working_moment(ALWAYS, start, LISBON) == start


def test_a_special_day_wins_over_a_free_one_and_over_its_weekday() -> None:
    saturday = date(2026, 1, 3)
    calendar = Calendar(weekly=OFFICE.weekly, free=frozenset([saturday]), special={saturday: ((time(8), time(12)),)})
    assert hours.next_working_moment(calendar, datetime(2026, 1, 2, 20, tzinfo=UTC), ZoneInfo("UTC")) == datetime(
        2026, 1, 3, 8, tzinfo=UTC
    )


@pytest.mark.parametrize(
    ("at", "ends"),
    [
        ("2026-01-05T23:30-03:00", "2026-01-06T07:00-03:00"),
        ("2026-01-06T06:59-03:00", "2026-01-06T07:00-03:00"),
        ("2026-01-06T07:00-03:00", None),
        ("2026-01-06T19:59-03:00", None),
        ("2026-01-06T20:00-03:00", "2026-01-07T07:00-03:00"),
    ],
)
def test_quiet_hours_span_midnight_in_the_persons_own_zone(at: str, ends: str | None) -> None:
    found = hours.quiet_ends(datetime.fromisoformat(at), SAO_PAULO, time(20), time(7))
    assert found == (datetime.fromisoformat(ends) if ends else None)


def test_without_quiet_hours_it_is_never_quiet() -> None:
    moment = datetime(2026, 1, 6, 3, tzinfo=UTC)
    for quiet in ((None, None), (time(20), None), (None, time(7)), (time(7), time(7))):
        assert hours.quiet_ends(moment, LISBON, *quiet) is None
