"""Calendars: does everybody have hours, are the coming holidays in."""

from collections.abc import Iterator

from django.utils.translation import gettext as _

from apps.calendars.models import WorkCalendar
from apps.core import clock
from apps.core.findings import Finding, Level, check


@check("calendars.filled")
def filled() -> Iterator[Finding]:
    title = _("Working calendars")
    if not WorkCalendar.objects.filter(is_default=True).exists():
        yield Finding("calendars.default", title, Level.SKIPPED, _("No calendar holds for everybody else."),
                      _("Make one under “Working calendars”, or messages go out at any hour and on any day."))  # fmt: skip
    next_year = clock.now().year + 1
    behind = WorkCalendar.objects.exclude(country="").exclude(filled_through__gte=next_year)
    if behind.exists():
        names = ", ".join(behind.values_list("name", flat=True)[:5])
        seen = _("Holidays of next year are missing in: %(names)s.") % {"names": names}
        yield Finding("calendars.filled", title, Level.AMBER, seen,
                      _("Open it and press “Fill in the public holidays again”."))  # fmt: skip
    else:
        yield Finding("calendars.filled", title, Level.GREEN, _("Holidays are in through next year."))
