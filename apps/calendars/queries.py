"""Reads: calendars as the pure module takes them, and which days off come next."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, timedelta

from apps.calendars.hours import ALWAYS, WHOLE_DAY, Calendar, Span, Spans
from apps.calendars.models import Holiday, WorkCalendar, WorkHours
from apps.core import clock

REMEMBERED = timedelta(days=400)  # days off further back concern nobody's clock any more


def pure(ids: Iterable[int | None]) -> dict[int | None, Calendar]:
    """The calendars of these keys in three queries, however many; None stands for the default one.

    Without a default, and for a key that is no longer there when there is none: always working, never quiet.
    """
    wanted = set(ids)
    rows = list(
        WorkCalendar.objects.filter(pk__in=[key for key in wanted if key is not None])
        | WorkCalendar.objects.filter(is_default=True)
    )
    found = _filled(rows)
    default = next((found[row.pk] for row in rows if row.is_default), ALWAYS)
    return {key: default if key is None else found.get(key, default) for key in wanted}


def of_calendar(calendar: WorkCalendar) -> Calendar:
    """One row with its hours and days."""
    return _filled([calendar])[calendar.pk]


def next_days_off(calendar: WorkCalendar, since: date, count: int) -> list[Holiday]:
    """The next `count` holidays from `since` on that are not worked."""
    return list(Holiday.objects.filter(calendar=calendar, day__gte=since, is_working=False).order_by("day")[:count])


def _filled(rows: list[WorkCalendar]) -> dict[int, Calendar]:
    weekly: dict[int, dict[int, list[Span]]] = defaultdict(lambda: defaultdict(list))
    for span in WorkHours.objects.filter(calendar__in=rows).order_by("weekday", "starts"):
        weekly[span.calendar_id][span.weekday].append((span.starts, span.ends))
    days: dict[int, list[Holiday]] = defaultdict(list)
    for holiday in Holiday.objects.filter(calendar__in=rows, day__gte=clock.now().date() - REMEMBERED):
        days[holiday.calendar_id].append(holiday)
    return {row.pk: _calendar(row, weekly[row.pk], days[row.pk]) for row in rows}


def _calendar(row: WorkCalendar, weekly: dict[int, list[Span]], days: list[Holiday]) -> Calendar:
    spans: dict[int, Spans] = {weekday: tuple(found) for weekday, found in weekly.items()}
    return Calendar(
        weekly=spans,
        free=frozenset(day.day for day in days if not day.is_working),
        special={day.day: _spans_worked(day, spans) for day in days if day.is_working},
        quiet_from=row.quiet_from,
        quiet_until=row.quiet_until,
    )


def _spans_worked(day: Holiday, weekly: dict[int, Spans]) -> Spans:
    """Its own hours; else those of its weekday; else, on a weekend, those of the first weekday that has any."""
    if day.starts is not None and day.ends is not None:
        return ((day.starts, day.ends),)
    usual = next((weekly[number] for number in sorted(weekly)), WHOLE_DAY)
    return weekly.get(day.day.weekday(), usual)
