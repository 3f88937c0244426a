"""Calendars as programs change them: the same rules as on the screen, permissions by codename, an entry for each change."""

from collections.abc import Sequence
from datetime import date, time
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from apps.calendars import hours, places, services
from apps.calendars.models import Holiday, WorkCalendar, WorkHours
from apps.core.errors import InvalidInputError, MoveNotAllowedError
from apps.core.texts import one_line
from apps.journal.actors import HasActor
from apps.journal.services import plain, record

FIELDS = ("name", "country", "region", "quiet_from", "quiet_until")
Week = Sequence[tuple[int, time, time]]


@transaction.atomic
def make_calendar(*, by: HasActor, **values: Any) -> WorkCalendar:
    """A new calendar; `values` are FIELDS, `name` among them. Public holidays of its place come in at once.

    Raises InvalidInputError naming the wrong fields, NotPermittedError.
    """
    services.require(by, "calendars.add_workcalendar")
    row = WorkCalendar(**_tidy(values))
    _save(row)
    record("workcalendar.added", subject=row, by=by, after={name: plain(getattr(row, name)) for name in FIELDS})
    if row.country:
        services.bring_in_holidays(calendar=row, by=by)
    row.refresh_from_db()
    return row


@transaction.atomic
def change_calendar(*, calendar: WorkCalendar, by: HasActor, **values: Any) -> WorkCalendar:
    """Change some of FIELDS. Another place takes out the coming public holidays of the old one, as on the screen.

    Raises InvalidInputError naming the wrong fields, NotPermittedError.
    """
    services.require(by, services.CHANGE)
    row = WorkCalendar.objects.select_for_update().get(pk=calendar.pk)
    wanted = _tidy(values)
    if "country" in wanted and wanted["country"] != row.country and "region" not in wanted:
        wanted["region"] = ""  # the old country's region goes with it
    before = {name: getattr(row, name) for name in wanted}
    changed = {name: value for name, value in wanted.items() if before[name] != value}
    if not changed:
        return row
    for name, value in changed.items():
        setattr(row, name, value)
    _save(row)
    was, now = ({name: plain(side[name]) for name in changed} for side in (before, changed))
    record("workcalendar.changed", subject=row, by=by, before=was, after=now)
    if {"country", "region"} & set(changed):
        services.bring_in_holidays(calendar=row, by=by, is_anew=True)
    row.refresh_from_db()
    return row


@transaction.atomic
def remove_calendar(*, calendar: WorkCalendar, by: HasActor) -> None:
    """Raises MoveNotAllowedError for the default one and for one that somebody works by, NotPermittedError."""
    services.require(by, "calendars.delete_workcalendar")
    row = WorkCalendar.objects.select_for_update().get(pk=calendar.pk)
    if row.is_default:
        raise MoveNotAllowedError(
            _("This one holds for everybody else. Choose another for that first; nothing was changed.")
        )
    was = {name: plain(getattr(row, name)) for name in FIELDS}
    record("workcalendar.removed", subject=row, by=by, before=was)
    try:
        with transaction.atomic():
            row.delete()
    except IntegrityError as error:
        raise MoveNotAllowedError(
            _("Somebody works by this calendar. Give them another first; nothing was changed.")
        ) from error


@transaction.atomic
def set_week(*, calendar: WorkCalendar, week: Week, by: HasActor) -> list[WorkHours]:
    """The whole week anew: (weekday from Monday = 0, from, until). Empty: every day, round the clock.

    Raises InvalidInputError for hours that overlap, NotPermittedError.
    """
    services.require(by, *(f"calendars.{verb}_workhours" for verb in ("add", "change", "delete")))
    row = WorkCalendar.objects.select_for_update().get(pk=calendar.pk)
    wanted = sorted(week)
    if hours.first_overlap(wanted) is not None:
        sentence = _("Hours may touch but not overlap.")
        raise InvalidInputError(sentence, fields={"hours": sentence})
    present = list(row.hours.order_by("weekday", "starts"))
    was = [(one.weekday, one.starts, one.ends) for one in present]
    if was == wanted:
        return present
    row.hours.all().delete()
    made = WorkHours.objects.bulk_create(
        WorkHours(calendar=row, weekday=weekday, starts=starts, ends=ends) for weekday, starts, ends in wanted
    )
    record("workcalendar.hours_set", subject=row, by=by, before={"hours": _told(was)}, after={"hours": _told(wanted)})
    return made


@transaction.atomic
def set_day(*, calendar: WorkCalendar, day: date, by: HasActor, **values: Any) -> Holiday:
    """A day unlike its weekday: `name`, `is_working`, `starts`, `ends`. What was there for that day is replaced.

    A public holiday becomes the company's own day by it, also where nothing else differs: another place does not take it out.
    Raises InvalidInputError naming the wrong fields, NotPermittedError.
    """
    services.require(by, "calendars.add_holiday", "calendars.change_holiday")
    WorkCalendar.objects.select_for_update().get(pk=calendar.pk)
    row = Holiday.objects.filter(calendar=calendar, day=day).first() or Holiday(calendar=calendar, day=day)
    before = _of_day(row) if row.pk else {}
    for name, value in values.items():
        setattr(row, name, one_line(value) if isinstance(value, str) else value)
    after = _of_day(row)
    if row.is_public:
        before, after, row.is_public = {**before, "is_public": True}, {**after, "is_public": False}, False
    if before == after:
        return row
    _cleaned(row)
    row.save()
    record(f"holiday.{'changed' if before else 'added'}", subject=row, by=by, before=before, after=after)
    return row


@transaction.atomic
def remove_day(*, calendar: WorkCalendar, day: date, by: HasActor) -> bool:
    """The day is like its weekday again; False when it was. Raises NotPermittedError."""
    services.require(by, "calendars.delete_holiday")
    row = Holiday.objects.select_for_update().filter(calendar=calendar, day=day).first()
    if row is None:
        return False
    record("holiday.removed", subject=row, by=by, before=_of_day(row))
    row.delete()
    return True


def _tidy(values: dict[str, Any]) -> dict[str, Any]:
    unknown = set(values) - set(FIELDS)
    if unknown:
        raise TypeError(f"no fields of a calendar: {sorted(unknown)}")
    return {name: one_line(value) if isinstance(value, str) else value for name, value in values.items()}


def _save(row: WorkCalendar) -> None:
    if row.country and row.country not in places.countries():
        sentence = _("No public holidays are known for this country.")
        raise InvalidInputError(sentence, fields={"country": sentence})
    if row.region and row.region not in places.regions(row.country):
        sentence = _("This region belongs to another country.")
        raise InvalidInputError(sentence, fields={"region": sentence})
    _cleaned(row)
    row.save()


def _cleaned(row: WorkCalendar | Holiday) -> None:
    try:
        row.full_clean()
    except ValidationError as error:
        fields = {name: " ".join(sentences) for name, sentences in error.message_dict.items() if name != "__all__"}
        raise InvalidInputError(" ".join(error.messages), fields=fields) from error


def _of_day(row: Holiday) -> dict[str, Any]:
    told = {name: plain(getattr(row, name)) for name in ("name", "is_working", "starts", "ends")}
    return {"calendar": row.calendar_id, "day": plain(row.day), **told}


def _told(week: Week) -> list[str]:
    return [f"{weekday} {starts:%H:%M}-{ends:%H:%M}" for weekday, starts, ends in week]
