"""Two hundred taps on one stage in the same moment: one decision, and everybody hears who made it."""

import itertools

import pytest
from django.db import connection

from apps.approvals import services
from apps.approvals.models import Decision, Request
from apps.core.errors import RecadoError
from apps.inbox import parsing, processing
from apps.inbox.models import InboundEvent
from apps.journal.models import Entry
from tests.approvals.house import stage
from tests.chat import Chat, work
from tests.factories import (
    expense_form,
    make_contact,
    make_employee,
    make_flow,
    make_number,
    make_submission,
    make_team,
)
from tests.racing import race
from tests.webhooks import inbound, post

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite in memory is one connection"),
]


def ask(leads: int) -> tuple[Request, list[Chat]]:
    number = make_number(is_default=True)
    people = [make_employee(f"Lead {n:02}", phone=f"+55119876543{n:02}") for n in range(leads)]
    chats = [Chat(number, make_contact(person)) for person in people]
    for chat in chats:
        chat.say("menu")
    asker = make_employee("Ana", phone="+5511987650001")
    submission = make_submission(asker, expense_form(), what="Taxi", amount="78.00")
    flow = make_flow({"approver": "team_lead", "team": make_team(leads=people)})
    return services.submit(flow=flow, submission=submission, by=asker), chats


def test_through_the_door_with_eight_workers() -> None:
    request, chats = ask(20)
    presses = [chat.press("Approve") for _round in range(10) for chat in chats]
    for press in presses:
        assert post(chats[0].number.account, inbound(chats[0].number, press)).status_code == 200
    parsing.parse_waiting()
    race(*[processing.take_up] * 8)
    work()
    assert InboundEvent.objects.exclude(state="done").count() == 0
    decision = Decision.objects.get()
    request.refresh_from_db()
    assert request.state == "approved"
    assert Entry.objects.filter(name="decision.made").count() == 1
    assert Entry.objects.filter(name="request.approved").count() == 1
    who = decision.seat.employee.name
    for chat in chats:
        heard = [line for line in chat.heard() if who in line or "You approved" in line]
        assert heard, chat.contact


def test_yes_and_no_from_forty_hands_at_once() -> None:
    request, chats = ask(40)
    run, counted = stage(request), itertools.count()

    def tap(chat: Chat, verdict: str) -> int:
        try:
            services.decide(stage_run=run, by=chat.contact.employee, verdict=verdict, version_seen=request.version,
                            via="button", reason="so", proof=f"wamid.{next(counted)}")  # fmt: skip
        except RecadoError:
            return 0
        return 1

    def five(chat: Chat, first: str) -> int:
        return sum(tap(chat, verdict) for verdict in itertools.islice(itertools.cycle((first, "approve", "reject")), 5))

    made = race(*[lambda chat=chat, n=n: five(chat, ("approve", "reject")[n % 2]) for n, chat in enumerate(chats)])
    assert sum(made) == Decision.objects.count() == 1
    request.refresh_from_db()
    assert request.state == {"approve": "approved", "reject": "rejected"}[Decision.objects.get().verdict]
    assert next(counted) == 200
