"""One timeline of an employee: everything, newest first, for whoever may read it, a page at a time."""

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from apps.contacts import services as contacts
from apps.contacts.models import Invitation
from apps.core import clock
from apps.forms import services as forms
from apps.incidents import services as incidents
from apps.journal.services import record
from apps.outbox.models import OutboundMessage
from apps.people import departures, planned, queries, services, timeline
from apps.people.importing.models import ImportJob, ImportRow
from apps.people.models import Employee
from tests.approvals.house import House, decide
from tests.factories import (
    make_absence,
    make_category,
    make_conversation,
    make_employee,
    make_message,
    make_team,
    make_user,
    report_form,
)  # fmt: skip
from tests.signin import at_the_desk

pytestmark = pytest.mark.django_db
QUERIES = {"HR": 27, "Manager": 45}
"""Statements that a page costs at most: the sign-in, one for each part, and what row scopes ask."""


class World:
    """Ana has a moment of every kind; Caio is her manager."""

    def __init__(self) -> None:
        self.house = House()
        self.ana = self.house.ana
        self.request = self.house.ask(by=self.ana)
        decide(self.request, self.house.caio)
        category = make_category(make_team("Facilities", members=[self.house.caio]))
        submission = forms.submit(version=forms.freeze(form=report_form()), by=self.ana,
                                  answers={"what": "The lift stands still", "photos": []})  # fmt: skip
        self.ticket = incidents.open_ticket(submission=submission, category=category, by=self.ana)
        make_message(make_conversation(self.ana.contacts.get()), "good morning to all")
        services.update_employee(employee=self.ana, by=make_user("hr1"), changes={"position": "Painter"})
        make_absence(self.ana, deputy=self.house.bia)
        Invitation.objects.create(employee=self.ana, nonce="n", code_hash="h", way="paper", state="used",
                                  expires_at=clock.now(), used_at=clock.now())  # fmt: skip
        job = ImportJob.objects.create(by=make_user("importer"), file_name="staff.csv", state="done")
        ImportRow.objects.create(job=job, number=1, person=self.ana.number, kind="changed", outcome="applied")


@pytest.fixture
def world(settings: Any, tmp_path: Any) -> World:
    settings.MEDIA_ROOT = tmp_path
    return World()


def address(employee: Employee) -> str:
    return reverse("admin:people_employee_timeline", args=[employee.pk])


def shown(client: Client, employee: Employee, query: str = "") -> str:
    answer = client.get(f"{address(employee)}{query}")
    assert answer.status_code == 200
    return str(answer.content.decode())


def test_hr_reads_every_kind_with_links_and_words(world: World) -> None:
    page = shown(at_the_desk("HR"), world.ana)
    for words in ("Asked for R-", "Reported T-", "They wrote", "good morning to all", "We wrote:", "Record changed", "Painter",
                  "Away on", "Used their invitation", "Agreed to messages", "staff.csv"):  # fmt: skip
        assert words in page, words
    for name, row in (("approvals_request", world.request), ("incidents_ticket", world.ticket)):
        assert reverse(f"admin:{name}_change", args=[row.pk]) in page
    assert {f"is-{kind}" for kind in timeline.KINDS} <= set(re.findall(r"is-\w+", page))


def test_whoever_decided_has_it_on_their_own_timeline(world: World) -> None:
    page = shown(at_the_desk("HR"), world.house.caio, "?kind=requests")
    assert f"Approved {world.request.code}" in page
    assert "They wrote" not in page


def test_it_is_in_the_order_of_time(world: World) -> None:
    lines = timeline.page(world.ana, user=make_user(is_superuser=True)).lines
    assert [line.at for line in lines] == sorted((line.at for line in lines), reverse=True)
    assert len({line.place for line in lines}) == len(lines)


def test_a_manager_reads_what_their_role_shows_and_no_words_of_a_chat(world: World) -> None:
    page = shown(at_the_desk("Manager", employee=world.house.caio), world.ana)
    assert "Asked for R-" in page
    assert "Record changed" in page
    for words in ("good morning", "We wrote", "Agreed to messages", "Painter", "staff.csv", "journal/entry"):
        assert words not in page, words


def test_an_operator_sees_that_we_wrote_and_not_what(world: World) -> None:
    OutboundMessage.objects.update(text="Zyxwv words")
    page = shown(at_the_desk("Operator"), world.ana)
    assert "We wrote" in page
    assert "Zyxwv" not in page
    assert "Zyxwv" in shown(at_the_desk("HR"), world.ana)


def test_words_of_a_security_message_are_shown_to_nobody(world: World) -> None:
    OutboundMessage.objects.update(text="Zyxwv code", klass="security")
    assert "Zyxwv" not in shown(at_the_desk("HR"), world.ana)


def test_nobody_opens_the_timeline_of_somebody_out_of_sight(world: World) -> None:
    stranger = make_employee("Zoe")
    assert at_the_desk("Manager", employee=world.house.caio).get(address(stranger)).status_code == 404
    assert at_the_desk("Responder", employee=world.house.caio).get(address(world.ana)).status_code == 403
    assert Client().get(address(world.ana)).status_code == 302


def test_a_request_of_another_team_is_not_told_on_the_deciders_page(world: World) -> None:
    """Caio decided Ana's; somebody who sees Caio only does not learn of it."""
    above = make_employee("Chief")
    Employee.objects.filter(pk=world.house.caio.pk).update(manager=above)
    client = at_the_desk("Manager", employee=above)
    page = shown(client, world.house.caio)
    assert world.request.code not in page


def test_pages_lead_through_everything_once(world: World) -> None:
    """Equal moments in one part and across parts, smaller pages than either."""
    now = clock.now().replace(microsecond=0)
    conversation = make_conversation(world.ana.contacts.get()) if not world.ana.contacts.get().conversations.exists() else (
        world.ana.contacts.get().conversations.get())  # fmt: skip
    for number in range(23):
        message = make_message(conversation, f"no {number}")
        type(message).objects.filter(pk=message.pk).update(received_at=now - timedelta(minutes=number // 10))
    OutboundMessage.objects.update(created_at=now)
    boss = make_user(is_superuser=True)
    everything = [line.place for line in timeline.page(world.ana, user=boss, size=500).lines]
    assert len(everything) > 30
    for size in (1, 7):
        seen: list[str] = []
        before = ""
        while True:
            page = timeline.page(world.ana, user=boss, before=before, size=size)
            seen += [line.place for line in page.lines]
            before = page.older
            if not before:
                break
        assert seen == everything


def test_an_absence_that_is_planned_does_not_stop_the_paging(world: World) -> None:
    day = clock.now().date()
    for weeks in range(5):
        make_absence(world.ana, starts_on=day + timedelta(weeks=weeks), ends_on=day + timedelta(weeks=weeks))
    boss = make_user(is_superuser=True)
    seen: list[str] = []
    before = ""
    while True:
        page = timeline.page(world.ana, user=boss, kind="absences", before=before, size=2)
        seen += [line.place for line in page.lines]
        before = page.older
        if not before:
            break
    assert len(seen) == len(set(seen)) == 6


@pytest.mark.parametrize("before", [
    "x", "~~", "20260101T000000.000000~people.changes~-1", "20260101T000000.000000~nobody~1", "~people.changes~1",
    "99999999T999999.0~people.changes~1", "00010101T000000.000000~people.changes~1", "9" * 5000,
    "20260101T000000.000000~people.changes~²", "<script>", "20260101T000000.000000~people.changes~1~1", "%00",
])  # fmt: skip
def test_a_place_that_nobody_gave_out_shows_the_first_page(world: World, before: str) -> None:
    page = at_the_desk("HR").get(address(world.ana), {"before": before})
    assert page.status_code == 200
    assert "Asked for R-" in page.content.decode()


def test_a_huge_key_is_only_a_place(world: World) -> None:
    first = "20990101T000000.000000~people.changes~" + "9" * 60
    assert "Asked for R-" in shown(at_the_desk("HR"), world.ana, f"?before={first}")
    assert "Nothing is older" in shown(at_the_desk("HR"), world.ana, "?before=20000101T000000.000000~people.changes~1")


def test_an_unknown_kind_shows_everything_and_one_without_rows_says_so(world: World) -> None:
    assert "Reported T-" in shown(at_the_desk("HR"), world.ana, "?kind=zyx")
    page = shown(at_the_desk("HR"), make_employee("New"), "?kind=tickets")
    assert "Nothing of this kind has happened yet" in page


def test_a_page_costs_the_same_however_much_there_is(world: World) -> None:
    conversation = world.ana.contacts.get().conversations.get()
    for role, most in QUERIES.items():
        client = at_the_desk(role, employee=world.house.caio if role == "Manager" else None)
        shown(client, world.ana)
        counts = []
        for _round in range(2):
            with CaptureQueriesContext(connection) as asked:
                shown(client, world.ana)
            counts.append(len(asked))
            for number in range(20):
                make_message(conversation, f"no {number}")
                services.update_employee(employee=world.ana, by=make_user(), changes={"position": f"P{number}"})
                world.house.ask(by=world.ana)
        assert counts[1] <= counts[0] <= most, (role, counts)


def test_every_part_keeps_to_its_kind_and_its_moment(world: World) -> None:
    boss, address = make_user(is_superuser=True), world.ana.contacts.get()
    incidents.take(ticket=world.ticket, by=world.house.caio)
    contacts.stop(contact=address, wording="STOP", proof="p")
    record("contact.shared", subject=address)
    tried = set()
    for name, part in timeline.parts:
        person = world.house.caio if name in {"approvals.decided", "incidents.taken"} else world.ana
        rows = part.rows(person, boss)
        assert rows is not None, name
        told = {line.place: line for line in timeline.page(person, user=boss, kind=part.kind, size=500).lines}
        for row in rows:
            at = row.job.created_at if name == "people.imports" else getattr(row, part.moment)
            if at is None:
                continue
            moment = at if isinstance(at, datetime) else datetime.combine(at, time.min, tzinfo=UTC)
            line = told[str(timeline.Place(moment, name, row.pk))]
            assert (line.kind, line.at) == (part.kind, moment), name
            tried.add(name)
    assert tried == {name for name, _part in timeline.parts}
    assert {part.kind for _name, part in timeline.parts} == set(timeline.KINDS)


def test_a_corrected_phone_is_told_and_its_numbers_are_not(world: World) -> None:
    services.set_phone(employee=world.ana, phone="+351 912 345 678", by=make_user("hr3"))
    page = shown(at_the_desk("HR"), world.ana)
    assert "Phone changed in the records" in page
    assert "+351912345678" not in page


@pytest.mark.parametrize("body", [["a"], "a", 7, None, {"before": ["a"], "after": "b"}, {"before": None}])
def test_a_change_whose_words_have_another_shape_is_still_told(world: World, body: Any) -> None:
    record("employee.changed", subject=world.ana, by=make_user("hr3"), body=body, after={"name": "Ana B"})
    assert "Ana B" in shown(at_the_desk("HR"), world.ana)


def test_a_row_that_was_set_aside_says_why(world: World) -> None:
    job = ImportJob.objects.create(by=make_user("importer2"), file_name="later.csv", state="done")
    problems = [["phone", "no_phone", {"text": "12"}], ["", "twice", {"row": 7}]]
    ImportRow.objects.create(
        job=job, number=1, person=world.ana.number, kind="bad", outcome="set_aside", problems=problems
    )
    page = shown(at_the_desk("HR"), world.ana)
    assert "“12” is not a phone number." in page
    assert "The number stands in row 7 too." in page


@pytest.mark.parametrize("zone", ["America/Sao_Paulo", "UTC", "Pacific/Auckland"])
def test_an_absence_stands_under_its_own_day_in_every_zone(world: World, zone: str) -> None:
    for day in (3, 4, 5):
        make_absence(world.ana, starts_on=date(2021, 3, day), ends_on=date(2021, 3, day))
    with timezone.override(zone):
        page = shown(at_the_desk("HR"), world.ana, "?kind=absences")
        boss = make_user(is_superuser=True)
        seen: list[date] = []
        before = ""
        while True:
            part = timeline.page(world.ana, user=boss, kind="absences", before=before, size=1)
            seen += [line.at.astimezone(timezone.get_current_timezone()).date() for line in part.lines]
            before = part.older
            if not before:
                break
    assert re.findall(r"<h2>(March \d, 2021)</h2>", page) == ["March 5, 2021", "March 4, 2021", "March 3, 2021"]
    assert [day.day for day in seen if day.year == 2021] == [5, 4, 3]


def test_a_departure_reads_in_words_for_whoever_may_see_departures(world: World) -> None:
    hr = make_user("hr4", roles=["HR"])
    planned.plan(employee=world.ana, on=queries.today(world.ana) + timedelta(days=40), by=hr)
    planned.call_off(employee=world.ana, by=hr)
    services.set_manager(employee=world.ana, manager=world.house.boss, by=hr)
    departures.mark_seen(departure=departures.mark_left(employee=world.ana, by=hr).leavings.latest("pk"), by=hr)
    page = shown(at_the_desk("HR"), world.ana, "?kind=changes")
    told = ("Departure planned", "Planned departure called off", "Departure looked at")
    for words in (*told, "Manager changed"):
        assert words in page, words
    assert "leaving." not in page
    client = at_the_desk("Manager", employee=world.house.boss)
    page = shown(client, world.ana, "?kind=changes")
    assert "Manager changed" in page
    for words in told:
        assert words not in page, words


def test_the_last_day_is_shown_to_whoever_may_see_departures(world: World) -> None:
    planned.plan(employee=world.ana, on=queries.today(world.ana) + timedelta(days=40), by=make_user())
    page = reverse("admin:people_employee_change", args=[world.ana.pk])
    assert "leaves on " in at_the_desk("HR").get(page).content.decode()
    assert "leaves on " not in at_the_desk("Manager", employee=world.house.caio).get(page).content.decode()
