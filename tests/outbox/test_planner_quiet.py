"""Nights and days off: the pure rule, the decision, and what really waits until when."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.contrib import admin
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.calendars.hours import Calendar, is_day_off, next_working_moment, quiet_ends
from apps.calendars.models import Holiday, WorkCalendar, WorkHours
from apps.contacts import services as contacts
from apps.contacts.models import Contact, Preference
from apps.core.clock import now
from apps.core.zones import zone_of
from apps.journal import reactor, sealer
from apps.journal.actors import SYSTEM
from apps.journal.services import record
from apps.outbox import reasons
from apps.outbox.admin import OutboundMessageAdmin
from apps.outbox.models import OutboundMessage
from apps.outbox.planning import planner
from apps.outbox.planning.deciding import Facts, Verdict, decide
from apps.outbox.planning.quiet import KEEPS_DAYS_OFF, Person, Rest, rest
from apps.outbox.sending import dispatcher, sweeper
from apps.people.models import Employee
from apps.providers.kinds import Klass, Lane
from apps.providers.models import Number
from apps.providers.types import Text
from tests.conftest import Clock
from tests.factories import make_contact, make_employee
from tests.outbox.conftest import YES_NO, Say, fresh, write_in, writer
from tests.outbox.graph import Graph

State = OutboundMessage.State
WEEK = {day: ((time(9), time(18)),) for day in range(5)}
OFFICE = Calendar(weekly=WEEK, quiet_from=time(21), quiet_until=time(7))
SAO_PAULO, BERLIN = "America/Sao_Paulo", "Europe/Berlin"
ZONES = st.sampled_from(
    [SAO_PAULO, BERLIN, "UTC", "America/New_York", "Pacific/Apia", "Asia/Kathmandu", "Mars/Olympus"]
)
TIMES = st.times().map(lambda at: at.replace(microsecond=0))
MOMENTS = st.integers(0, 3 * 366 * 86400).map(
    lambda seconds: datetime(2024, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
)
SPANS = st.tuples(TIMES, TIMES).map(lambda span: (span,))
CALENDARS = st.builds(
    Calendar,
    weekly=st.dictionaries(st.integers(0, 6), SPANS, max_size=7),
    free=st.frozensets(st.dates(date(2024, 1, 1), date(2027, 1, 1)), max_size=5),
    quiet_from=st.none() | TIMES,
    quiet_until=st.none() | TIMES,
)
PEOPLE = st.builds(Person, CALENDARS, ZONES, st.none() | TIMES, st.none() | TIMES)


def local(text: str, zone: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


# --- the rule ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("klass", "at", "reason", "until"),
    [
        (Klass.WORK, "2026-03-02T12:00", "", ""),
        (Klass.WORK, "2026-03-02T22:30", reasons.QUIET_HOURS, "2026-03-03T07:00"),
        (Klass.WORK, "2026-03-02T06:59", reasons.QUIET_HOURS, "2026-03-02T07:00"),
        (Klass.WORK, "2026-03-02T07:00", "", ""),
        (Klass.WORK, "2026-03-07T12:00", reasons.DAY_OFF, "2026-03-09T09:00"),
        (Klass.WORK, "2026-03-06T23:00", reasons.QUIET_HOURS, "2026-03-09T09:00"),
        (Klass.MY_REQUESTS, "2026-03-07T12:00", "", ""),
        (Klass.MY_REQUESTS, "2026-03-07T22:00", reasons.QUIET_HOURS, "2026-03-08T07:00"),
        (Klass.SAFETY, "2026-03-07T12:00", "", ""),
    ],
)
def test_nights_and_days_off_end_at_the_first_moment_that_neither_holds(
    klass: Klass, at: str, reason: str, until: str
) -> None:
    found = rest(Person(OFFICE, SAO_PAULO), klass, local(at, SAO_PAULO))
    assert found == (Rest(reason, local(until, SAO_PAULO)) if reason else None)


def test_a_person_s_own_quiet_hours_win_over_their_calendar_s() -> None:
    owl = Person(OFFICE, "UTC", time(9), time(13))
    assert rest(owl, Klass.WORK, datetime(2026, 3, 2, 22, tzinfo=UTC)) is None
    assert rest(owl, Klass.WORK, datetime(2026, 3, 2, 10, tzinfo=UTC)) == Rest(
        reasons.QUIET_HOURS, datetime(2026, 3, 2, 13, tzinfo=UTC)
    )
    half = replace(owl, quiet_until=None)  # half an answer is none
    assert rest(half, Klass.WORK, datetime(2026, 3, 2, 22, tzinfo=UTC)) is not None


def test_a_night_shift_that_runs_into_the_day_off_is_work() -> None:
    night = Person(Calendar(weekly={4: ((time(22), time(6)),)}), "UTC")
    friday = datetime(2026, 3, 6, tzinfo=UTC)
    assert rest(night, Klass.WORK, friday + timedelta(hours=26)) is None
    assert rest(night, Klass.WORK, friday + timedelta(hours=31)) == Rest(
        reasons.DAY_OFF, friday + timedelta(days=7, hours=22)
    )


@pytest.mark.parametrize(
    ("at", "until", "hours"),
    [
        ("2026-03-28T22:00", "2026-03-29T07:00", 8),  # Berlin jumps from 2 to 3
        ("2026-10-24T22:00", "2026-10-25T07:00", 10),  # and has the hour from 2 twice
    ],
)
def test_the_night_in_which_clocks_change_ends_at_seven_all_the_same(at: str, until: str, hours: int) -> None:
    start = local(at, BERLIN)
    found = rest(Person(Calendar(quiet_from=time(21), quiet_until=time(7)), BERLIN), Klass.WORK, start)
    assert found == Rest(reasons.QUIET_HOURS, local(until, BERLIN))
    assert found.until - start == timedelta(hours=hours)


@given(PEOPLE, st.sampled_from(list(Klass)), MOMENTS)
def test_whoever_waits_waits_for_a_moment_to_come_at_which_they_need_not(
    person: Person, klass: Klass, moment: datetime
) -> None:
    found = rest(person, klass, moment)
    zone = zone_of(person.zone)
    is_quiet = quiet_ends(moment, zone, *person.quiet) is not None
    is_off = klass in KEEPS_DAYS_OFF and is_day_off(person.calendar, moment.astimezone(zone).date())
    is_off = is_off and next_working_moment(person.calendar, moment, zone) > moment  # no shift of yesterday's runs
    assert (found is not None) == (is_quiet or is_off)
    if found is not None:
        assert found.until > moment
        assert found.reason in {reasons.QUIET_HOURS, reasons.DAY_OFF}


# --- the decision -----------------------------------------------------------------------------------------------------

LIKELY = st.sampled_from([True] * 7 + [False])
"""Mostly fine, so that many examples get past the first refusals."""
UNLIKELY = LIKELY.map(lambda fine: not fine)
FACTS = st.builds(
    Facts,
    now=st.just(datetime(2026, 3, 2, 12, tzinfo=UTC)),
    is_reply=st.booleans(),
    has_left=UNLIKELY,
    is_linked=LIKELY,
    is_reachable=LIKELY,
    has_consent=LIKELY,
    is_stopped=UNLIKELY,
    lane=st.sampled_from([str(lane) for lane in Lane]),
    klass=st.sampled_from([str(klass) for klass in Klass]),
    rest=st.none() | st.just(Rest(reasons.QUIET_HOURS, datetime(2026, 3, 3, 7, tzinfo=UTC))),
    is_account_active=LIKELY,
    is_window_open=st.booleans(),
    given=st.none() | st.just(Text("Hello")),
    wordings=st.just(()) | st.builds(
        lambda state: (planner.Wording("Hi {{x}}.", {}, "en", planner.Approved(state, "n", "en", "Hi {{x}}.", ["x"])),),
        st.sampled_from(["APPROVED", "PENDING", "PAUSED", "REJECTED"]),
    ),
)  # fmt: skip


@settings(max_examples=600)
@given(FACTS)
def test_nothing_business_initiated_breaks_the_promise(facts: Facts) -> None:
    plan = decide(facts)
    if plan.verdict == Verdict.FREE:
        assert facts.is_window_open
    if plan.verdict == Verdict.TEMPLATE:
        assert not facts.is_window_open
        assert plan.opens
        assert any(one.approved and one.approved.state == "APPROVED" for one in facts.wordings)
    if plan.is_sendable:
        assert facts.is_account_active
        if not facts.is_reply:
            assert facts.has_consent
            assert not facts.is_stopped
            assert facts.is_linked
            assert not facts.has_left
            assert facts.is_reachable
            assert facts.rest is None or facts.lane == Lane.URGENT or facts.klass == Klass.SECURITY
    else:
        assert plan.reason in reasons.REASONS
        assert (plan.until is not None) == (plan.reason in {reasons.QUIET_HOURS, reasons.DAY_OFF})


@given(FACTS)
def test_what_could_leave_leaves(facts: Facts) -> None:
    """The other side of the promise: nothing is held without one of its reasons."""
    fine = replace(
        facts, has_left=False, is_linked=True, is_reachable=True, has_consent=True, is_stopped=False, rest=None,
        is_account_active=True, is_window_open=True,
    )  # fmt: skip
    assert decide(fine).verdict == Verdict.FREE


# --- rows -------------------------------------------------------------------------------------------------------------


@pytest.fixture
def office(db: None) -> WorkCalendar:
    """Weekdays from nine to six, quiet from nine to seven, for everybody."""
    row = WorkCalendar.objects.create(
        name="Office", country="BR", quiet_from=time(21), quiet_until=time(7), is_default=True
    )
    for day in range(5):
        WorkHours.objects.create(calendar=row, weekday=day, starts=time(9), ends=time(18))
    return row


@pytest.fixture
def monday_night(office: WorkCalendar, clock: Clock) -> datetime:
    """Half past ten in the evening in São Paulo, on a Monday."""
    return go_to(clock, SAO_PAULO, weekday=0, at=time(22, 30))


def go_to(clock: Clock, zone: str, *, weekday: int, at: time) -> datetime:
    here = now().astimezone(ZoneInfo(zone))
    day = here.date() + timedelta(days=(weekday - here.weekday()) % 7 or 7)
    moment = datetime.combine(day, at, ZoneInfo(zone)).astimezone(UTC)
    clock.wind((moment - now()).total_seconds())
    return moment


def paulista(number: Number, **values: str) -> Contact:
    return writer(number, "Paula", time_zone=SAO_PAULO, **values)


@pytest.mark.django_db
def test_a_task_waits_for_the_morning_and_says_so(
    graph: Graph, monday_night: datetime, number: Number, say: Say, clock: Clock
) -> None:
    paula, kiwi = paulista(number), writer(number, "Kiwi", time_zone="Pacific/Auckland")
    waits, awake = say(paula, kind="test.asked", buttons=YES_NO), say(kiwi, kind="test.asked", buttons=YES_NO)
    assert (waits.state, waits.held_reason, awake.state) == (State.HELD, reasons.QUIET_HOURS, State.QUEUED)
    morning = monday_night + timedelta(hours=8, minutes=30)
    assert abs(waits.not_before - morning) < timedelta(seconds=1)
    clock.wind(8 * 3600)
    sweeper.sweep()
    assert fresh(waits).state == State.HELD
    clock.wind(1801)
    sweeper.sweep()
    dispatcher.run()
    assert fresh(waits).state == State.SENT


@pytest.mark.django_db
def test_answers_alarms_and_codes_do_not_wait(monday_night: datetime, number: Number, say: Say, clock: Clock) -> None:
    paula = paulista(number)
    assert say(paula, is_reply=True).state == State.QUEUED
    assert say(paula, kind="test.page").state == State.QUEUED
    assert say(paula).held_reason == reasons.QUIET_HOURS
    late = say(paula, kind="test.chat", is_reply=True)
    clock.wind(11 * 60)  # an answer that took eleven minutes is none any more
    assert planner.plan(fresh(late)).reason == reasons.QUIET_HOURS


@pytest.mark.django_db
def test_what_was_queued_by_day_is_planned_again_at_night(
    graph: Graph, office: WorkCalendar, number: Number, say: Say, clock: Clock
) -> None:
    go_to(clock, SAO_PAULO, weekday=2, at=time(20, 59))
    paula = paulista(number)
    message = say(paula, kind="test.asked", buttons=YES_NO)
    assert message.state == State.QUEUED
    clock.wind(120)
    dispatcher.run()
    assert (fresh(message).state, fresh(message).held_reason) == (State.HELD, reasons.QUIET_HOURS)
    assert graph.accepted == []


@pytest.mark.django_db
def test_work_waits_over_the_weekend_own_requests_do_not(
    office: WorkCalendar, number: Number, say: Say, clock: Clock
) -> None:
    saturday = go_to(clock, SAO_PAULO, weekday=5, at=time(12))
    paula = paulista(number)
    work, own = say(paula, kind="test.asked", buttons=YES_NO), say(paula)
    assert (work.held_reason, own.state) == (reasons.DAY_OFF, State.QUEUED)
    assert abs(work.not_before - (saturday + timedelta(days=1, hours=21))) < timedelta(seconds=1)


@pytest.mark.django_db
def test_a_person_s_own_calendar_holiday_and_quiet_hours_count(
    office: WorkCalendar, number: Number, say: Say, clock: Clock
) -> None:
    noon = go_to(clock, SAO_PAULO, weekday=1, at=time(12))
    shifts = WorkCalendar.objects.create(name="Shifts", country="BR")
    today = noon.astimezone(ZoneInfo(SAO_PAULO)).date()
    Holiday.objects.create(calendar=office, day=today, name="Founding day")
    in_office, on_shift, owl = paulista(number), paulista(number), paulista(number)
    Employee.objects.filter(pk__in=[on_shift.employee_id, owl.employee_id]).update(calendar=shifts)
    Preference.objects.create(contact=owl, quiet_from=time(11), quiet_until=time(13))
    assert say(in_office, kind="test.news").held_reason == reasons.DAY_OFF
    assert say(on_shift, kind="test.news").state == State.QUEUED
    assert say(owl, kind="test.news").held_reason == reasons.QUIET_HOURS


@pytest.mark.django_db
def test_consent_and_leaving_come_before_the_night(monday_night: datetime, number: Number, say: Say) -> None:
    assert say(make_contact(make_employee(time_zone=SAO_PAULO), consents=()), kind="test.asked").held_reason == (
        reasons.NO_CONSENT
    )
    assert say(make_contact(make_employee(time_zone=SAO_PAULO, state="left"))).state == State.CANCELLED
    assert say(make_contact()).held_reason == reasons.NOT_LINKED
    paula = paulista(number)
    contacts.stop(contact=paula, wording="STOP", proof="w")
    assert say(paula, kind="test.asked").held_reason == reasons.STOPPED


@pytest.mark.django_db
def test_writing_at_night_does_not_release_what_waits_for_the_morning(
    monday_night: datetime, number: Number, say: Say
) -> None:
    paula = paulista(number)
    message = say(paula, kind="test.asked")
    write_in(paula, number)
    assert fresh(message).held_reason == reasons.QUIET_HOURS


@pytest.mark.django_db
def test_what_expires_before_the_morning_expires_on_time(
    monday_night: datetime, number: Number, say: Say, clock: Clock
) -> None:
    message = say(paulista(number), kind="test.asked", expires_at=now() + timedelta(hours=1))
    assert message.not_before == message.expires_at
    clock.wind(3601)
    sweeper.sweep()
    assert fresh(message).state == State.EXPIRED


@pytest.mark.django_db
def test_moving_the_night_releases_what_waits(
    graph: Graph, monday_night: datetime, office: WorkCalendar, number: Number, say: Say
) -> None:
    message = say(paulista(number), kind="test.asked")
    office.quiet_from, office.quiet_until = time(23), time(6)
    office.save()
    record("workcalendar.changed", subject=office, by=SYSTEM)
    sealer.seal_pending()
    reactor.run_all()
    sweeper.sweep()
    assert fresh(message).state == State.QUEUED


@pytest.mark.django_db
def test_a_zone_that_nobody_knows_holds_nothing_for_ever(
    office: WorkCalendar, number: Number, say: Say, clock: Clock
) -> None:
    go_to(clock, "UTC", weekday=1, at=time(12))
    assert say(writer(number, time_zone="Mars/Olympus"), kind="test.asked").state == State.QUEUED


@pytest.mark.django_db
def test_the_desk_shows_a_true_moment_or_none(monday_night: datetime, number: Number, say: Say) -> None:
    paula = paulista(number)
    asleep, unasked = say(paula, kind="test.asked"), say(make_contact(make_employee(), consents=()), kind="test.asked")
    desk = OutboundMessageAdmin(OutboundMessage, admin.site)
    assert desk.until(asleep) == f"{monday_night + timedelta(hours=8, minutes=30):%Y-%m-%d %H:%M}:00"
    assert (unasked.held_reason, desk.until(unasked)) == (reasons.NO_CONSENT, "–")
