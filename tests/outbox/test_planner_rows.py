"""Planning rows: how many queries it takes, which language it finds, what spoilt rows do."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.contacts import services as contacts
from apps.contacts.models import Contact
from apps.core.clock import now
from apps.outbox import reasons
from apps.outbox.models import OutboundMessage
from apps.outbox.planning import planner
from apps.people.models import Employee
from apps.providers.kinds import Kind, Klass, Lane, declare
from apps.providers.models import Approval, MessageTemplate, Number, Translation
from apps.providers.types import Template, from_json
from tests.conftest import Clock
from tests.factories import make_account, make_contact, make_employee, make_identity, make_number
from tests.outbox.conftest import YES_NO, Say, approve, fresh, writer

State = OutboundMessage.State
pytestmark = pytest.mark.django_db


def queries_of(call: Callable[[], Any]) -> list[str]:
    with CaptureQueriesContext(connection) as caught:
        call()
    return [query["sql"][:100] for query in caught.captured_queries]


def a_mixture(number: Number, say: Say, size: int) -> list[OutboundMessage]:
    """Of every kind: open and closed windows, worded and ready, with and without buttons, phone and identity only."""
    other = make_number(make_account())
    approve(other.account)
    rows = []
    for place in range(size):
        if place % 5 == 0:
            contact = writer(number)
        elif place % 5 == 1:
            contact = make_contact(phone="")
            make_identity(contact, number.account.portfolio)
        else:
            contact = make_contact(make_employee(language="pt-br" if place % 2 else "es"))
        rows.append(say(contact, kind="test.asked", buttons=YES_NO))
        rows.append(say(contact, kind="test.news"))
        rows.append(say(contact, is_reply=place % 2 == 0))
    return list(OutboundMessage.objects.filter(pk__in=[row.pk for row in rows]).select_related("contact"))


def test_the_number_of_queries_does_not_grow_with_the_messages(number: Number, say: Say) -> None:
    rows = a_mixture(number, say, 170)
    few, many = queries_of(lambda: planner.plan_many(rows[:15])), queries_of(lambda: planner.plan_many(rows[:500]))
    assert len(rows[:500]) == 500
    assert len(few) == len(many) <= 8, "\n".join(many)


def test_many_planned_together_are_planned_as_each_alone(number: Number, say: Say) -> None:
    rows = a_mixture(number, say, 12)
    assert planner.plan_many(rows) == [planner.plan(row) for row in rows]
    assert planner.plan_many([]) == []


def test_planning_reads_people_as_they_are_now(ana: Contact, say: Say) -> None:
    message = fresh(say(ana, kind="test.asked", buttons=YES_NO))
    assert message.contact.employee is not None
    contacts.stop(contact=Contact.objects.get(pk=ana.pk), wording="STOP", proof="wamid.1")
    assert planner.plan(message).reason == reasons.STOPPED
    Employee.objects.update(state=Employee.State.LEFT)
    assert planner.plan(message).reason == reasons.LEFT


# --- languages --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("language", "usable", "expected"),
    [
        ("pt-br", {"en", "pt-br"}, "pt-br"),
        ("pt-br", {"en"}, "en"),
        ("es", {"en", "pt-br"}, "en"),
        ("es", {"pt-br"}, "pt-br"),
        ("en", {"pt-br"}, "pt-br"),
    ],
)
def test_a_missing_approval_in_one_language_falls_to_the_next(
    number: Number, say: Say, language: str, usable: set[str], expected: str
) -> None:
    Approval.objects.exclude(translation__language__in=usable).update(state=Approval.State.PENDING)
    message = say(make_contact(make_employee(language=language)), "a chair", kind="test.asked", buttons=YES_NO)
    content = from_json(message.content)
    assert isinstance(content, Template)
    assert content.language == expected
    assert message.text == {"en": "May we buy a chair?", "pt-br": "Podemos comprar a chair?"}[expected]


def test_what_no_language_has_approved_waits_for_the_best_of_them(number: Number, say: Say) -> None:
    Approval.objects.update(state=Approval.State.REJECTED)
    person = make_contact(make_employee(language="pt-br"))
    assert say(person, kind="test.asked").held_reason == reasons.NO_TEMPLATE
    Approval.objects.filter(translation__language="en").update(state=Approval.State.PAUSED)
    waiting = say(person, "cadeira", kind="test.asked")
    assert (waiting.held_reason, waiting.text) == (reasons.TEMPLATE_PAUSED, "Podemos comprar cadeira?")


def test_another_account_s_approval_counts_for_nothing(number: Number, bia: Contact, say: Say) -> None:
    other = make_number(make_account())
    approve(other.account)
    Approval.objects.filter(account=number.account).delete()
    assert say(bia, kind="test.asked").held_reason == reasons.NO_TEMPLATE


# --- spoilt rows ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "spoilt",
    [
        {"parameters": None, "buttons": None},
        {"parameters": {"what": 1}, "buttons": {"yes": 1}},
        {"parameters": "what", "buttons": "yes"},
        {"parameters": [1, None], "buttons": [["yes"]]},
        {"parameters": 7, "buttons": 7},
    ],
)
def test_a_spoilt_approval_never_crashes_and_never_loses_a_button(
    bia: Contact, ana: Contact, say: Say, spoilt: dict[str, Any]
) -> None:
    Approval.objects.update(**{name: value if value is not None else [] for name, value in spoilt.items()})
    asked, chat = say(bia, kind="test.asked", buttons=YES_NO), say(ana)
    assert (asked.state, asked.held_reason) == (State.HELD, reasons.NO_TEMPLATE)
    assert chat.state == State.QUEUED


@pytest.mark.parametrize("titles", [[], "yes", 7, {"yes": 1, "no": None}, {"yes": ""}])
def test_spoilt_titles_leave_buttons_that_can_be_read(ana: Contact, say: Say, titles: Any) -> None:
    Translation.objects.update(buttons=titles, body="May {{what we {{buy}} }}?")
    message = say(ana, kind="test.asked", buttons=YES_NO)
    assert message.state == State.QUEUED
    assert all(button["title"] for button in message.content["buttons"])


@pytest.mark.parametrize("spoil", ["delete", "blank"])
def test_a_kind_whose_wording_is_gone_is_said_as_it_came(ana: Contact, bia: Contact, say: Say, spoil: str) -> None:
    if spoil == "delete":
        MessageTemplate.objects.all().delete()
    else:
        Translation.objects.update(body=" ")
    message = say(ana, "a chair", kind="test.asked", buttons=YES_NO)
    assert message.text == "May we buy a chair?"
    assert [button["title"] for button in message.content["buttons"]] == ["Yes", "No"]
    assert say(bia, "a chair", kind="test.asked").held_reason == reasons.NO_TEMPLATE


def test_what_the_carrier_calls_closed_is_closed_until_the_person_writes(
    number: Number, ana: Contact, say: Say, clock: Clock
) -> None:
    message = say(ana, kind="test.asked")
    message.window_refused_at = now()
    assert planner.plan(message).verdict == planner.Verdict.TEMPLATE
    clock.wind(60)
    contacts.touch_window(number=number, contact=ana, at=now())
    assert planner.plan(message).verdict == planner.Verdict.FREE


def test_a_kind_whose_languages_fill_in_different_names_is_not_declared() -> None:
    bodies = {"en": "Hi {{who}}: {{what}}.", "es": "Hola {{who}}."}
    with pytest.raises(ValueError, match="other names"):
        declare(Kind("test.uneven", Klass.WORK, Lane.NOTICE, samples={"who": "A", "what": "B"}, bodies=bodies))
