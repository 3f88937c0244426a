"""The column "last day" of a file: still to come it plans, today or past it leaves, emptied it calls off."""

from datetime import date
from typing import Any

import pytest

from apps.core.errors import InvalidInputError
from apps.journal import downloads
from apps.people import departures, planned
from apps.people import services as people
from apps.people.importing import resource, running, samples, services
from apps.people.models import Employee, Leaving, User
from apps.people.queries import for_export
from apps.timers import sweeper
from tests.conftest import Clock
from tests.factories import make_employee, make_user
from tests.people.files import applied, csv_of, kinds, previewed, reasons

pytestmark = pytest.mark.django_db

HEADERS = ["Employee number", "Name", "Last day"]


@pytest.fixture(autouse=True)
def _third_of_november(clock: Clock) -> None:
    clock.stand("2026-11-03T12:00:00")


@pytest.fixture
def hr() -> User:
    return make_user(roles=["HR"])


def file(*rows: list[str]) -> bytes:
    return csv_of(*rows, headers=HEADERS)


def ana(**values: object) -> Employee:
    return make_employee("Ana", number="1", **values)


@pytest.mark.parametrize("spelled", ["2026-11-30", "30/11/2026", "30.11.26", "30-11-2026"])
def test_a_day_still_to_come_is_planned_and_carried_out(spelled: str, hr: User, clock: Clock) -> None:
    person = ana()
    job = previewed(file(["1", "Ana", spelled]), hr)
    assert job.rows.get().changes == {"last_day": ["", "2026-11-30"]}
    assert planned.of(person) is None
    services.apply(job=job, by=hr)
    running.work(job.pk)
    departure = planned.of(person)
    assert departure is not None
    assert (departure.on, departure.seen_at) == (date(2026, 11, 30), None)  # nobody was asked: HR is told to look
    clock.stand("2026-12-01T00:01:00")
    sweeper.sweep()
    person.refresh_from_db()
    assert (person.state, person.left_on) == ("left", date(2026, 11, 30))


def test_today_and_a_day_behind_leave_at_once_and_are_shown_before(hr: User) -> None:
    people = [make_employee(f"P{number}", number=str(number)) for number in range(1, 4)]
    job = previewed(file(["1", "P1", "2026-11-03"], ["2", "P2", "2026-10-01"], ["3", "P3", ""]), hr)
    assert kinds(job) == {"1": "leaves", "2": "leaves", "3": "unchanged"}
    assert all(Employee.objects.get(pk=person.pk).is_active for person in people)
    services.apply(job=job, by=hr)
    running.work(job.pk)
    assert dict(Employee.objects.values_list("number", "left_on")) == {
        "1": date(2026, 11, 3), "2": date(2026, 10, 1), "3": None}  # fmt: skip


def test_the_same_file_again_changes_nothing_before_and_after_they_left(hr: User, clock: Clock) -> None:
    ana()
    content = file(["1", "Ana", "2026-11-30"])
    applied(content, hr)
    assert kinds(previewed(content, hr)) == {"1": "unchanged"}
    clock.stand("2026-12-01T00:01:00")
    sweeper.sweep()
    assert kinds(previewed(content, hr)) == {"1": "unchanged"}


def test_an_empty_cell_calls_off_only_where_empty_cells_empty(hr: User) -> None:
    person = ana()
    applied(file(["1", "Ana", "2026-11-30"]), hr)
    assert kinds(previewed(file(["1", "Ana", ""]), hr)) == {"1": "unchanged"}
    assert kinds(previewed(csv_of(["1", "Ana"], headers=HEADERS[:2]), hr, is_clearing=True)) == {"1": "unchanged"}
    assert planned.of(person) is not None
    applied(file(["1", "Ana", ""]), hr, is_clearing=True)
    assert planned.of(person) is None
    assert Leaving.objects.get().state == "called_off"


def test_another_day_moves_the_plan_and_keeps_who_takes_over(hr: User) -> None:
    person, heir = ana(), make_employee("Heir")
    report = make_employee("Report", manager=person)
    key = f"people.reports:{report.pk}"
    planned.plan_as_chosen(employee=person, on=date(2026, 11, 20), by=hr, answers={key: heir.pk})
    applied(file(["1", "Ana", "2026-11-30"]), hr)
    departure = planned.of(person)
    assert departure is not None
    assert (departure.on, departure.answers) == (date(2026, 11, 30), {key: heir.pk})


def test_somebody_who_has_left_comes_back_only_by_a_row_without_a_past_day(hr: User) -> None:
    person = ana()
    departures.mark_left(employee=person, by=hr, on=date(2026, 10, 1))
    assert kinds(previewed(file(["1", "Ana", "2026-09-30"]), hr)) == {"1": "unchanged"}
    applied(file(["1", "Ana", "2026-12-31"]), hr)
    departure = planned.of(person)
    person.refresh_from_db()
    assert departure is not None
    assert (person.state, departure.on) == ("active", date(2026, 12, 31))


def test_bad_days_are_named_and_a_stranger_does_not_leave(hr: User) -> None:
    ana()
    job = previewed(
        file(["1", "Ana", "soon"], ["2", "Bia", "2026-10-01"], ["3", "Cy", "31/02/2027"], ["4", "Di", "2031-01-01"]), hr
    )
    said = reasons(job)
    assert "“soon” is no day that can be read" in said[2][0]
    assert "nobody has this number" in said[3][0]
    assert "no day that can be read" in said[4][0]
    assert "more than two years ahead" in said[5][0]


def test_nobody_imports_their_own_departure(hr: User) -> None:
    make_employee("Me", number="9", user=hr)
    job = previewed(file(["9", "Me", "2026-11-01"]), hr)
    assert "own import" in reasons(job)[2][0]


def test_a_wrong_column_does_not_empty_the_house(hr: User) -> None:
    """The day somebody was hired, taken for their last one."""
    rows = [[str(number), f"P{number}", "2020-01-01"] for number in range(1, 9)]
    for number, name, _day in rows:
        make_employee(name, number=number)
    job = previewed(file(*rows), hr)
    with pytest.raises(InvalidInputError, match="Is it the right column"):
        services.apply(job=job, by=hr)
    assert Employee.objects.filter(state="active").count() == 8


def test_an_export_of_plans_and_leavers_comes_in_again_unchanged(hr: User) -> None:
    person, gone = ana(), make_employee("Gone", number="2")
    planned.plan(employee=person, on=date(2026, 11, 30), by=hr)
    departures.mark_left(employee=gone, by=hr)
    lines = list(resource.lines(for_export(Employee.objects.order_by("number"))))
    assert [line[-1] for line in lines] == ["2026-11-30", "2026-11-03"]
    content = downloads.workbook(resource.headers(), lines, title=samples.SHEET)
    assert kinds(previewed(content, hr)) == {"1": "unchanged", "2": "unchanged"}


def test_a_plan_changed_since_the_preview_is_not_overwritten(hr: User) -> None:
    person = ana()
    job = previewed(file(["1", "Ana", "2026-11-30"]), hr)
    planned.plan(employee=person, on=date(2026, 12, 24), by=hr)
    services.apply(job=job, by=hr)
    running.work(job.pk)
    departure = planned.of(person)
    assert departure is not None
    assert departure.on == date(2026, 12, 24)
    assert "it was “”, now it is “2026-12-24”" in reasons(job)[2][0]


def test_new_people_may_come_with_their_last_day(hr: User) -> None:
    applied(file(["5", "Temp", "2026-12-31"]), hr)
    departure = planned.of(Employee.objects.get(number="5"))
    assert departure is not None
    assert departure.on == date(2026, 12, 31)


def test_the_day_is_the_one_where_the_person_lives(hr: User, clock: Clock) -> None:
    """23:30 in UTC: in Auckland the 4th has begun, and it is the 3rd in Lima."""
    clock.stand("2026-11-03T23:30:00")
    for number, zone in enumerate(("Pacific/Auckland", "UTC", "America/Lima"), start=1):
        make_employee(f"P{number}", number=str(number), time_zone=zone)
    rows = [[str(number), f"P{number}", "2026-11-04"] for number in (1, 2, 3)]
    assert kinds(previewed(file(*rows), hr)) == {"1": "leaves", "2": "changed", "3": "changed"}
    moved = csv_of(["2", "P2", "2026-11-04", "Pacific/Auckland"], headers=[*HEADERS, "Time zone"])
    assert kinds(previewed(moved, hr))["2"] == "leaves"
    clock.stand("2026-11-04T03:30:00")  # it is the 4th in UTC, and still the 3rd in Lima
    assert kinds(previewed(file(*rows), hr)) == {"1": "leaves", "2": "leaves", "3": "changed"}


@pytest.mark.parametrize(
    ("applied_at", "state", "on"),
    [("2026-11-04T12:00:00", "active", date(2026, 11, 4)), ("2026-11-05T12:00:00", "active", None)],
)
def test_what_was_shown_as_a_plan_makes_nobody_leave_at_once(
    applied_at: str, state: str, on: date | None, hr: User, clock: Clock
) -> None:
    person = ana()
    job = previewed(file(["1", "Ana", "2026-11-04"]), hr)
    assert kinds(job) == {"1": "changed"}
    clock.stand(applied_at)
    services.apply(job=job, by=hr)
    running.work(job.pk)
    person.refresh_from_db()
    departure = planned.of(person)
    assert (person.state, departure.on if departure else None) == (state, on)
    assert bool(reasons(job)) == (on is None)
    if on is None:
        assert "over since the preview" in reasons(job)[2][0]


def test_what_was_shown_as_leaving_leaves_on_that_day(hr: User, clock: Clock) -> None:
    person = ana(time_zone="Pacific/Auckland")
    clock.stand("2026-11-03T23:30:00")
    job = previewed(file(["1", "Ana", "2026-11-04"]), hr)
    people.update_employee(employee=person, by=hr, changes={"time_zone": "America/Lima"})
    services.apply(job=job, by=hr)
    running.work(job.pk)
    person.refresh_from_db()
    assert (person.state, person.left_on) == ("left", date(2026, 11, 4))


def test_the_day_of_somebody_new_without_a_time_zone_is_the_house_s(hr: User, clock: Clock, settings: Any) -> None:
    settings.TIME_ZONE = "America/Sao_Paulo"
    clock.stand("2026-11-04T01:00:00")  # there it is the third still
    job = previewed(file(["1", "Ana", "2026-11-04"]), hr)
    assert kinds(job) == {"1": "new"}, reasons(job)
    services.apply(job=job, by=hr)
    running.work(job.pk)
    person = Employee.objects.get(number="1")
    assert (person.state, person.time_zone, planned.of(person) is not None) == ("active", "America/Sao_Paulo", True)
