"""A question that nobody answers: reminded, passed up, ended; and what leaves it alone."""

from datetime import time, timedelta
from typing import Any

import pytest

from apps.approvals import chasing, services
from apps.approvals.models import Request, Seat
from apps.approvals.patience import Patience, Standing, Step, due, next_look
from apps.calendars.models import WorkCalendar, WorkHours
from apps.core.errors import MoveNotAllowedError, NotPermittedError
from apps.journal.models import Entry
from apps.outbox.models import OutboundMessage
from apps.people import queries as people
from apps.timers import sweeper
from apps.timers.models import Timer
from tests.approvals.house import House, button, decide, kinds_to, said_to, seats, stage
from tests.conftest import Clock
from tests.factories import make_absence, make_employee, make_flow

pytestmark = pytest.mark.django_db
HOUR = 3600.0


@pytest.fixture
def house(clock: Clock) -> House:
    clock.stand("2026-11-24T13:00:00")
    return House()


def ask(house: House, **stage_values: Any) -> Request:
    return house.ask(flow=make_flow({"approver": "manager", **stage_values}))


def wait(clock: Clock, hours: float) -> None:
    clock.wind(hours * HOUR)
    sweeper.sweep()


def reach(house: House, *, read: bool = False) -> None:
    """The question has arrived on Caio's phone."""
    (question,) = said_to(house.caio, "request.asked")
    question.state = "read" if read else "delivered"
    question.delivered_at = question.created_at
    question.read_at = question.created_at if read else None
    question.save()


def reads_elsewhere(house: House) -> None:
    """Caio's phone tells when he reads."""
    other = said_to(house.caio, "request.asked")[0]
    OutboundMessage.objects.create(
        key="other", contact=other.contact, number=other.number, kind="x", klass="work", lane="notice", language="en",
        state="read", read_at=other.created_at,
    )  # fmt: skip


def at_work() -> WorkCalendar:
    """Monday to Friday, 9:00 to 17:00."""
    calendar = WorkCalendar.objects.create(name="Office")
    for day in range(5):
        WorkHours.objects.create(calendar=calendar, weekday=day, starts=time(9), ends=time(17))
    return calendar


def after(hours: float) -> Any:
    return timedelta(hours=hours)


def test_the_first_look_is_the_earliest_that_may_matter() -> None:
    waits = Patience(remind=8, undelivered=2, unread=4, unanswered=24)
    assert [next_look(waits, after, after(since)) for since in (0, 2, 4, 8, 16, 24)] == [
        after(hours) if hours else None for hours in (2, 4, 8, 16, 24, 0)
    ]
    assert next_look(Patience(), after, after(0)) is None


@pytest.mark.parametrize(("standing", "hours", "step"), [
    (Standing(is_delivered=False), 2, Step.UNDELIVERED),
    (Standing(is_delivered=False), 1.9, None),
    (Standing(is_delivered=True), 7, None),
    (Standing(is_delivered=True, shows_reading=True), 4, Step.UNREAD),
    (Standing(is_delivered=True, shows_reading=True, is_read=True), 7, None),
    (Standing(is_delivered=True), 8, Step.REMIND),
    (Standing(is_delivered=True, reminders=1), 8, None),
    (Standing(is_delivered=True, reminders=1), 16, Step.REMIND),
    (Standing(is_delivered=True, reminders=3), 23, None),
    (Standing(is_delivered=True, reminders=1), 24, Step.UNANSWERED),
])  # fmt: skip
def test_what_is_due(standing: Standing, hours: float, step: Step | None) -> None:
    assert due(Patience(remind=8, undelivered=2, unread=4, unanswered=24), standing, after, after(hours)) is step


def test_a_decider_is_reminded_three_times_with_buttons_that_decide(house: House, clock: Clock) -> None:
    request = ask(house, remind_hours=4)
    reach(house)
    for _time in range(5):
        wait(clock, 4.1)
    assert kinds_to(house.caio).count("request.reminded") == 3
    assert Seat.objects.get().reminders == 3
    assert Entry.objects.filter(name="seat.reminded").count() == 3
    decide(request, house.caio, version_seen=button(house.caio, "approve").subject_version)
    assert Request.objects.get().state == "approved"


def test_whoever_has_answered_is_left_alone(house: House, clock: Clock) -> None:
    request = ask(house, remind_hours=4, unanswered_hours=8)
    decide(request, house.caio)
    wait(clock, 30)
    assert not {"request.reminded", "request.passed_up"} & set(kinds_to(house.caio))


def test_an_unanswered_question_goes_to_their_manager_who_decides_for_them(house: House, clock: Clock) -> None:
    request = ask(house, unanswered_hours=8)
    reach(house, read=True)
    wait(clock, 8.1)
    assert seats(request) == [("Boss", "Caio")]
    assert "request.passed_up" in kinds_to(house.caio)
    assert Entry.objects.get(name="seat.passed_up").after["why"] == "unanswered"
    with pytest.raises(NotPermittedError, match="passed on"):
        decide(request, house.caio)
    decide(request, house.boss)
    assert Request.objects.get().state == "approved"


def test_at_the_top_it_stays_where_it_is(house: House, clock: Clock) -> None:
    request = house.ask(flow=make_flow({"approver": "person", "person": house.boss, "unanswered_hours": 8}))
    wait(clock, 9)
    assert seats(request) == [("Boss", "")]
    assert not Timer.objects.filter(state="set").exists()


def test_a_round_of_managers_ends(house: House, clock: Clock) -> None:
    house.boss.manager = house.caio
    house.boss.save()
    request = ask(house, unanswered_hours=8)
    for _time in range(4):
        wait(clock, 9)
    assert seats(request) == [("Boss", "Caio")]
    assert Entry.objects.filter(name="seat.passed_up").count() == 1


def test_it_is_never_passed_up_to_whoever_asked(house: House, clock: Clock) -> None:
    house.caio.manager = house.ana
    house.caio.save()
    request = ask(house, unanswered_hours=8)
    wait(clock, 9)
    assert "Ana" not in {name for name, _ in seats(request)}


def test_the_manager_is_away_so_their_deputy_is_asked(house: House, clock: Clock) -> None:
    make_absence(house.boss, deputy=house.fabio, ends_on=(clock.wind(0) + timedelta(days=9)).date())
    request = ask(house, unanswered_hours=8)
    wait(clock, 8.1)
    assert seats(request) == [("Fabio", "Caio")]


def test_a_question_that_never_arrived_is_passed_up_sooner(house: House, clock: Clock) -> None:
    request = ask(house, undelivered_hours=2, unanswered_hours=48)
    wait(clock, 2.1)
    assert seats(request) == [("Boss", "Caio")]
    assert Entry.objects.get(name="seat.passed_up").after["why"] == "undelivered"


def test_one_that_arrived_is_not(house: House, clock: Clock) -> None:
    request = ask(house, undelivered_hours=2)
    reach(house)
    wait(clock, 2.1)
    assert seats(request) == [("Caio", "")]


@pytest.mark.parametrize(("email", "still"), [("nora@example.com", "Nora"), ("", "Boss")])
def test_whoever_has_no_phone_but_an_address_is_not_taken_for_unreached(
    house: House, clock: Clock, email: str, still: str
) -> None:
    house.ana.manager = make_employee("Nora", email=email, manager=house.boss)
    house.ana.save()
    request = ask(house, undelivered_hours=2)
    wait(clock, 2.1)
    assert [name for name, _ in seats(request)] == [still]


def test_unread_counts_only_where_reading_shows(house: House, clock: Clock) -> None:
    request = ask(house, unread_hours=2)
    reach(house)
    wait(clock, 2.1)
    assert seats(request) == [("Caio", "")]


def test_unread_where_reading_shows_is_passed_up(house: House, clock: Clock) -> None:
    request = ask(house, unread_hours=2)
    reach(house)
    reads_elsewhere(house)
    wait(clock, 2.1)
    assert seats(request) == [("Boss", "Caio")]
    assert Entry.objects.get(name="seat.passed_up").after["why"] == "unread"


def test_only_the_hours_of_their_work_count(house: House, clock: Clock) -> None:
    house.caio.calendar = at_work()
    house.caio.time_zone = "America/Sao_Paulo"
    house.caio.save()
    asked = ask(house, unanswered_hours=8)  # Tuesday, 10:00 there
    seat = Seat.objects.get(stage_run__request=asked)
    assert people.working_hours_after(seat.employee, seat.asked_at)(8).isoformat() == "2026-11-25T13:00:00+00:00"
    wait(clock, 20)
    assert seats(asked) == [("Caio", "")]
    wait(clock, 4.1)
    assert seats(asked) == [("Boss", "Caio")]


def test_who_takes_over_has_all_the_time_again(house: House, clock: Clock) -> None:
    request = ask(house, unanswered_hours=8)
    wait(clock, 6)
    make_absence(house.caio, deputy=house.bia, ends_on=(clock.wind(0) + timedelta(days=9)).date())
    services.reseat(employee=house.caio)
    wait(clock, 4)
    assert seats(request) == [("Bia", "Caio")]
    wait(clock, 4.1)
    assert seats(request) == [("Boss", "Caio")]


def test_an_old_timer_says_nothing_about_a_newer_question(house: House, clock: Clock) -> None:
    ask(house, remind_hours=1)
    seat = Seat.objects.get()
    clock.wind(2 * HOUR)
    assert chasing.look_after(seat_id=seat.pk, asked_at="2020-01-01T00:00:00+00:00") is None
    assert chasing.look_after(seat_id=seat.pk, asked_at=seat.asked_at.isoformat()) is Step.REMIND


def test_editing_the_flow_changes_no_patience_that_runs(house: House, clock: Clock) -> None:
    request = ask(house, unanswered_hours=8)
    request.flow.stages.update(unanswered_hours=None)
    wait(clock, 8.1)
    assert seats(request) == [("Boss", "Caio")]


# --- the end ----------------------------------------------------------------------------------------------------------


def expiring(house: House) -> Request:
    return house.ask(
        flow=make_flow({"approver": "manager"}, {"approver": "person", "person": house.boss}, expires_days=3)
    )


def test_an_undecided_request_expires_and_everybody_hears(house: House, clock: Clock) -> None:
    request = expiring(house)
    wait(clock, 71)
    assert Request.objects.get().state == "open"
    wait(clock, 1.1)
    assert Request.objects.get().state == "expired"
    assert [run.state for run in request.stage_runs.order_by("position")] == ["skipped", "skipped"]
    assert "request.expired" in kinds_to(house.ana)
    assert "request.question_expired" in kinds_to(house.caio)
    assert kinds_to(house.boss) == []
    with pytest.raises(MoveNotAllowedError, match="expired"):
        decide(request, house.caio)


def test_a_decided_one_does_not_expire(house: House, clock: Clock) -> None:
    request = expiring(house)
    decide(request, house.caio)
    decide(request, house.boss, position=2)
    wait(clock, 100)
    assert Request.objects.get().state == "approved"
    assert "request.expired" not in kinds_to(house.ana)


def test_nobody_expires_it_before_its_time(house: House, clock: Clock) -> None:
    request = expiring(house)
    assert not chasing.expire(request_id=request.pk)
    assert stage(request).state == "open"
