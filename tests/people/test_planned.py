"""Somebody will leave: known days before, changed or called off meanwhile, carried out by itself when the last day is over."""

from datetime import date
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from apps.core import clock as core_clock
from apps.core.errors import InvalidInputError, MoveNotAllowedError, NotPermittedError
from apps.journal.models import Entry
from apps.people import departures, leaving, planned, queries, services
from apps.people.importing import reading
from apps.people.leaving import OpenThing, Part
from apps.people.models import Employee, Leaving, Membership, User
from apps.timers import sweeper
from apps.timers.models import Timer
from tests.approvals.house import House, react, seats
from tests.conftest import Clock
from tests.factories import make_employee, make_user
from tests.registries import add

pytestmark = pytest.mark.django_db

LAST = date(2026, 11, 30)


@pytest.fixture(autouse=True)
def _third_of_november(clock: Clock) -> None:
    clock.stand("2026-11-03T12:00:00")


@pytest.fixture
def house() -> House:
    return House()


@pytest.fixture
def hr() -> User:
    return make_user("hr", roles=["HR"])


def desk(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def key_of(employee: Employee, part: str) -> str:
    return next(one.key for one in leaving.open_things(employee) if one.key.startswith(f"{part}:"))


def state(employee: Employee) -> tuple[str, Any]:
    employee.refresh_from_db()
    return employee.state, employee.left_on


def plan(employee: Employee, hr: User, on: date = LAST, **answers: int | None) -> Leaving:
    return planned.plan_as_chosen(employee=employee, on=on, by=hr, answers=answers)


# --- the day ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("zone", "still_here", "over"),
    [
        ("America/Sao_Paulo", "2026-12-01T02:59:59", "2026-12-01T03:00:01"),
        ("Pacific/Auckland", "2026-11-30T10:59:59", "2026-11-30T11:00:01"),
        ("UTC", "2026-11-30T23:59:59", "2026-12-01T00:00:01"),
        ("No/Where", "2026-11-30T23:59:59", "2026-12-01T00:00:01"),
    ],
)
def test_the_person_leaves_when_the_last_day_is_over_where_they_live(
    zone: str, still_here: str, over: str, clock: Clock, hr: User
) -> None:
    ana = make_employee("Ana", time_zone=zone)
    plan(ana, hr)
    clock.stand(still_here)
    sweeper.sweep()
    assert state(ana) == ("active", None)
    clock.stand(over)
    assert sweeper.sweep() == 1
    assert state(ana) == ("left", LAST)
    assert sweeper.sweep() == 0
    departure = Leaving.objects.get()
    assert (departure.state, departure.on, departure.seen_at is not None) == ("left", LAST, True)


def test_what_was_chosen_counts_and_what_came_up_later_goes_to_the_proposal(
    house: House, hr: User, clock: Clock
) -> None:
    early = house.ask()
    seat = key_of(house.caio, "approvals.seats")
    planned.plan_as_chosen(employee=house.caio, on=LAST, by=hr, answers={seat: house.bia.pk})
    late = house.ask()
    assert (seats(early), seats(late)) == ([("Caio", "")], [("Caio", "")])
    clock.stand("2026-12-01T00:01:00")
    sweeper.sweep()
    assert [who for who, _for in seats(early)] == ["Bia"]
    assert [who for who, _for in seats(late)] == ["Boss"]
    react()
    house.ana.refresh_from_db()
    assert house.ana.manager == house.boss
    departure = Leaving.objects.get()
    assert (departure.seen_at is None, leaving.to_look_at(hr).count()) == (False, 0)
    assert {line["name"] for line in departure.report} >= {"Bia", "Boss"}


def test_whoever_was_chosen_and_has_left_meanwhile_is_followed_by_the_proposal_and_hr_is_told(
    house: House, hr: User, clock: Clock
) -> None:
    request = house.ask()
    seat = key_of(house.caio, "approvals.seats")
    planned.plan_as_chosen(employee=house.caio, on=LAST, by=hr, answers={seat: house.bia.pk})
    departures.pass_on(employee=house.bia, by=hr, answers={})
    clock.stand("2026-12-01T00:01:00")
    sweeper.sweep()
    assert [who for who, _for in seats(request)] == ["Boss"]
    departure = Leaving.objects.get(employee=house.caio)
    line = next(line for line in departure.report if line["key"] == seat)
    assert (line["name"], "Bia was chosen" in line["note"]) == ("Boss", True)
    assert (departure.seen_at, leaving.to_look_at(hr).count()) == (None, 1)


def test_what_nobody_can_take_is_listed_and_hinders_nobody(
    house: House, hr: User, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One part refuses, one is broken: the person has left all the same, and HR finds both."""
    taken: list[Any] = []

    def rehome(*, employee: Employee, key: str, to: Employee | None, by: Any) -> None:
        if key == "broken":
            raise ZeroDivisionError
        if to is not None:
            raise InvalidInputError("Not they.")
        taken.append(key)

    def things(_employee: Employee) -> list[OpenThing]:
        return [OpenThing(f"test.part:{key}", key, "It waits.", (house.boss,)) for key in ("broken", "refused")]

    add(monkeypatch, leaving.parts, "test.part", Part("Test", 1, things, rehome))
    plan(house.caio, hr)
    clock.stand("2026-12-01T00:01:00")
    sweeper.sweep()
    assert (state(house.caio)[0], taken, leaving.to_look_at(hr).count()) == ("left", ["refused"], 1)
    lines = {line["key"]: line for line in Leaving.objects.get(employee=house.caio).report}
    assert lines["test.part:broken"]["note"] == "It could not be passed on. Please look at it."
    assert (lines["test.part:refused"]["to"], lines["test.part:refused"]["otherwise"]) == (None, "It waits.")


def test_the_sign_in_is_locked_then_and_not_before(hr: User, clock: Clock) -> None:
    user = make_user("ana")
    ana = make_employee("Ana", user=user)
    plan(ana, hr)
    user.refresh_from_db()
    assert user.is_active
    clock.stand("2026-12-01T00:01:00")
    sweeper.sweep()
    user.refresh_from_db()
    assert not user.is_active


def test_the_last_administrator_stays_until_there_is_another_and_hr_is_told(clock: Clock, hr: User) -> None:
    root = make_user("root", is_superuser=True)
    other = make_user("other", is_superuser=True)
    ana = make_employee("Ana", user=root)
    plan(ana, hr)
    User.objects.filter(pk=other.pk).update(is_active=False)
    clock.stand("2026-12-01T00:01:00")
    sweeper.sweep()
    assert (state(ana)[0], leaving.to_look_at(hr).count()) == ("active", 1)
    make_user("third", is_superuser=True)
    clock.stand("2026-12-02T00:02:00")
    sweeper.sweep()
    assert state(ana) == ("left", LAST)


def test_a_plan_moves_with_the_person_to_another_time_zone(clock: Clock, hr: User) -> None:
    ana = make_employee("Ana", time_zone="America/Sao_Paulo")
    plan(ana, hr)
    services.update_employee(employee=ana, by=hr, changes={"time_zone": "Pacific/Auckland"})
    react()
    clock.stand("2026-11-30T11:00:01")
    sweeper.sweep()
    assert state(ana)[0] == "left"


# --- changing one's mind ----------------------------------------------------------------------------------------------


def test_another_last_day_moves_it_and_keeps_who_takes_over(house: House, hr: User, clock: Clock) -> None:
    request = house.ask()
    seat = key_of(house.caio, "approvals.seats")
    planned.plan_as_chosen(employee=house.caio, on=LAST, by=hr, answers={seat: house.bia.pk})
    planned.plan(employee=house.caio, on=date(2026, 12, 15), by=hr)
    clock.stand("2026-12-01T00:01:00")
    sweeper.sweep()
    assert state(house.caio)[0] == "active"
    clock.stand("2026-12-16T00:01:00")
    sweeper.sweep()
    assert (state(house.caio), [who for who, _for in seats(request)]) == (("left", date(2026, 12, 15)), ["Bia"])
    assert Leaving.objects.count() == 1


def test_called_off_nothing_happens_and_the_next_plan_is_a_new_one(hr: User, clock: Clock) -> None:
    ana = make_employee("Ana")
    plan(ana, hr)
    planned.call_off_as_hr(employee=ana, by=hr)
    assert not Timer.objects.filter(state="set").exists()
    with pytest.raises(MoveNotAllowedError):
        planned.call_off_as_hr(employee=ana, by=hr)
    clock.stand("2026-12-01T00:01:00")
    sweeper.sweep()
    assert (state(ana)[0], Leaving.objects.get().state, leaving.to_look_at(hr).count()) == ("active", "called_off", 0)
    plan(ana, hr, date(2026, 12, 31))
    clock.stand("2027-01-01T00:01:00")
    sweeper.sweep()
    assert state(ana) == ("left", date(2026, 12, 31))
    assert sorted(Leaving.objects.values_list("state", flat=True)) == ["called_off", "left"]


def test_the_same_plan_again_writes_nothing(hr: User) -> None:
    ana = make_employee("Ana")
    plan(ana, hr)
    before = Entry.objects.count()
    plan(ana, hr)
    planned.plan(employee=ana, on=LAST, by=hr)
    assert (Entry.objects.count(), Leaving.objects.count(), Timer.objects.count()) == (before, 1, 1)


def test_leaving_earlier_than_planned_is_one_departure_with_the_owners_chosen(house: House, hr: User) -> None:
    """An import or an identity provider says so: nobody is asked, but somebody was."""
    request = house.ask()
    seat = key_of(house.caio, "approvals.seats")
    planned.plan_as_chosen(employee=house.caio, on=LAST, by=hr, answers={seat: house.bia.pk})
    departures.mark_left(employee=house.caio, by=hr)
    assert [who for who, _for in seats(request)] == ["Bia"]
    departure = Leaving.objects.get()
    assert (departure.state, departure.on) == ("left", date(2026, 11, 3))
    assert planned.carry_out(departure.pk) is False


def test_pressed_now_although_planned_the_page_counts_and_not_the_plan(house: House, hr: User) -> None:
    request = house.ask()
    seat = key_of(house.caio, "approvals.seats")
    planned.plan_as_chosen(employee=house.caio, on=LAST, by=hr, answers={seat: house.bia.pk})
    departures.pass_on(employee=house.caio, by=hr, answers={seat: house.fabio.pk})
    assert [who for who, _for in seats(request)] == ["Fabio"]
    assert list(Leaving.objects.values_list("state", flat=True)) == ["left"]


def test_coming_back_after_a_planned_departure_and_leaving_again(hr: User, clock: Clock) -> None:
    ana = make_employee("Ana")
    plan(ana, hr)
    clock.stand("2026-12-01T00:01:00")
    sweeper.sweep()
    services.take_back(employee=ana, by=hr)
    assert (state(ana), planned.of(ana)) == (("active", None), None)
    sweeper.sweep()
    assert state(ana)[0] == "active"
    plan(ana, hr, date(2026, 12, 31))
    clock.stand("2027-01-01T00:01:00")
    sweeper.sweep()
    assert (state(ana)[0], Leaving.objects.filter(state="left").count()) == ("left", 2)


# --- what is refused --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("on", [date(2026, 11, 2), date(1999, 1, 1), date(2028, 11, 3), date(9999, 12, 31)])
def test_a_day_that_is_over_or_too_far_ahead_is_refused(on: date, hr: User) -> None:
    ana = make_employee("Ana")
    with pytest.raises(InvalidInputError) as refused:
        plan(ana, hr, on)
    assert list(refused.value.fields) == ["on"]
    assert not Leaving.objects.exists()


def test_today_is_a_last_day_too(hr: User, clock: Clock) -> None:
    ana = make_employee("Ana")
    plan(ana, hr, date(2026, 11, 3))
    assert state(ana)[0] == "active"
    clock.stand("2026-11-04T00:00:01")
    sweeper.sweep()
    assert state(ana) == ("left", date(2026, 11, 3))


def test_only_who_may_change_the_person_plans_or_calls_off(house: House, hr: User) -> None:
    plan(house.caio, hr)
    for user in (make_user(), make_user(roles=["Auditor"]), make_user(employee=house.bia, roles=["Manager"])):
        with pytest.raises(NotPermittedError):
            plan(house.caio, user, date(2026, 12, 1))
        with pytest.raises(NotPermittedError):
            planned.call_off_as_hr(employee=house.caio, by=user)
        client = desk(user)
        client.post(reverse("admin:people_employee_mark_left", args=[house.caio.pk]), {"step": "call_off"})
        client.post(reverse("admin:people_leaving_call_off", args=[Leaving.objects.get().pk]))
    assert (Leaving.objects.get().on, Leaving.objects.get().state) == (LAST, "planned")


def test_nobody_who_has_left_is_planned_to_leave(hr: User) -> None:
    ana = make_employee("Ana")
    departures.mark_left(employee=ana, by=hr)
    with pytest.raises(MoveNotAllowedError):
        plan(ana, hr)


# --- on the desk ------------------------------------------------------------------------------------------------------


def test_the_page_plans_shows_changes_and_calls_off(house: House, hr: User) -> None:
    request = house.ask()
    client, seat = desk(hr), key_of(house.caio, "approvals.seats")
    address = reverse("admin:people_employee_mark_left", args=[house.caio.pk])
    for wrong, said in (
        ("", "Which day is the last?"),
        ("soon", "Which day is the last?"),
        ("2026-11-02", "over already"),
    ):
        page = client.post(address, {"step": "plan", "on": wrong, f"owner-{seat}": str(house.bia.pk)}).content.decode()
        assert said in page
    assert not Leaving.objects.exists()
    told = client.post(address, {"step": "plan", "on": "30/11/2026", f"owner-{seat}": str(house.bia.pk)}, follow=True)
    assert "leaves on 30 Nov 2026" in told.content.decode()
    person = client.get(reverse("admin:people_employee_change", args=[house.caio.pk])).content.decode()
    assert "leaves on 30 Nov 2026" in person
    listed = client.get(reverse("admin:people_leaving_changelist")).content.decode()
    assert "leaves on 30 Nov 2026" in listed
    departure = Leaving.objects.get()
    detail = client.get(reverse("admin:people_leaving_change", args=[departure.pk])).content.decode()
    assert request.code in detail
    assert "→ Bia" in detail
    page = client.get(address).content.decode()
    assert 'value="2026-11-30"' in page
    assert f'value="{house.bia.number}"' in page or f'<option value="{house.bia.pk}" selected' in page
    client.get(reverse("admin:people_leaving_call_off", args=[departure.pk]))
    assert planned.of(house.caio) is not None
    client.post(address, {"step": "call_off"})
    assert planned.of(house.caio) is None
    assert seats(request) == [("Caio", "")]


def test_a_departure_that_is_over_calls_off_no_other(hr: User, clock: Clock) -> None:
    ana = make_employee("Ana")
    first = plan(ana, hr)
    client = desk(hr)
    button = reverse("admin:people_leaving_call_off", args=[first.pk])
    page = reverse("admin:people_leaving_change", args=[first.pk])
    assert button in client.get(page).content.decode()
    planned.call_off_as_hr(employee=ana, by=hr)
    second = plan(ana, hr, date(2026, 12, 24))
    shown = client.get(page).content.decode()
    assert button not in shown
    assert reverse("admin:people_leaving_change_plan", args=[first.pk]) not in shown
    assert "No departure of Ana is planned" in client.post(button, follow=True).content.decode()
    assert planned.of(ana) == second
    client.post(reverse("admin:people_leaving_call_off", args=[second.pk]))
    assert planned.of(ana) is None


def test_who_sees_only_their_own_people_finds_no_other_team_s_plans(house: House, hr: User) -> None:
    plan(house.fabio, hr)
    manager = make_user(employee=house.caio, roles=["Manager"])
    manager.user_permissions.add(Permission.objects.get(codename="view_leaving"))
    client = desk(manager)
    assert "Fabio" not in client.get(reverse("admin:people_leaving_changelist")).content.decode()
    address = reverse("admin:people_leaving_change_plan", args=[Leaving.objects.get().pk])
    assert client.get(address)["Location"] == reverse("admin:index")


def test_a_plan_ends_no_membership_and_hides_nobody_before_its_day(house: House, hr: User) -> None:
    plan(house.fabio, hr)
    assert queries.leads_of(house.finance, core_clock.now().date()) == [house.fabio]
    assert Membership.objects.filter(employee=house.fabio, is_lead=True).exists()


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_an_export_tells_of_planned_departures_only_to_who_may_see_departures(
    house: House, hr: User, kind: str
) -> None:
    plan(house.caio, hr)
    departures.mark_left(employee=house.bia, by=hr)
    manager = make_user(employee=house.boss, roles=["Manager"])
    house.bia.manager = house.boss
    house.bia.save(update_fields=["manager"])
    told = {user: exported(user, kind) for user in (hr, manager)}
    assert {house.caio.number, house.bia.number} <= set(told[manager])
    assert (told[hr][house.caio.number], told[manager][house.caio.number]) == (LAST.isoformat(), "")
    assert told[manager][house.bia.number], "who has left, has left for everybody"


def exported(user: User, kind: str) -> dict[str, str]:
    """The last day in a file of everybody that `user` may see, by employee number."""
    answer = desk(user).get(reverse(f"admin:people_employee_export_{kind}"))
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content  # type: ignore[attr-defined]
    table = reading.read(content)
    number, last = (table.headers.index(name) for name in ("Employee number", "Last day"))
    return {row.cells[number]: row.cells[last] for row in table.rows}
