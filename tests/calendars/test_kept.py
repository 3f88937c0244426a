"""Calendars as rows: what the pure module gets, how holidays come in and stay out, the screen."""

from datetime import date, time

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.calendars import places, queries, services, show, tasks
from apps.calendars.hours import ALWAYS, WHOLE_DAY, Calendar
from apps.calendars.models import Holiday, WorkCalendar, WorkHours
from apps.core.errors import NotPermittedError
from apps.journal.models import Entry
from apps.people.models import Employee
from tests.conftest import Clock
from tests.factories import make_employee, make_user
from tests.posting import no_rows
from tests.signin import at_the_desk

pytestmark = pytest.mark.django_db
NINE, FIVE = time(9), time(17)


@pytest.fixture(autouse=True)
def _mid_year(clock: Clock) -> None:
    clock.stand("2026-06-15T12:00")


def make_calendar(name: str = "Office", **values: object) -> WorkCalendar:
    calendar = WorkCalendar.objects.create(name=name, **values)
    for weekday in range(5):
        WorkHours.objects.create(calendar=calendar, weekday=weekday, starts=NINE, ends=FIVE)
    return calendar


# --- what the pure module gets ----------------------------------------------------------------------------------------


def test_without_a_default_everybody_always_works() -> None:
    assert queries.pure([None, 99]) == {None: ALWAYS, 99: ALWAYS}


def test_none_and_a_key_that_is_gone_mean_the_default() -> None:
    default = make_calendar("All", is_default=True, quiet_from=time(20), quiet_until=time(7))
    own = make_calendar("Own")
    found = queries.pure([None, own.pk, own.pk + 1000])
    assert found[None] == found[own.pk + 1000] == queries.of_calendar(default)
    assert (found[None].quiet_from, found[own.pk].quiet_from) == (time(20), None)


def test_the_number_of_queries_does_not_grow() -> None:
    def count(ids: list[int | None]) -> int:
        with CaptureQueriesContext(
            connection,
        ) as captured:
            queries.pure(ids)
        return len(captured)

    many = [make_calendar(str(number), is_default=number == 0).pk for number in range(8)]
    assert count([None]) == count([None, *many]) == 3


def test_days_worked_anyway_take_their_own_hours_else_the_weekdays_else_the_first_ones() -> None:
    calendar = make_calendar()
    monday, saturday, sunday = date(2026, 6, 22), date(2026, 6, 20), date(2026, 6, 21)
    Holiday.objects.create(calendar=calendar, day=saturday, name="Stocktaking", is_working=True)
    Holiday.objects.create(calendar=calendar, day=sunday, name="Fair", is_working=True, starts=time(8), ends=time(12))
    Holiday.objects.create(calendar=calendar, day=monday, name="Rest")
    pure = queries.of_calendar(calendar)
    assert pure.special == {saturday: ((NINE, FIVE),), sunday: ((time(8), time(12)),)}
    assert pure.free == {monday}
    empty = WorkCalendar.objects.create(name="Empty")
    Holiday.objects.create(calendar=empty, day=sunday, name="Open", is_working=True)
    assert queries.of_calendar(empty).special == {sunday: WHOLE_DAY}


def test_what_no_clock_could_make_sense_of_cannot_be_stored() -> None:
    calendar = make_calendar(is_default=True)
    for broken in (
        lambda: WorkCalendar.objects.create(name="b", is_default=True),
        lambda: WorkCalendar.objects.create(name="b", quiet_from=time(8)),
        lambda: WorkCalendar.objects.create(name="b", quiet_from=time(8), quiet_until=time(8)),
        lambda: WorkHours.objects.create(calendar=calendar, weekday=7, starts=NINE, ends=FIVE),
        lambda: Holiday.objects.create(calendar=calendar, day=date(2026, 1, 1), name="b", starts=NINE, ends=FIVE),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            broken()


# --- public holidays --------------------------------------------------------------------------------------------------


def test_this_year_and_the_next_two_come_in_with_the_regions_own_days() -> None:
    calendar = make_calendar(country="BR", region="SP")
    filled = services.bring_in_holidays(calendar=calendar)
    years = set(Holiday.objects.filter(calendar=calendar).values_list("day__year", flat=True))
    assert (years, filled.through) == ({2026, 2027, 2028}, 2028)
    assert Holiday.objects.filter(day=date(2026, 7, 9)).exists()  # only São Paulo remembers 1932
    assert Entry.objects.get(name="workcalendar.filled").after["added"] == filled.added == Holiday.objects.count()


def test_filling_again_changes_nothing_and_leaves_no_entry() -> None:
    calendar = make_calendar(country="BR")
    services.bring_in_holidays(calendar=calendar)
    Holiday.objects.filter(day=date(2026, 9, 7)).delete()
    assert services.bring_in_holidays(calendar=calendar).added == 0
    assert not Holiday.objects.filter(day=date(2026, 9, 7)).exists()
    assert Entry.objects.filter(name="workcalendar.filled").count() == 1


def test_anew_brings_removed_days_back_and_keeps_what_people_decided() -> None:
    calendar = make_calendar(country="BR")
    services.bring_in_holidays(calendar=calendar)
    Holiday.objects.filter(day=date(2026, 9, 7)).delete()
    Holiday.objects.filter(day=date(2026, 10, 12)).update(is_working=True)
    Holiday.objects.create(calendar=calendar, day=date(2026, 6, 24), name="Ours")
    services.bring_in_holidays(calendar=calendar, is_anew=True)
    assert Holiday.objects.filter(day=date(2026, 9, 7)).exists()
    assert Holiday.objects.get(day=date(2026, 10, 12)).is_working
    assert Holiday.objects.filter(day=date(2026, 6, 24), name="Ours").exists()


def test_another_country_takes_the_coming_days_of_the_old_one_out_but_not_the_past() -> None:
    calendar = make_calendar(country="BR")
    services.bring_in_holidays(calendar=calendar)
    calendar.country = "ES"
    calendar.save()
    services.bring_in_holidays(calendar=calendar, is_anew=True)
    days = set(Holiday.objects.values_list("day", flat=True))
    assert date(2026, 9, 7) not in days  # Brazil's independence, still to come
    assert date(2026, 4, 21) in days  # Tiradentes, gone by
    assert date(2026, 10, 12) in days


def test_a_calendar_without_a_country_is_left_alone() -> None:
    assert services.bring_in_holidays(calendar=make_calendar()).added == 0
    assert not Holiday.objects.exists()


def test_the_next_year_comes_in_by_itself(clock: Clock) -> None:
    calendar = make_calendar(country="US", region="TX")
    assert tasks.extend() > 0
    assert tasks.extend() == 0
    clock.stand("2027-01-01T00:10")
    assert tasks.extend() > 0
    calendar.refresh_from_db()
    assert calendar.filled_through == 2029


def test_every_country_and_region_that_can_be_chosen_can_be_filled() -> None:
    for country in ("BR", "US", "ES", "PT", "DE", "IN", "MX", "AR"):
        for region in ["", *list(places.regions(country))[:3]]:
            assert places.days_off(country, region, 2026, "pt-br")


def test_who_may_not_change_calendars_fills_nothing() -> None:
    calendar = make_calendar(country="BR")
    with pytest.raises(NotPermittedError):
        services.bring_in_holidays(calendar=calendar, by=make_user(roles=["Manager"]))
    assert not Holiday.objects.exists()


def test_there_is_one_default_at_a_time() -> None:
    first, second = make_calendar("First"), make_calendar("Second")
    services.make_default(calendar=first, by=make_user(roles=["HR"]))
    services.make_default(calendar=second, by=make_user(roles=["HR"]))
    assert list(WorkCalendar.objects.filter(is_default=True)) == [second]
    assert Entry.objects.filter(name="workcalendar.made_default").order_by("id").last().before == {"calendar": first.pk}


# --- the screen -------------------------------------------------------------------------------------------------------


def week_of(calendar: WorkCalendar | None, *rows: tuple[int, str, str], **values: object) -> dict[str, object]:
    data: dict[str, object] = {
        "name": calendar.name if calendar else "Office", "country": "", "region": "", "quiet_from": "",
        "quiet_until": "", "hours-TOTAL_FORMS": len(rows), "hours-INITIAL_FORMS": 0,
        "holidays-TOTAL_FORMS": 0, "holidays-INITIAL_FORMS": 0, **values,
    }  # fmt: skip
    for number, (weekday, starts, ends) in enumerate(rows):
        data |= {f"hours-{number}-weekday": weekday, f"hours-{number}-starts": starts, f"hours-{number}-ends": ends}
    return data


ADD = "admin:calendars_workcalendar_add"


def test_hr_makes_a_calendar_and_reads_it_back_in_one_sentence() -> None:
    hr = at_the_desk("HR")
    rows = [(day, *span) for day in range(5) for span in (("8:00", "12:00"), ("13:00", "17:00"))]
    data = week_of(None, *rows, country="BR", quiet_from="20:00", quiet_until="7:00")
    page = hr.post(reverse(ADD), data, follow=True).content.decode()
    assert "public holidays are in, through 2028" in page
    calendar = WorkCalendar.objects.get()
    page = hr.get(reverse("admin:calendars_workcalendar_change", args=[calendar.pk])).content.decode()
    assert "Works Mon-Fri 8:00-12:00, 13:00-17:00; quiet 20:00-7:00." in page
    assert "Independência" in page or "Independence Day" in page
    assert "São Paulo" in page  # the regions of the chosen country stand there now


@pytest.mark.parametrize(
    "rows",
    [
        [(0, "8:00", "12:00"), (0, "11:00", "17:00")],
        [(0, "22:00", "6:00"), (1, "5:00", "9:00")],
        [(6, "22:00", "6:00"), (0, "5:00", "9:00")],
    ],
)
def test_hours_that_overlap_are_refused(rows: list) -> None:
    page = at_the_desk("HR").post(reverse(ADD), week_of(None, *rows), follow=True).content.decode()
    assert "may touch but not overlap" in page
    assert not WorkCalendar.objects.exists()


def test_hours_that_touch_and_a_whole_day_are_fine() -> None:
    at_the_desk("HR").post(reverse(ADD), week_of(None, (0, "22:00", "6:00"), (1, "6:00", "9:00"), (3, "0:00", "0:00")))
    assert WorkHours.objects.count() == 3


def test_half_quiet_hours_and_a_region_of_elsewhere_are_explained() -> None:
    hr = at_the_desk("HR")
    assert (
        "two different times" in hr.post(reverse(ADD), week_of(None, quiet_from="20:00"), follow=True).content.decode()
    )
    page = hr.post(reverse(ADD), week_of(None, country="US", region="SP"), follow=True).content.decode()
    assert "errorlist" in page or "valid choice" in page
    assert not WorkCalendar.objects.exists()


def test_the_default_and_one_in_use_cannot_be_removed() -> None:
    default, used = make_calendar("Default", is_default=True), make_calendar("Used")
    make_employee(calendar=used)
    client = at_the_desk(is_superuser=True)
    for calendar in (default, used):
        client.post(reverse("admin:calendars_workcalendar_delete", args=[calendar.pk]), {"post": "yes"})
    assert WorkCalendar.objects.count() == 2


def test_a_manager_reads_calendars_and_changes_none() -> None:
    calendar = make_calendar()
    client = at_the_desk("Manager")
    address = reverse("admin:calendars_workcalendar_change", args=[calendar.pk])
    assert client.get(address).status_code == 200
    assert client.post(address, week_of(calendar, name="Mine")).status_code == 403
    client.post(reverse("admin:calendars_workcalendar_make_default", args=[calendar.pk]))
    assert not WorkCalendar.objects.filter(is_default=True).exists()


def test_an_employee_gets_a_calendar_and_a_zone_from_the_list() -> None:
    employee, calendar = make_employee(time_zone="Europe/Lisbon"), make_calendar()
    hr = at_the_desk("HR")
    address = reverse("admin:people_employee_change", args=[employee.pk])
    page = hr.get(address).content.decode()
    assert '<option value="America/Sao_Paulo">' in page
    assert 'value="Europe/Lisbon"' in page
    data = {"number": employee.number, "name": employee.name, "phone": employee.phone, "language": "en",
            "time_zone": "America/Bahia", "calendar": calendar.pk, **no_rows(Employee)}  # fmt: skip
    hr.post(address, data)
    employee.refresh_from_db()
    assert (employee.calendar, employee.time_zone) == (calendar, "America/Bahia")


@pytest.mark.parametrize(
    ("calendar", "sentence"),
    [
        (ALWAYS, "Works every day, round the clock; never quiet."),
        (Calendar(weekly={0: ((NINE, FIVE),), 1: ((NINE, FIVE),), 3: ((time(8, 30), time(12)),)}),
         "Works Mon-Tue 9:00-17:00; Thu 8:30-12:00; never quiet."),
        (Calendar(quiet_from=time(22), quiet_until=time(6, 30)),
         "Works every day, round the clock; quiet 22:00-6:30."),
    ],
)  # fmt: skip
def test_the_sentence(calendar: Calendar, sentence: str) -> None:
    assert show.sentence(calendar) == sentence
