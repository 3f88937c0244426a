"""Trying a flow out says what a request then does, and writes nothing."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from apps.approvals import simulation
from apps.approvals.models import Flow, Request, Seat
from apps.approvals.simulation import Foreseen
from apps.core import clock
from apps.journal.models import Entry
from apps.outbox.models import OutboundMessage
from apps.people.models import Employee
from tests.approvals.house import OVER_500, House, seats
from tests.factories import make_absence, make_employee, make_flow, make_team
from tests.signin import at_the_desk

pytestmark = pytest.mark.django_db


@pytest.fixture
def house() -> House:
    return House()


def tried(flow: Flow, by: Employee, amount: str = "780.00", **values: Any) -> list[Foreseen]:
    given = {"at": clock.now(), "language": "en", **values}
    return simulation.simulate(flow=flow, requester=by, answers={"amount": amount, "what": "Taxi"}, **given)


def who(stage: Foreseen) -> list[tuple[str, str]]:
    return [(seat.employee.name, seat.deputy_for.name if seat.deputy_for else "") for seat in stage.asked]


def test_it_names_whom_the_request_then_asks(house: House) -> None:
    make_absence(house.caio, deputy=house.bia)
    board = make_team(members=[house.ana, house.fabio, house.boss])
    flow = make_flow(
        {"approver": "manager"}, {"approver": "team", "team": board, "rule": "quorum", "quorum": 2, "is_beside": True},
        {"approver": "team_lead", "team": house.finance, "condition": OVER_500},
    )  # fmt: skip
    first, second, third = tried(flow, house.ana)
    request = house.ask(flow=flow)
    assert who(first) == seats(request, 1) == [("Bia", "Caio")]
    assert who(second) == seats(request, 2) == [("Boss", ""), ("Fabio", "")]
    assert (third.is_needed, who(third)) == (True, [("Fabio", "")])
    assert second.beside == first.name
    assert second.rule == "2 of them must agree"


def test_a_stage_that_is_not_needed_asks_nobody(house: House) -> None:
    first, second = tried(house.expense_flow(), house.ana, "80.00")
    assert (first.is_needed, second.is_needed, second.asked) == (True, False, [])
    assert "more than" in second.condition
    assert not second.is_stuck


def test_nobody_to_decide_is_said(house: House) -> None:
    (stage,) = tried(make_flow({"approver": "manager"}), house.boss)
    assert (stage.is_stuck, stage.named) == (True, [])


def test_an_absence_of_that_day_counts(house: House) -> None:
    later = clock.now() + timedelta(days=10)
    make_absence(house.caio, deputy=house.bia, starts_on=later.date(), ends_on=later.date())
    flow = make_flow({"approver": "manager"})
    assert who(tried(flow, house.ana)[0]) == [("Caio", "")]
    assert who(tried(flow, house.ana, at=later)[0]) == [("Bia", "Caio")]


def test_the_message_is_what_they_then_read(house: House) -> None:
    flow = make_flow({"approver": "manager", "name": {"en": "Manager"}})
    (seat,) = tried(flow, house.ana)[0].asked
    house.ask(flow=flow)
    message = OutboundMessage.objects.filter(kind="request.asked").get()
    assert seat.plan is not None
    assert seat.plan.text.replace("R-0", "R-" + message.subject_id) == message.text
    assert (seat.plan.reason, seat.language) == (message.held_reason, "English")


def test_whoever_has_no_phone_decides_elsewhere(house: House) -> None:
    house.ana.manager = make_employee("Nora")
    house.ana.save()
    (seat,) = tried(make_flow({"approver": "manager"}), house.ana)[0].asked
    assert seat.plan is None


def test_reminders_and_who_is_asked_next(house: House) -> None:
    now = clock.now()
    flow = make_flow({"approver": "manager", "remind_hours": 4, "unanswered_hours": 10})
    (seat,) = tried(flow, house.ana, at=now)[0].asked
    assert seat.reminded == [now + timedelta(hours=4), now + timedelta(hours=8)]
    assert (seat.passed_up, seat.above) == (now + timedelta(hours=10), house.boss)


# --- the screen -------------------------------------------------------------------------------------------------------


def page(client: Client, flow: Flow, **values: Any) -> Any:
    return client.get(reverse("admin:approvals_flow_try_it_out", args=[flow.pk]), values)


def test_hr_tries_a_flow_out_and_nothing_is_written(house: House) -> None:
    flow = house.expense_flow()
    client = at_the_desk("HR")
    before = (Request.objects.count(), Seat.objects.count(), OutboundMessage.objects.count(), Entry.objects.count())
    shown = page(client, flow, **{"employee": house.ana.pk, "answer-amount": "780,00", "answer-what": "Taxi"})
    text = shown.content.decode()
    assert shown.status_code == 200
    assert "Caio" in text
    assert "Fabio" in text
    assert "Taxi · R$ 780.00" in text
    assert before == (
        Request.objects.count(),
        Seat.objects.count(),
        OutboundMessage.objects.count(),
        Entry.objects.count(),
    )


@pytest.mark.parametrize(("values", "said"), [
    ({"employee": "²x"}, "This field is required"),
    ({"employee": "9" * 5000}, "This field is required"),
    ({"employee": "999999"}, "Select a valid choice"),
    ({"employee": "", "answer-amount": "1"}, "This field is required"),
    ({"answer-amount": "much"}, "much"),
    ({"at": "yesterday"}, "Enter a valid date/time"),
    ({"answer-what": "x" * 501}, "at most 500"),
])  # fmt: skip
def test_what_cannot_be_read_is_said_beside_its_field(house: House, values: dict, said: str) -> None:
    client = at_the_desk("HR")
    shown = page(client, house.expense_flow(), **{"employee": house.ana.pk, **values})
    assert shown.status_code == 200
    assert said in shown.content.decode()
    assert "request-route" not in shown.content.decode()


@pytest.mark.parametrize("role", ["Manager", "Responder", "Auditor", "Operator"])
def test_others_may_not(house: House, role: str) -> None:
    client = at_the_desk(role)
    assert page(client, house.expense_flow(), employee=house.ana.pk).status_code in {302, 403}
