"""What may be done to calendars besides the recorded edits of the admin."""

from dataclasses import dataclass

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from apps.calendars import places
from apps.calendars.models import Holiday, WorkCalendar
from apps.core import clock
from apps.core.errors import NotPermittedError
from apps.journal.actors import SYSTEM, HasActor
from apps.journal.services import record

CHANGE = "calendars.change_workcalendar"
YEARS_AHEAD = 2


@dataclass(frozen=True)
class Filled:
    """What a fill did: how many days came in, how many of another place went, through which year."""

    added: int
    removed: int
    through: int


def require(by: HasActor, *permissions: str) -> None:
    """Raises NotPermittedError for a sign-in, or a key of one, that lacks any of these; the house itself may do anything."""
    may = getattr(by, "may", None) or getattr(by, "has_perm", None)
    if may is not None and not all(may(permission) for permission in permissions):
        raise NotPermittedError(_("You may not do this."))


@transaction.atomic
def bring_in_holidays(*, calendar: WorkCalendar, by: HasActor = SYSTEM, is_anew: bool = False) -> Filled:
    """Write the public holidays of this year and the next two that are not in yet.

    Days that people added stay; a public one that they removed, or marked as worked, stays so. `is_anew` (another country
    or region was chosen, or somebody wants the removed ones back) first takes out the public holidays from today on that
    nobody works, and then fills every year again. Recorded only when something changed. Raises NotPermittedError.
    """
    require(by, CHANGE)
    row = WorkCalendar.objects.select_for_update().get(pk=calendar.pk)
    today = clock.now().date()
    through = today.year + YEARS_AHEAD
    removed = 0
    if is_anew:
        removed, _rows = row.holidays.filter(is_public=True, is_working=False, day__gte=today).delete()
        row.filled_through = None
    first = max(today.year, (row.filled_through or 0) + 1)
    language = settings.LANGUAGE_CODE
    wanted = {
        day: name
        for year in (range(first, through + 1) if row.country else ())
        for day, name in places.days_off(row.country, row.region, year, language).items()
        if not is_anew or day >= today
    }
    present = set(row.holidays.filter(day__in=wanted).values_list("day", flat=True))
    days = [Holiday(calendar=row, day=day, name=name, is_public=True)
            for day, name in wanted.items() if day not in present]  # fmt: skip
    Holiday.objects.bulk_create(days)
    row.filled_through = through if row.country else None
    row.save(update_fields=["filled_through"])
    if days or removed:
        record("workcalendar.filled", subject=row, by=by, after={
            "added": len(days), "removed": removed, "through": row.filled_through,
            "country": row.country, "region": row.region})  # fmt: skip
    return Filled(added=len(days), removed=removed, through=through)


@transaction.atomic
def make_default(*, calendar: WorkCalendar, by: HasActor) -> WorkCalendar:
    """Everybody without a calendar of their own follows this one from now on. Raises NotPermittedError."""
    require(by, CHANGE)
    before = WorkCalendar.objects.select_for_update().filter(is_default=True).exclude(pk=calendar.pk).first()
    if before is not None:
        before.is_default = False
        before.save(update_fields=["is_default"])
    calendar.is_default = True
    calendar.save(update_fields=["is_default"])
    record("workcalendar.made_default", subject=calendar, by=by, before={"calendar": before.pk if before else None},
           after={"calendar": calendar.pk})  # fmt: skip
    return calendar


def extend() -> int:
    """Bring later years in for every calendar with a country; returns how many days came. Run by beat, cheap when done."""
    last = clock.now().year + YEARS_AHEAD
    behind = WorkCalendar.objects.exclude(country="").exclude(filled_through__gte=last)
    return sum(bring_in_holidays(calendar=calendar).added for calendar in behind)
