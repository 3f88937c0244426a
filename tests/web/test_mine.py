"""My requests: what is mine and how it stands, withdrawing, and a comment; nothing of anybody else's."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.approvals.models import Request
from apps.incidents import services as incidents
from apps.incidents.models import Note, Ticket
from apps.journal.actors import SYSTEM
from apps.people import services as people
from apps.web import services
from tests.approvals.house import House, decide
from tests.factories import make_category, make_submission, make_team, report_form
from tests.web.visitor import Visitor

pytestmark = pytest.mark.django_db
KEY = "0123456789abcdef"


@pytest.fixture
def house() -> House:
    return House()


def visitor(employee: Any) -> Visitor:
    return Visitor(services.make_list_link(employee=employee))


def ticket_of(house: House, employee: Any, text: str = "Lift") -> Ticket:
    category = make_category(make_team("", members=[house.fabio]))
    return incidents.open_ticket(
        submission=make_submission(employee, report_form(), what=text), category=category, by=employee
    )


def test_everything_of_mine_is_listed_with_who_has_it_and_nothing_of_others(house: House) -> None:
    request, ticket = house.ask(), ticket_of(house, house.ana)
    other = house.ask("90.00", by=house.bia, flow=request.flow)
    page = visitor(house.ana).see("?lang=en")
    for text in (request.code, ticket.code, "It waits for Caio.", "Nobody has taken it yet.", "R$ 780.00"):
        assert text in page
    assert f"{other.code}<" not in page


def test_nothing_yet_is_said_in_a_sentence(house: House) -> None:
    assert "HR can give you a link" in visitor(house.ana).see("?lang=en")


def test_withdrawing_asks_once_more_and_tells_whoever_was_asked(house: House) -> None:
    request = house.ask()
    ana = visitor(house.ana)
    assert "Yes, withdraw it" in ana.send("?lang=en", act="withdraw", request=request.pk)
    request.refresh_from_db()
    assert request.state == "open"
    assert "It is withdrawn" in ana.send("?lang=en", act="withdraw", request=request.pk, confirmed="yes")
    request.refresh_from_db()
    assert request.state == "withdrawn"
    ana.send("?lang=en", act="withdraw", request=request.pk, confirmed="yes")
    assert ana.code == 409
    assert "Ana has withdrawn it" in ana.text


def test_a_decided_request_is_not_withdrawn(house: House) -> None:
    request = house.ask("80.00")
    decide(request, house.caio)
    ana = visitor(house.ana)
    ana.send("?lang=en", act="withdraw", request=request.pk, confirmed="yes")
    assert ana.code == 409
    assert "Already approved by Caio" in ana.text


@pytest.mark.parametrize("pk", ["0", "-1", "99999999999999999999999", "x", "", "1 OR 1=1", "²"])
def test_a_wrong_number_changes_nothing(house: House, pk: str) -> None:
    ana = visitor(house.ana)
    ana.send(act="withdraw", request=pk, confirmed="yes")
    assert ana.code == 200
    ana.send(act="comment", ticket=pk, text="x", key=KEY)
    assert ana.code == 409
    assert not Note.objects.exists()


def test_somebody_elses_request_and_ticket_stay_as_they_are(house: House) -> None:
    request, ticket = house.ask(), ticket_of(house, house.ana)
    bia = visitor(house.bia)
    bia.send(act="withdraw", request=request.pk, confirmed="yes")
    bia.send("?lang=en", act="comment", ticket=ticket.pk, text="x", key=KEY)
    assert "not one of your reports" in bia.text
    request.refresh_from_db()
    assert request.state == "open"
    assert not Note.objects.exists()


def test_a_comment_reaches_the_ticket_once(house: House) -> None:
    ticket = ticket_of(house, house.ana)
    ana = visitor(house.ana)
    for _turn in range(2):
        assert "Your comment was added" in ana.send(
            "?lang=en", act="comment", ticket=ticket.pk, text="Still <i>stuck", key=KEY
        )
    note = Note.objects.get()
    assert (note.text, note.side, note.by) == ("Still <i>stuck", "reporter", house.ana)
    assert "<i>" not in ana.answer.content.decode()
    incidents.comment(ticket=ticket, by=house.fabio, text="among us only", side="internal")
    incidents.comment(ticket=ticket, by=house.fabio, text="on my way", side="responder")
    page = ana.see()
    assert "on my way" in page
    assert "among us only" not in page


@pytest.mark.parametrize(("text", "key"), [("", KEY), ("x" * 2001, KEY), ("x", ""), ("x", "g" * 16), ("x", KEY + "0")])
def test_a_comment_that_cannot_be_used_is_refused(house: House, text: str, key: str) -> None:
    ticket = ticket_of(house, house.ana)
    ana = visitor(house.ana)
    ana.send(act="comment", ticket=ticket.pk, text=text, key=key)
    assert ana.code == 409
    assert not Note.objects.exists()


def test_it_may_be_opened_again_until_its_time_is_over(house: House, clock: Any) -> None:
    ana = visitor(house.ana)
    ana.see()
    assert ana.see()
    assert ana.code == 200
    clock.wind(8 * 86400)
    ana.see()
    assert ana.code == 404


def test_a_leaver_withdraws_nothing(house: House) -> None:
    request = house.ask()
    ana = visitor(house.ana)
    people.mark_left(employee=house.ana, by=SYSTEM)
    ana.send(act="withdraw", request=request.pk, confirmed="yes")
    assert ana.code == 403
    assert Request.objects.get().state == "open"


def test_a_long_list_asks_no_more_of_the_database_than_a_page_of_it(house: House) -> None:
    flow = house.expense_flow()
    ana = visitor(house.ana)
    counts = []
    for _round in range(2):
        for _turn in range(25):
            house.ask("80.00", flow=flow)
        with CaptureQueriesContext(connection) as asked:
            ana.see()
        counts.append(len(asked))
        assert ana.text.count('class="card"') == 20
    assert counts[1] <= counts[0] <= 90, counts
