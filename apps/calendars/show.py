"""A calendar in one sentence, for the screen where somebody edits it. No tables."""

from datetime import time
from itertools import groupby

from django.utils.dates import WEEKDAYS_ABBR
from django.utils.translation import gettext as _

from apps.calendars.hours import Calendar, Spans


def sentence(calendar: Calendar) -> str:
    """Like “Works Mon-Fri 8:00-12:00, 13:00-17:00; quiet 20:00-7:00.”"""
    if calendar.is_round_the_clock:
        works = _("Works every day, round the clock")
    else:
        works = _("Works %(hours)s") % {"hours": "; ".join(_runs(calendar))}
    if calendar.quiet_from is None or calendar.quiet_until is None:
        return _("%(works)s; never quiet.") % {"works": works}
    quiet = f"{clock_time(calendar.quiet_from)}-{clock_time(calendar.quiet_until)}"
    return _("%(works)s; quiet %(quiet)s.") % {"works": works, "quiet": quiet}


def clock_time(at: time) -> str:
    return f"{at.hour}:{at.minute:02}"


def _runs(calendar: Calendar) -> list[str]:
    """“Mon-Fri 8:00-17:00” for each run of neighbouring weekdays with the same hours."""

    def spans(weekday: int) -> Spans:
        return tuple(calendar.weekly.get(weekday, ()))

    found = []
    for hours, days in groupby(range(7), key=spans):
        run = list(days)
        if not hours:
            continue
        first, last = str(WEEKDAYS_ABBR[run[0]]), str(WEEKDAYS_ABBR[run[-1]])
        times = ", ".join(f"{clock_time(start)}-{clock_time(end)}" for start, end in hours)
        found.append(f"{first if first == last else f'{first}-{last}'} {times}")
    return found
