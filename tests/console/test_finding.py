"""Search over everything: what is found, by whom, in what order, and at what cost."""

import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.approvals.models import Request
from apps.console.finding import MOST, PLACES
from apps.core import clock
from apps.incidents.models import Ticket
from apps.journal.models import Entry
from apps.outbox.models import OutboundMessage
from apps.people.models import Employee, Team
from apps.people.roles import ROLES
from tests.factories import (
    make_category,
    make_contact,
    make_conversation,
    make_employee,
    make_flow,
    make_message,
    make_submission,
    make_team,
    make_user,
    report_form,
    the_number,
    unique,
)

pytestmark = pytest.mark.django_db


def signed_in(*roles: str, employee: Employee | None = None, **values: Any) -> Client:
    client = Client()
    client.force_login(make_user(roles=roles, employee=employee or make_employee(), **values))
    return client


def found(client: Client, text: str) -> list[tuple[str, str]]:
    """(title, address) of what the palette shows, in its order."""
    answer = client.get("/admin/search/", {"list": "1", "q": text})
    assert answer.status_code == 200
    page = answer.content.decode()
    return [
        (title, link)
        for link, title in re.findall(
            r'role="option"[^>]* href="([^"]+)".*?class="recado-hit-title">([^<]*)<', page, re.S
        )
    ]


def titles(client: Client, text: str) -> list[str]:
    return [title for title, _link in found(client, text)]


def make_ticket(team: Team, reporter: Employee, summary: str) -> Ticket:
    submission = make_submission(reporter, report_form(), what=summary)
    return Ticket.objects.create(
        category=make_category(team), team=team, reporter=reporter, submission=submission, summary=summary
    )


def make_request(requester: Employee, summary: str) -> Request:
    flow = make_flow({"approver": "manager"})
    submission = make_submission(requester, flow.form, what=summary)
    return Request.objects.create(flow=flow, requester=requester, submission=submission, summary=summary)


def make_outgoing(contact: Any, **values: Any) -> OutboundMessage:
    values = {"key": f"key-{unique()}", "kind": "ticket.opened", "klass": "my_requests", "lane": "reply",
              "language": "en", "state": "sent", **values}  # fmt: skip
    return OutboundMessage.objects.create(contact=contact, number=the_number(), **values)


# --- what is found ----------------------------------------------------------------------------------------------------


def test_everything_that_hangs_on_a_person_is_found_by_their_name() -> None:
    client = signed_in(is_superuser=True)
    person = make_employee("Zuleica Quaresma")
    contact = make_contact(person)
    conversation = make_conversation(contact)
    ticket = make_ticket(make_team("Quaresma & Sons"), person, "Leaking tap")
    request = make_request(person, "Taxi")
    message = make_outgoing(contact)
    links = {link for _title, link in found(client, "quaresma")}
    assert {
        f"/admin/people/employee/{person.pk}/change/",
        f"/admin/people/team/{ticket.team_id}/change/",
        f"/admin/contacts/contact/{contact.pk}/change/",
        f"/admin/conversations/conversation/{conversation.pk}/change/",
        f"/admin/incidents/ticket/{ticket.pk}/change/",
        f"/admin/approvals/request/{request.pk}/change/",
        f"/admin/outbox/outboundmessage/{message.pk}/change/",
    } <= links


@pytest.mark.parametrize(
    "typed",
    ["+5511987654321", "5511987654321", "(11) 98765-4321", "11 98765 4321", "98765-4321", "+55 11 8765-4321",
     "0055 11 98765-4321", "\u202a+55 11 98765\u20114321\u202c".replace("\u2011", "-")],
)  # fmt: skip
def test_a_phone_is_found_in_any_spelling(typed: str) -> None:
    person = make_employee("Iara", phone="+5511987654321")
    contact = make_contact(person)
    shown = {link for _title, link in found(signed_in(is_superuser=True), typed)}
    assert f"/admin/people/employee/{person.pk}/change/" in shown
    assert f"/admin/contacts/contact/{contact.pk}/change/" in shown


@pytest.mark.parametrize("spelling", ["T-{}", "t-{}", "T{}", " t-{} "])
def test_a_short_code_finds_its_ticket_first(spelling: str) -> None:
    person = make_employee()
    ticket = make_ticket(make_team(), person, "Leaking tap")
    make_employee(f"T-{ticket.pk} is a silly name")
    assert titles(signed_in(is_superuser=True), spelling.format(ticket.pk))[0] == f"T-{ticket.pk} Leaking tap"


def test_an_employee_number_and_an_address_find_their_person_first() -> None:
    person = make_employee("Iara", number="BR-LOG-77", email="iara@example.com")
    make_employee("Somebody", position="br-log-77 handler")
    client = signed_in(is_superuser=True)
    assert titles(client, "BR-LOG-77")[0] == "Iara"
    assert titles(client, "br-log-77")[0] == "Iara"
    assert f"/admin/people/employee/{person.pk}/change/" in [link for _t, link in found(client, "iara@example.com")]


def test_a_message_is_found_by_its_wamid_and_by_our_number() -> None:
    client = signed_in(is_superuser=True)
    contact = make_contact(make_employee())
    heard = make_message(make_conversation(contact), "hello", remote_id="wamid.HBgNNTUxMQ==")
    said = make_outgoing(contact, remote_id="wamid.OURS00000001")
    assert (
        found(client, "wamid.HBgNNTUxMQ==")[0][1]
        == f"/admin/conversations/conversation/{heard.conversation_id}/change/"
    )
    assert found(client, "wamid.OURS00000001")[0][1] == f"/admin/outbox/outboundmessage/{said.pk}/change/"
    assert f"/admin/outbox/outboundmessage/{said.pk}/change/" in [link for _t, link in found(client, f"{said.pk:02}")]


def test_the_journal_is_found_by_what_it_is_about() -> None:
    entry = Entry.objects.create(name="ticket.taken", subject_label="T-4711", actor_kind="system", actor_label="x")
    client = signed_in("Auditor")
    assert f"/admin/journal/entry/{entry.pk}/change/" in [link for _t, link in found(client, "T-4711")]


def test_accents_alone_are_no_word_and_find_no_page() -> None:
    assert found(signed_in("HR"), "´´") == []


def test_pages_and_actions_are_found_in_the_readers_language_without_accents() -> None:
    client = signed_in(is_superuser=True)
    assert "/admin/people/importjob/upload/" in [link for _t, link in found(client, "import people")]
    assert "/admin/people/absence/add/" in [link for _t, link in found(client, "absence")]
    assert "/admin/health/pulse/" in [link for _t, link in found(client, "heal")]


def test_few_of_each_kind_are_shown_and_the_list_has_the_rest() -> None:
    for number in range(MOST + 3):
        make_employee(f"Quintiliano {number}")
    shown = [link for _title, link in found(signed_in(is_superuser=True), "quintiliano")]
    people = [link for link in shown if link.startswith("/admin/people/employee/")]
    assert len(people) == MOST + 1
    assert people[-1] == "/admin/people/employee/?q=quintiliano"


def test_what_begins_so_stands_before_what_only_has_it_inside() -> None:
    for name in ("Ana Lima", "Mariana Reis", "Souza Anabela"):
        make_employee(name)
    assert titles(signed_in(is_superuser=True), "ana") == ["Ana Lima", "Souza Anabela", "Mariana Reis"]


def test_what_is_left_out_of_view_is_said() -> None:
    client = signed_in(is_superuser=True)
    assert b"2 characters" in client.get("/admin/search/?list=1&q=a").content
    assert b"2 characters" in client.get("/admin/search/?list=1").content
    assert b"Nothing that you may see" in client.get("/admin/search/?list=1&q=xyzzy-nobody").content


def test_without_a_script_it_is_a_page() -> None:
    person = make_employee("Iara")
    page = signed_in(is_superuser=True).get("/admin/search/?q=iara").content.decode()
    assert f"/admin/people/employee/{person.pk}/change/" in page
    assert '<html lang="en"' in page


# --- who finds what ---------------------------------------------------------------------------------------------------


def test_a_manager_never_finds_another_teams_people_nor_what_is_theirs() -> None:
    lead, mine = make_employee("Lead"), make_employee("Marvin Mine", phone="+5511911110001")
    make_team("Ours", members=[mine], leads=[lead])
    other = make_employee("Marvin Other", phone="+5511911110002")
    theirs = make_team("Marvin’s team", members=[other])
    ticket = make_ticket(theirs, other, "Marvin broke it")
    request = make_request(other, "Marvin’s taxi")
    make_outgoing(make_contact(other), remote_id="wamid.THEIRS")
    client = signed_in("Manager", employee=lead)
    for text in ("marvin", f"T-{ticket.pk}", f"R-{request.pk}", "+5511911110002", other.number, "wamid.THEIRS"):
        page = client.get("/admin/search/", {"list": "1", "q": text}).content.decode()
        assert [word for word in ("Other", "Marvin’s", "broke") if word in page] == [], text
    assert titles(client, "marvin") == ["Marvin Mine"]


FLOORS = {"HR": 14, "Auditor": 14, "Operator": 10, "Manager": 4, "Responder": 1, "Automation owner": 1}
"""How many of the rows below a role finds at least: what its own people have to do with, and everything for who sees all."""


@pytest.mark.parametrize("role", sorted(ROLES))
def test_a_role_finds_only_what_it_may_open(role: str) -> None:
    """Everything is found by the administrator; of it the role finds what its own list shows, and each link opens."""
    own, mine, other = make_employee("Lead"), make_employee("Marina Quaresma"), make_employee("Zuleica Quaresma")
    teams = {mine: make_team("Quaresma ours", members=[mine], leads=[own]), other: make_team("Quaresma theirs")}
    for person, team in teams.items():
        contact = make_contact(person)
        make_conversation(contact)
        make_ticket(team, person, person.name)
        make_request(person, person.name)
        make_outgoing(contact)
    client = signed_in(role, employee=own)
    shown = found(client, "quaresma")
    for _title, link in shown:
        assert client.get(link).status_code == 200, link
    assert len([link for _title, link in shown if link.endswith("/change/")]) >= FLOORS[role]
    if role in {"Responder", "Automation owner", "Manager"}:
        assert not [title for title, _link in shown if "Zuleica" in title or "theirs" in title]


def test_every_role_has_a_floor() -> None:
    assert set(FLOORS) == set(ROLES)


def test_a_person_without_any_role_finds_nothing_and_a_stranger_is_sent_away() -> None:
    make_employee("Zuleica Quaresma")
    assert found(signed_in(), "quaresma") == []
    answer = Client().get("/admin/search/?list=1&q=quaresma")
    assert answer.status_code == 302
    assert b"Zuleica" not in answer.content
    outsider = signed_in("HR", is_staff=False)
    assert outsider.get("/admin/search/?list=1&q=quaresma").status_code == 302


# --- hostile ----------------------------------------------------------------------------------------------------------

HOSTILE = ["%", "%%", "__", "'; DROP TABLE people_employee; --", '"', '""', "''''", "\\", "a\x00b", "\x01\x02", "\u202e\u200b",
           "<script>alert(1)</script>", "𝒜𝓃𝒶", "ａｎａ", "\ud800".encode("utf-16", "surrogatepass").decode("utf-16", "replace"),
           "x" * 100_000, "a b " * 5_000, '"' * 999, "T-" + "9" * 400, "9" * 400, "٣٤", "-1", "0", "+" + "1" * 300, "\n\n\t", "(((((", "ı" * 60]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_whatever_is_typed_is_only_looked_for(text: str) -> None:
    make_employee("Ana 100%")
    client = signed_in(is_superuser=True)
    answer = client.get("/admin/search/", {"list": "1", "q": text})
    assert answer.status_code == 200
    assert b"<script>alert" not in answer.content
    for place in PLACES:
        address = f"/admin/{place.model.replace('.', '/')}/"
        assert client.get(address, {"q": text[:6000]}).status_code == 200, place.model


def test_wildcards_are_letters() -> None:
    make_employee("Ana Lima")
    make_employee("Discount 50%_off")
    client = signed_in(is_superuser=True)
    assert titles(client, "0%_o") == ["Discount 50%_off"]
    assert titles(client, "a_a") == []


# --- cost -------------------------------------------------------------------------------------------------------------


def asked(client: Client, text: str) -> int:
    client.get("/admin/search/", {"list": "1", "q": text})
    with CaptureQueriesContext(connection) as queries:
        client.get("/admin/search/", {"list": "1", "q": text})
    return len(queries)


def test_one_search_asks_a_bounded_number_of_questions() -> None:
    client = signed_in(is_superuser=True)
    few = asked(client, "quintiliano")
    for number in range(MOST * 3):
        person = make_employee(f"Quintiliano {number}")
        make_conversation(make_contact(person, last_inbound_at=clock.now()))
    many = asked(client, "quintiliano")
    assert few <= many <= 36
    assert asked(client, "+55 11 98765-4321") <= 40
    assert asked(client, "q") <= 3
