"""The home of each role: what it says needs somebody, that the lists behind say the same, and that it costs the same."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.html import escape

from apps.approvals.models import Request, Seat, StageRun
from apps.console.home import parts
from apps.console.home.matters import MATTERS
from apps.contacts.models import Claim, Invitation
from apps.core import clock
from apps.inbox.models import InboundEvent, Receipt
from apps.incidents.models import Ticket
from apps.journal.models import Cursor, Entry, SetAside
from apps.people.models import Employee, ImportJob, Leaving, Team, User
from apps.people.roles import ROLES
from apps.providers.models import AccountAlert, Approval, MessageTemplate, Translation
from tests.factories import (
    expense_form,
    make_absence,
    make_account,
    make_category,
    make_contact,
    make_employee,
    make_flow,
    make_outbound,
    make_submission,
    make_team,
    make_user,
    report_form,
)
from tests.roles.company import undone
from tests.signin import at_the_desk

pytestmark = pytest.mark.django_db

HOME = reverse("admin:index")


@pytest.fixture(autouse=True)
def _nothing_kept() -> None:
    cache.clear()


class House:
    """Two teams that know nothing of each other: bakers led by Bia, drivers led by Davi."""

    def __init__(self) -> None:
        self.bia, self.davi = make_employee("Bia Lead"), make_employee("Davi Lead")
        self.ana, self.caio = (
            make_employee("Ana Baker", manager=self.bia),
            make_employee("Caio Driver", manager=self.davi),
        )
        self.bakers = make_team("Bakers", members=[self.ana], leads=[self.bia])
        self.drivers = make_team("Drivers", members=[self.caio], leads=[self.davi])

    def ticket(self, by: Employee, team: Team, what: str, state: str = "new", **values: Any) -> Ticket:
        return Ticket.objects.create(
            category=make_category(team), team=team, reporter=by, summary=what, state=state,
            submission=make_submission(by, report_form(), what=what), **values,
        )  # fmt: skip

    def request(self, by: Employee, decider: Employee, what: str, state: str = "open") -> Request:
        row = Request.objects.create(
            flow=make_flow({"approver": "manager"}), requester=by, summary=what, state=state,
            submission=make_submission(by, expense_form(), what=what),
        )  # fmt: skip
        run = StageRun.objects.create(
            request=row, position=0, approver="manager", rule="any", state=StageRun.State.OPEN
        )
        Seat.objects.create(stage_run=run, employee=decider)
        return row

    def fill(self) -> None:
        """One of each matter, in both teams."""
        for by, lead, team in ((self.ana, self.bia, self.bakers), (self.caio, self.davi, self.drivers)):
            self.ticket(by, team, f"Oven of {by.name}")
            self.ticket(by, team, f"Door of {by.name}", "taken", assignee=lead)
            self.request(by, lead, f"Taxi of {by.name}")
            self.request(by, lead, f"Hotel of {by.name}", "stuck")
            make_absence(by)
        make_contact(None)
        Leaving.objects.create(employee=make_employee("Lia Left"), on=clock.now().date())

    def break_down(self) -> None:
        """What `fill` lacks: one of each of the other matters."""
        account = make_account(state="broken")
        AccountAlert.objects.create(account=account, code="x", severity="warning")
        wording = Translation.objects.create(template=MessageTemplate.objects.first(), language="de", body="x")
        Approval.objects.create(translation=wording, account=account, name="x", remote_language="de", state="REJECTED")
        for state in ("unsure", "held", "failed"):
            make_outbound(state=state)
        receipt = Receipt.objects.create(account=account, key="k", body=b"{}", state="unreadable")
        InboundEvent.objects.create(receipt=receipt, account=account, key="k", name="MessageReceived", state="failed")
        entry = Entry.objects.create(name="ticket.taken", actor_kind="system", actor_label="x")
        SetAside.objects.create(cursor=Cursor.objects.create(reaction="tests.nothing"), entry=entry, error="e")
        ImportJob.objects.create(file_name="people.csv", state=ImportJob.State.PREVIEWED)
        contact = make_contact(self.ana, state="suspended")
        invitation = Invitation.objects.create(employee=self.ana, code_hash="a", way="paper", expires_at=clock.now())
        Claim.objects.create(invitation=invitation, contact=contact, why="hidden")


def links(context: Any) -> list[tuple[str, str]]:
    """Every count of a home with the address behind it."""
    numbers = [one for section in context["sections"] for one in section.numbers]
    return [(card.count, card.link) for card in context["cards"]] + [(one.said, one.link) for one in numbers]


def titles(context: Any) -> list[str]:
    return [str(card.title) for card in context["cards"]]


def lines(context: Any) -> str:
    return " ".join(line.title for section in context["sections"] for one in section.listings for line in one.lines)


@pytest.mark.parametrize("role", [*sorted(ROLES), ""])
def test_every_count_is_that_of_the_list_behind_it(role: str) -> None:
    house = House()
    house.fill()
    client = at_the_desk(role, employee=house.bia) if role else at_the_desk(is_superuser=True)
    found = links(client.get(HOME).context)
    assert found
    for count, link in found:
        page = client.get(link)
        assert page.status_code == 200, link
        assert page.context["cl"].result_count == int(count.replace(",", "")), link


def presses(context: Any) -> list[tuple[str, str]]:
    """Everything to press on a home: (method, address)."""
    deeds = [("POST" if card.step.is_deed else "GET", card.step.link) for card in context["cards"]]
    listings = [one for section in context["sections"] for one in section.listings]
    leads = [link for _count, link in links(context)] + [one.more for one in listings]
    leads += [line.link for one in listings for line in one.lines]
    leads += [step.link for step in context["steps"] if step.link]
    return [*deeds, *(("GET", link) for link in dict.fromkeys(leads))]


@pytest.mark.parametrize("role", [*sorted(ROLES), ""])
def test_whatever_a_home_offers_may_be_pressed(role: str) -> None:
    house = House()
    house.fill()
    house.break_down()
    client = at_the_desk(role, employee=house.bia) if role else at_the_desk(is_superuser=True, employee=house.bia)
    context = client.get(HOME).context
    if not role:
        assert {str(matter.title) for matter in MATTERS} == set(titles(context))
    for method, link in presses(context):
        with undone():
            answer = client.generic(method, link)
            assert answer.status_code in {200, 302}, (method, link)
            assert method == "GET" or answer["Location"] != HOME, (
                "refused"
            )  # a button sends home whoever may not press it
            said = (
                [str(one) for one in client.get(answer["Location"]).context["messages"]]
                if answer.status_code == 302
                else []
            )
            assert not [one for one in said if "may not" in one], (method, link)


def test_a_manager_sees_what_waits_for_them_and_who_is_away_and_nothing_of_another_team() -> None:
    house = House()
    house.fill()
    page = at_the_desk("Manager", employee=house.bia).get(HOME)
    assert {"Wait for your decision", "Nobody has taken"} <= set(titles(page.context))
    assert "Taxi of Ana Baker" in lines(page.context)
    assert "Ana Baker" in lines(page.context)
    assert "Oven of Ana Baker" in lines(page.context)
    for other in ("Caio", "Davi", "Drivers"):
        assert other not in page.content.decode()


def test_a_responder_takes_the_oldest_ticket_in_one_press() -> None:
    house = House()
    first = house.ticket(house.ana, house.bakers, "Oven")
    house.ticket(house.ana, house.bakers, "Door")
    client = at_the_desk("Responder", employee=house.bia)
    (card,) = [card for card in client.get(HOME).context["cards"] if "taken" in str(card.title)]
    assert (card.count, card.step.is_deed) == ("2", True)
    client.get(card.step.link)
    first.refresh_from_db()
    assert first.state == "new"  # a link, a preview or a prefetch takes nothing
    client.post(card.step.link)
    first.refresh_from_db()
    assert (first.state, first.assignee) == ("taken", house.bia)


def test_where_there_are_more_than_are_counted_nothing_is_done_to_one_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "MOST", 1)
    house = House()
    for what in ("Oven", "Door", "Lamp"):
        house.ticket(house.ana, house.bakers, what)
    cards = at_the_desk("Responder", employee=house.bia).get(HOME).context["cards"]
    (card,) = [card for card in cards if "taken" in str(card.title)]
    assert (card.count, card.step.is_deed, str(card.step.words)) == ("1+", False, "Open one")


def test_what_says_oldest_first_is_so_whatever_the_state() -> None:
    house = House()
    house.ticket(house.ana, house.bakers, "Oven", "taken", assignee=house.bia)
    house.ticket(house.ana, house.bakers, "Door")
    house.ticket(house.ana, house.bakers, "Lamp", "taken", assignee=house.bia)
    sections = at_the_desk("Responder", employee=house.bia).get(HOME).context["sections"]
    (listing,) = [one for section in sections for one in section.listings if str(one.title) == "Oldest first"]
    assert [line.title.partition(" · ")[2] for line in listing.lines] == ["Oven", "Door", "Lamp"]


def test_who_only_sees_a_ticket_opens_it_instead_of_taking_it() -> None:
    house = House()
    ticket = house.ticket(house.ana, house.bakers, "Oven")
    for employee in (house.davi, make_employee()):  # who leads another team, and who is in none
        cards = at_the_desk("HR", employee=employee).get(HOME).context["cards"]
        (card,) = [card for card in cards if str(card.title) == "Nobody has taken"]
        page = reverse("admin:incidents_ticket_change", args=[ticket.pk])
        assert (card.step.is_deed, card.step.link) == (False, page), employee


def test_hr_sees_who_has_not_joined_and_alarms_come_first() -> None:
    house = House()
    house.fill()
    ImportJob.objects.create(file_name="people.csv", state=ImportJob.State.PREVIEWED)
    context = at_the_desk("HR", employee=make_employee("Hanna HR")).get(HOME).context
    found = titles(context)
    assert {
        "Requests nobody can decide",
        "Leavers to look at",
        "Imports of people to look at",
        "Not invited yet",
    } <= set(found)
    alarms = [card.is_alarm for card in context["cards"]]
    assert alarms == sorted(alarms, reverse=True)
    assert "WhatsApp accounts that stopped" not in found
    assert "Ana Baker" in lines(context)


def test_a_figure_of_people_agrees_with_its_number() -> None:
    client = at_the_desk("HR", employee=make_employee("Hanna HR"))
    said = []
    for number in range(3):
        (section,) = [one for one in client.get(HOME).context["sections"] if str(one.title) == "People"]
        said += [f"{one.said} {one.label}" for one in section.numbers if one.link.endswith("whatsapp=invited")]
        Invitation.objects.create(employee=make_employee(), code_hash=f"{number}", way="paper",
                                  expires_at=clock.now() + timedelta(days=1))  # fmt: skip
    assert said == ["0 people invited", "1 person invited", "2 people invited"]


def test_an_operator_reads_health_in_one_sentence_and_accounts_that_stopped() -> None:
    make_account(name="Aurora", state="broken")
    context = at_the_desk("Operator").get(HOME).context
    assert "WhatsApp accounts that stopped" in titles(context)
    (section,) = [one for one in context["sections"] if str(one.title) == "The house"]
    assert str(section.sentence).startswith("To mend now: ")
    assert 0 < len(section.listings[0].lines) <= parts.SHOWN


def test_an_auditor_reads_what_was_exported_and_checked_last() -> None:
    for name, after in (("journal.exported", {"format": "csv"}), ("journal.verified", {"entries": 5, "faults": 0})):
        Entry.objects.create(name=name, actor_kind="user", actor_label="Iris", after=after)
    (section,) = [
        one for one in at_the_desk("Auditor").get(HOME).context["sections"] if str(one.title) == "The journal"
    ]
    assert [(line.title, line.state) for line in section.listings[0].lines] == [
        ("Verified", "sound"),
        ("Exported", "csv"),
    ]


def test_several_roles_see_the_sections_of_all_and_nothing_twice() -> None:
    house = House()
    house.fill()
    context = at_the_desk("HR", "Manager", "Responder", "Operator", employee=house.bia).get(HOME).context
    titles_of = [str(section.title) for section in context["sections"]]
    assert titles_of == [
        "Your people and decisions",
        "Tickets",
        "People",
        "The house",
        "What people can use",
        "Who may sign in",
    ]
    shown = [one.link for section in context["sections"] for one in section.numbers]
    assert len(shown) == len(set(shown))


def test_who_has_no_role_is_told_whom_to_ask_and_sees_no_number() -> None:
    House().fill()
    make_user("alex", is_superuser=True, first_name="Alex", last_name="Admin")
    page = at_the_desk(employee=make_employee("Nina New"))
    answer = page.get(HOME)
    assert "Please ask Alex Admin to give you one." in answer.content.decode()
    assert (answer.context["cards"], answer.context["sections"]) == ([], [])


def test_where_nothing_waits_it_says_what_was_done_today(clock: Any) -> None:
    clock.stand("2026-03-02T15:00")
    house = House()
    house.ticket(house.ana, house.bakers, "Oven", "resolved", resolved_at=clock.wind(0))
    house.ticket(house.ana, house.bakers, "Old", "resolved", resolved_at=clock.wind(0) - timedelta(days=1))
    client = at_the_desk("Responder", employee=house.bia)
    answer = client.get(HOME)
    assert "Nothing waits for you." in answer.content.decode()
    (done,) = answer.context["done_today"]
    assert done.said == "1"
    assert done.link == f"{reverse('admin:incidents_ticket_changelist')}?when=today"
    assert client.get(done.link).context["cl"].result_count == 1


def test_who_decided_today_is_counted_and_listed(clock: Any) -> None:
    clock.stand("2026-03-02T15:00")
    house = House()
    for days in (0, 1):
        row = house.request(house.ana, house.bia, "Taxi", "approved")
        Request.objects.filter(pk=row.pk).update(decided_at=clock.wind(0) - timedelta(days=days))
    client = at_the_desk("Manager", employee=house.bia)
    (done,) = client.get(HOME).context["done_today"]
    assert (done.said, done.link) == ("1", f"{reverse('admin:approvals_request_changelist')}?when=today")
    assert client.get(done.link).context["cl"].result_count == 1


def test_today_is_the_readers_own_day(clock: Any) -> None:
    clock.stand("2026-03-02T15:00")
    house = House()
    Employee.objects.filter(pk=house.bia.pk).update(time_zone="Pacific/Kiritimati")  # 14 hours ahead: the 3rd
    for day in (2, 3):
        make_absence(house.ana, starts_on=date(2026, 3, day), ends_on=date(2026, 3, day))
    client = at_the_desk("Manager", employee=house.bia)
    numbers = [one for section in client.get(HOME).context["sections"] for one in section.numbers]
    (away,) = [one for one in numbers if str(one.label) == "away today"]
    assert (away.said, away.link) == ("1", f"{reverse('admin:people_absence_changelist')}?when=today")
    (row,) = client.get(away.link).context["cl"].result_list
    assert row.starts_on == date(2026, 3, 3)


def test_a_hostile_name_is_only_a_name() -> None:
    house = House()
    house.ticket(house.ana, house.bakers, "<script>alert(1)</script>")
    page = at_the_desk("Responder", employee=house.bia).get(HOME).content.decode()
    assert "<script>alert(1)" not in page
    assert escape("<script>alert(1)</script>") in page


def test_more_than_a_thousand_are_not_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "MOST", 2)
    house = House()
    for _number in range(4):
        house.ticket(house.ana, house.bakers, "Oven")
    (card,) = [one for one in at_the_desk("HR").get(HOME).context["cards"] if str(one.title) == "Nobody has taken"]
    assert (card.count, str(card.step.words)) == ("2+", "Open one")


@pytest.mark.parametrize(("role", "most"), [("HR", 52), ("Manager", 45), ("Responder", 28), ("Operator", 62),
                                            ("Auditor", 42), ("Automation owner", 34), ("", 95)])  # fmt: skip
def test_a_home_asks_the_database_the_same_however_much_there_is(role: str, most: int) -> None:
    house = House()
    house.fill()
    client = at_the_desk(role, employee=house.bia) if role else at_the_desk(is_superuser=True)
    client.get(HOME)
    counts = []
    for _round in range(2):
        cache.clear()
        with CaptureQueriesContext(connection) as asked:
            client.get(HOME)
        counts.append(len(asked))
        house.fill()
        house.fill()
    assert counts[0] == counts[1]
    assert counts[0] <= most, counts


def test_what_is_counted_is_counted_once_a_page() -> None:
    house = House()
    house.fill()
    client = at_the_desk(is_superuser=True, employee=house.bia)
    with CaptureQueriesContext(connection) as asked:
        client.get(HOME)
    counts = [one["sql"] for one in asked.captured_queries if f"LIMIT {parts.MOST + 1}" in one["sql"]]
    assert len(counts) > 20
    assert [sql for sql in set(counts) if counts.count(sql) > 1] == []


# --- first steps ------------------------------------------------------------------------------------------------------


def test_an_empty_house_shows_its_first_steps_and_ticks_them_itself() -> None:
    client = at_the_desk("HR", employee=make_employee())
    context = client.get(HOME).context
    assert [step.is_done for step in context["steps"]].count(True) == context["steps_done"]
    before = {str(step.title): step.is_done for step in context["steps"]}
    assert (len(before), before["Make a form"], before["Connect a WhatsApp account"]) == (8, False, False)
    report_form()
    after = {str(step.title): step.is_done for step in client.get(HOME).context["steps"]}
    assert after["Make a form"]
    (account,) = [step for step in context["steps"] if "account" in str(step.title)]
    assert account.link == ""  # HR connects no accounts: an operator does


def test_every_first_step_leads_to_a_page() -> None:
    client = at_the_desk(is_superuser=True)
    assert {client.get(step.link).status_code for step in client.get(HOME).context["steps"]} == {200}


def test_a_manager_who_is_away_is_not_among_their_own_people() -> None:
    boss = make_employee("Manuela")
    report = make_employee("Rui", manager=boss)
    for one in (boss, report):
        make_absence(one)
    client = Client()
    client.force_login(make_user(employee=boss, roles=["Manager"]))
    page = client.get(reverse("admin:index")).content.decode()
    listed = page.partition("Away today")[2]
    assert "Rui" in listed
    assert "Manuela" not in listed.partition("</section>")[0]


def test_first_steps_are_put_away_by_a_press_for_this_person_alone() -> None:
    client, other = at_the_desk("HR"), at_the_desk("HR")
    address = reverse("console:close_first_steps")
    assert client.get(address).status_code == 405
    assert client.get(HOME).context["steps"]
    for _press in range(2):
        assert client.post(address).status_code == 302
    assert client.get(HOME).context["steps"] == []
    assert other.get(HOME).context["steps"]
    assert Entry.objects.filter(name="first_steps.closed").count() == 1
    assert Client().post(address).status_code == 302
    assert User.objects.exclude(first_steps_closed_at=None).count() == 1


@pytest.mark.parametrize("role", ["Manager", "Responder", "Operator", "Auditor"])
def test_first_steps_are_only_for_whoever_sets_up_the_house(role: str) -> None:
    assert at_the_desk(role, employee=make_employee()).get(HOME).context["steps"] == []
