"""Somebody leaves: everything open is on one page, and one press passes on all of it, or nothing."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse

from apps.approvals.models import Request, Seat
from apps.core.errors import InvalidInputError, MoveNotAllowedError, NotPermittedError
from apps.incidents import services as incidents
from apps.journal.models import Entry
from apps.outbox.models import OutboundMessage
from apps.people import clerk, departures, leaving, queries, services
from apps.people.authority import Authority
from apps.people.models import Deputy, Employee, Leaving, Membership, User
from tests.approvals.house import House, decide, react, seats
from tests.conversations.talk import Phone
from tests.factories import make_deputy, make_employee, make_flow, make_team, make_user
from tests.incidents.test_tickets import House as Tickets

pytestmark = pytest.mark.django_db


@pytest.fixture
def house() -> House:
    return House()


@pytest.fixture
def hr() -> User:
    return make_user("hr", roles=["HR"])


def keys(employee: Employee) -> list[str]:
    return [thing.key for thing in leaving.open_things(employee)]


def thing(employee: Employee, part: str) -> leaving.OpenThing:
    return next(one for one in leaving.open_things(employee) if one.key.startswith(f"{part}:"))


def of(request: Request) -> str:
    request.refresh_from_db()
    return str(request.state)


def test_a_leaver_in_the_middle_of_an_approval_passes_it_on_to_the_proposed_one_at_once(house: House, hr: User) -> None:
    request = house.ask()
    assert thing(house.caio, "approvals.seats").proposed == house.boss
    departures.pass_on(employee=house.caio, by=hr, answers={})
    assert seats(request) == [("Boss", "Caio")]
    with pytest.raises(NotPermittedError):
        decide(request, house.caio)
    react()
    assert seats(request) == [("Boss", "Caio")]
    decide(request, house.boss)
    house.ana.refresh_from_db()
    assert house.ana.manager == house.boss


def test_hr_s_choice_counts_and_the_requester_never_decides_their_own(house: House, hr: User) -> None:
    request = house.ask()
    key = thing(house.caio, "approvals.seats").key
    with pytest.raises(InvalidInputError):
        departures.pass_on(employee=house.caio, by=hr, answers={key: house.ana.pk})
    house.caio.refresh_from_db()
    assert (house.caio.state, seats(request), Leaving.objects.count()) == ("active", [("Caio", "")], 0)
    departures.pass_on(employee=house.caio, by=hr, answers={key: house.bia.pk})
    assert [who for who, _for in seats(request)] == ["Bia"]


def test_the_only_approver_with_nobody_to_propose_needs_an_answer_and_may_stay_as_it_is(house: House, hr: User) -> None:
    lone = house.person("Lone", "en")
    request = house.ask(flow=make_flow({"approver": "person", "person": lone}))
    seat = thing(lone, "approvals.seats")
    assert seat.needs_answer
    with pytest.raises(InvalidInputError) as refused:
        departures.pass_on(employee=lone, by=hr, answers={})
    assert seat.key in refused.value.fields
    lone.refresh_from_db()
    assert (lone.state, seats(request)) == ("active", [("Lone", "")])
    flow = thing(lone, "approvals.flows")
    departures.pass_on(employee=lone, by=hr, answers={seat.key: None, flow.key: house.boss.pk})
    react()
    assert of(request) == "stuck"  # as the page said


def test_nobody_reports_to_somebody_below_them(house: House, hr: User) -> None:
    """The manager above the leaver reports to the leaver's own report: that one cannot take the boss over."""
    departures.mark_left(employee=house.boss, by=hr)
    reports = [one for one in leaving.open_things(house.boss) if one.key.startswith("people.reports:")]
    caio = next(one for one in reports if one.key.endswith(f":{house.caio.pk}"))
    with pytest.raises(InvalidInputError):
        departures.pass_on(employee=house.boss, by=hr, answers={
            **{one.key: None for one in leaving.open_things(house.boss)}, caio.key: house.ana.pk})  # fmt: skip
    house.caio.refresh_from_db()
    assert house.caio.manager == house.boss


def test_the_manager_of_the_proposed_owner_may_leave_too(house: House, hr: User) -> None:
    request = house.ask()
    departures.pass_on(employee=house.boss, by=hr, answers=dict.fromkeys(keys(house.boss)))
    house.caio.refresh_from_db()
    answers = {one.key: house.fabio.pk if one.may_move else None for one in leaving.open_things(house.caio)}
    departures.pass_on(employee=house.caio, by=hr, answers=answers)
    assert [who for who, _for in seats(request)] == ["Fabio"]


def test_two_leavers_who_are_each_other_s_deputies_are_never_proposed_to_each_other(house: House, hr: User) -> None:
    make_deputy(house.caio, house.bia)
    make_deputy(house.bia, house.caio)
    request = house.ask()
    departures.pass_on(employee=house.bia, by=hr, answers={})
    assert Deputy.objects.get(employee=house.caio).deputy == house.boss
    house.caio.refresh_from_db()
    assert all(house.bia not in one.candidates for one in leaving.open_things(house.caio))
    departures.pass_on(employee=house.caio, by=hr, answers={})
    react()
    assert [who for who, _for in seats(request)] == ["Boss"]


def test_a_leaver_cannot_be_marked_twice_and_what_was_passed_on_stays(house: House, hr: User) -> None:
    house.ask()
    departures.pass_on(employee=house.caio, by=hr, answers={})
    react()
    before = Entry.objects.count()
    with pytest.raises(MoveNotAllowedError):
        departures.pass_on(employee=house.caio, by=hr, answers={})
    with pytest.raises(MoveNotAllowedError):
        departures.mark_left(employee=house.caio, by=hr)
    assert (Leaving.objects.count(), Entry.objects.count()) == (1, before)
    assert Seat.objects.filter(employee=house.caio, is_open=True).count() == 0


def test_an_import_or_a_program_passes_nothing_on_and_the_home_asks_hr_to_look(house: House, hr: User) -> None:
    departures.mark_left(employee=house.caio, by=hr)
    house.ana.refresh_from_db()
    assert (house.ana.manager, leaving.to_look_at(hr).count()) == (house.caio, 1)
    assert leaving.to_look_at(make_user(employee=house.bia)).count() == 0
    departures.pass_on(employee=house.caio, by=hr, answers={})  # afterwards, on the same page
    house.ana.refresh_from_db()
    assert (house.ana.manager, leaving.to_look_at(hr).count(), Leaving.objects.count()) == (house.boss, 0, 1)


def test_only_who_may_change_the_person_marks_them_as_left(house: House) -> None:
    for user in (make_user(), make_user(roles=["Auditor"]), make_user(employee=house.bia, roles=["Manager"])):
        with pytest.raises(NotPermittedError):
            departures.pass_on(employee=house.caio, by=user, answers={})
    house.caio.refresh_from_db()
    assert house.caio.is_active


def test_the_last_administrator_does_not_leave() -> None:
    root = make_user("root", is_superuser=True)
    ana = make_employee("Ana")
    Employee.objects.filter(pk=ana.pk).update(user=root)
    with pytest.raises(InvalidInputError):
        departures.pass_on(employee=ana, by=root, answers={})
    day = queries.today(ana)
    for on in (None, day, day + timedelta(days=1)):  # as imports, programs and identity providers do
        with pytest.raises(InvalidInputError, match="last administrator"):
            clerk.mark_left(employee=ana, by=Authority(root), on=on)
    with pytest.raises(InvalidInputError, match="last administrator"):
        services.mark_left(employee=ana, by=root)
    ana.refresh_from_db()
    root.refresh_from_db()
    assert ana.is_active
    assert root.is_active
    assert not Leaving.objects.exists()
    make_user("other", is_superuser=True)
    assert clerk.mark_left(employee=ana, by=Authority(root)).state == "left"


def test_a_lead_and_the_addresses_go_with_the_leaver(house: House, hr: User) -> None:
    departures.pass_on(employee=house.fabio, by=hr, answers={})
    assert list(
        Membership.objects.filter(team=house.finance, is_lead=True).values_list("employee__name", flat=True)
    ) == ["Boss"]
    assert not house.fabio.contacts.exists()


def test_a_ticket_handed_over_twice_tells_each_new_owner(settings: Any, tmp_path: Any, hr: User) -> None:
    settings.MEDIA_ROOT = tmp_path
    tickets = Tickets()
    ticket = incidents.take(ticket=tickets.report(), by=tickets.bia)
    duda = tickets.duda
    make_team("Facilities again", members=[duda])
    Membership.objects.create(team=tickets.team, employee=duda)
    for leaver, to in ((tickets.bia, tickets.caio), (tickets.caio, duda)):
        departures.pass_on(employee=leaver, by=hr, answers={f"incidents.taken:{ticket.pk}": to.pk})
        ticket.refresh_from_db()
        assert ticket.assignee == to
        assert OutboundMessage.objects.filter(contact__employee=to, kind="ticket.assigned").count() == 1
    assert len(set(OutboundMessage.objects.filter(kind="ticket.taken").values_list("key", flat=True))) == 3


def test_a_ticket_that_nobody_takes_goes_back_to_its_team(settings: Any, tmp_path: Any, hr: User) -> None:
    settings.MEDIA_ROOT = tmp_path
    tickets = Tickets()
    ticket = incidents.take(ticket=tickets.report(), by=tickets.bia)
    departures.pass_on(employee=tickets.bia, by=hr, answers={f"incidents.taken:{ticket.pk}": None})
    ticket.refresh_from_db()
    assert (ticket.state, ticket.assignee) == ("new", None)
    assert OutboundMessage.objects.filter(contact__employee=tickets.caio, kind="ticket.offered").count() == 2


def test_the_page_asks_names_the_proposal_and_acts_on_a_press_only(house: House, hr: User) -> None:
    request = house.ask()
    client = Client()
    client.force_login(hr)
    address = reverse("admin:people_employee_mark_left", args=[house.caio.pk])
    page = client.get(address).content.decode()
    for words in (
        request.code,
        "Ana reports to them",
        "Boss (",
        "Whoever stands in for them",
        "Mark as left and pass on",
    ):
        assert words in page
    house.caio.refresh_from_db()
    assert house.caio.is_active
    key = thing(house.caio, "approvals.seats").key
    refused = client.post(address, {f"number-{key}": "no such number"}).content.decode()
    assert "Nobody whom you may see works here under this number" in refused
    house.caio.refresh_from_db()
    assert house.caio.is_active
    client.post(address, {f"owner-{key}": str(house.bia.pk)})
    house.caio.refresh_from_db()
    assert (house.caio.state, [who for who, _for in seats(request)]) == ("left", ["Bia"])


def test_a_running_dialogue_is_cancelled_in_the_same_commit(house: House, hr: User) -> None:
    phone = Phone()
    opened = phone.open({"fields": [{"key": key, "kind": "text", "question": {"en": "?"}} for key in "ab"]})
    assert f"conversations.dialogues:{opened.pk}" in keys(phone.employee)
    sent = OutboundMessage.objects.count()
    departures.pass_on(employee=phone.employee, by=hr, answers={})
    opened.refresh_from_db()
    assert (opened.state, OutboundMessage.objects.count()) == ("cancelled", sent)
    assert not phone.employee.contacts.exists()


def test_who_is_here_can_leave_and_who_has_left_can_come_back() -> None:
    client = Client()
    client.force_login(make_user(roles=["HR"]))
    employee = make_employee("Ida")
    address = reverse("admin:people_employee_change", args=[employee.pk])
    here = client.get(address).content.decode()
    assert "/mark-left" in here
    assert "/take-back" not in here
    employee.state = Employee.State.LEFT
    employee.save()
    gone = client.get(address).content.decode()
    assert "/take-back" in gone
    assert "/mark-left" not in gone


def memberships() -> list[tuple[str, Any, Any]]:
    found = Entry.objects.filter(name__startswith="membership.").order_by("id")
    return [(entry.name, entry.before, entry.after) for entry in found]


def test_the_lead_of_a_team_goes_to_somebody_who_leads_it_from_today_on_and_the_journal_says_what_changed(
    hr: User,
) -> None:
    old, outsider, former, coming = (make_employee(name) for name in ("Old", "Outsider", "Former", "Coming"))
    today = queries.today(old)
    for heir, starts_on, ends_on in (
        (outsider, None, None),
        (former, today - timedelta(days=90), today - timedelta(days=9)),
        (coming, today + timedelta(days=9), None),
    ):
        team = make_team(leads=[old])
        if heir is not outsider:
            Membership.objects.create(employee=heir, team=team, starts_on=starts_on, ends_on=ends_on)
        known = len(memberships())
        led = Membership.objects.get(team=team, employee=old)
        part = leaving.parts["people.leads"]
        with transaction.atomic():
            part.rehome(employee=old, key=str(led.pk), to=heir, by=hr)
        assert queries.leads_of(team, today) == [heir], heir
        (first, before, after), (second, was, now) = memberships()[known:]
        assert first == ("membership.added" if heir is outsider else "membership.changed"), heir
        assert (after["is_lead"], after["employee"], after["ends_on"]) == (True, heir.pk, None)
        assert before == {} or not before["is_lead"]
        assert (second, was["is_lead"], now["is_lead"], now["employee"]) == ("membership.changed", True, False, old.pk)
