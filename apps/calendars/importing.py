"""A company's own days from a file into a calendar, and out again in the same shape."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.core import signing
from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from apps.calendars import daysfile, places
from apps.calendars.models import Holiday, WorkCalendar, WorkHours
from apps.calendars.services import CHANGE
from apps.core import clock
from apps.core.errors import InvalidInputError, NotPermittedError, StaleVersionError
from apps.journal import tables
from apps.journal.services import Happened, plain, record, record_many

NEEDED = (CHANGE, "calendars.add_holiday", "calendars.change_holiday")
MOST = 2_000  # days
CARRIED = 200  # characters of a cell
LASTS = 3600  # seconds from the preview to the press
SALT = "calendars.days"


@dataclass(frozen=True)
class Preview:
    """What a file would do. `token` carries the file to the press that applies it."""

    lines: list[daysfile.Line]
    counts: dict[str, int]
    token: str

    @property
    def changes(self) -> int:
        return self.counts["new"] + self.counts["changed"]


def may_import(user: Any) -> bool:
    return bool(user.is_active and user.has_perms(NEEDED))


def _check(user: Any) -> None:
    if not may_import(user):
        raise NotPermittedError(_("Bringing days in needs the right to change calendars and their days."))


def preview(*, calendar: WorkCalendar, content: bytes, by: Any) -> Preview:
    """Changes nothing. Raises InvalidInputError for a file that cannot be read or has not the columns, NotPermittedError."""
    _check(by)
    example = _("Date, Name, Day off or worked")
    table = tables.read(content, tables.Expected(daysfile.guess, example, _("days"), MOST))
    columns = daysfile.guess(table.headers)
    missing = [key for key in ("day", "name") if key not in columns]
    if missing:
        language = translation.get_language() or "en"
        raise InvalidInputError(
            _("No column is called %(columns)s. The first row must name at least the date and the name of each day, like "
              "“%(example)s”.") % {"columns": ", ".join(f"“{daysfile.header(key, language)}”" for key in missing), "example": example}
        )  # fmt: skip
    # Only what is looked at goes with the preview and comes back: no longer cell is ever taken.
    rows = [[row.number, [cell[:CARRIED] for key, cell in zip(columns, row.cells, strict=True) if key], row.problem, dict(row.values)]
            for row in table.rows]  # fmt: skip
    used = [key for key in columns if key]
    lines = _checked(calendar, used, rows)
    kept = {"calendar": calendar.pk, "user": by.pk, "columns": used, "rows": rows, "digest": _digest(lines)}
    return Preview(lines, daysfile.counts(lines), signing.dumps(kept, salt=SALT, compress=True))


def _checked(calendar: WorkCalendar, columns: Sequence[str], rows: list[list[Any]]) -> list[daysfile.Line]:
    """What each row would do to the calendar as it is now."""
    read = [tables.Row(number, cells, problem, values) for number, cells, problem, values in rows]
    return daysfile.check(read, columns, _place(calendar), _present(calendar))


def _digest(lines: list[daysfile.Line]) -> str:
    """Equal when the same rows would do the same."""
    said = [[line.number, line.kind, str(line.day), str(line.before)] for line in lines]
    return hashlib.sha256(repr(said).encode()).hexdigest()


@transaction.atomic
def apply(*, calendar: WorkCalendar, token: str, by: Any) -> dict[str, int]:
    """Take the good rows of a preview, all in one commit; returns the counts.

    Raises InvalidInputError for a token that is forged, too old or of another calendar, StaleVersionError when the
    calendar has changed since the preview, NotPermittedError. Then nothing is changed.
    """
    _check(by)
    try:
        kept = signing.loads(token, salt=SALT, max_age=LASTS)
    except signing.BadSignature as error:
        raise InvalidInputError(_("The preview is too old. Upload the file again.")) from error
    if (kept["calendar"], kept["user"]) != (calendar.pk, by.pk):
        raise InvalidInputError(_("The preview belongs to another calendar. Upload the file again."))
    row = WorkCalendar.objects.select_for_update().get(pk=calendar.pk)
    lines = _checked(row, kept["columns"], kept["rows"])
    if _digest(lines) != kept["digest"]:
        raise StaleVersionError(
            _("Somebody has changed the calendar since the preview. Upload the file again and look.")
        )
    changes = [line for line in lines if line.kind in {"new", "changed"}]
    _write(row, changes, by)
    counts = daysfile.counts(lines)
    if changes:
        record("workcalendar.days_imported", subject=row, by=by, after=counts)
    return counts


def _write(calendar: WorkCalendar, lines: list[daysfile.Line], by: Any) -> None:
    present = {row.day: row for row in calendar.holidays.filter(day__in=[line.day.day for line in lines if line.day])}
    fresh, changed, entries = [], [], []
    for line in lines:
        if line.day is None:
            continue
        values = vars(line.day)
        before = {name: plain(value) for name, value in vars(line.before).items()} if line.before else {}
        row = present.get(line.day.day)
        if row is None:
            row = Holiday(calendar=calendar, **values)
            fresh.append(row)
        else:
            row.name, row.is_working, row.starts, row.ends = (
                line.day.name,
                line.day.is_working,
                line.day.starts,
                line.day.ends,
            )
            row.is_public = False  # the company's own now: another country or region does not take it away
            changed.append(row)
        entries.append((row, before, {name: plain(value) for name, value in values.items()}))
    Holiday.objects.bulk_create(fresh)
    Holiday.objects.bulk_update(changed, ["name", "is_working", "starts", "ends", "is_public"])
    record_many(
        Happened("holiday.changed" if before else "holiday.added", row, by, body={"before": before, "after": after})
        for row, before, after in entries
    )


def _present(calendar: WorkCalendar) -> dict[Any, daysfile.Day]:
    return {
        row.day: daysfile.Day(row.day, row.name, row.is_working, row.starts, row.ends)
        for row in calendar.holidays.all()
    }


def _place(calendar: WorkCalendar) -> daysfile.Place:
    """The names this calendar goes by in a file: its own, and those of its region (of its country where it has none)."""
    regions = places.regions(calendar.country) if calendar.country else {}
    own = {calendar.name}
    own |= {calendar.region, regions.get(calendar.region, "")} if calendar.region else {
        calendar.country, places.countries().get(calendar.country, "")}  # fmt: skip
    others = {*WorkCalendar.objects.values_list("name", flat=True), *regions, *regions.values()}
    hours: dict[int, list[Any]] = {}
    for span in WorkHours.objects.filter(calendar=calendar).order_by("weekday", "starts"):
        hours.setdefault(span.weekday, []).append((span.starts, span.ends))
    mine = frozenset(daysfile.folded(name) for name in own if name)
    return daysfile.Place(mine, frozenset(daysfile.folded(name) for name in others if name) - mine, hours)


# --- out --------------------------------------------------------------------------------------------------------------


def headers() -> list[str]:
    return [daysfile.header(key, translation.get_language() or "en") for key in daysfile.KEYS]


def lines(calendar: WorkCalendar) -> Iterator[list[str]]:
    """The company's own days from this year on: all but what the country's holidays bring in by themselves."""
    off, worked = daysfile.SHOWN_KINDS.get(translation.get_language() or "en", daysfile.SHOWN_KINDS["en"])
    rows = calendar.holidays.exclude(is_public=True, is_working=False).filter(day__year__gte=clock.now().year)
    for row in rows.order_by("day"):
        yield [row.day.isoformat(), row.name, calendar.name, worked if row.is_working else off,
               f"{row.starts:%H:%M}" if row.starts else "", f"{row.ends:%H:%M}" if row.ends else ""]  # fmt: skip
