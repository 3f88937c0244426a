"""The knock: who is knocked at, once; what a tap on *Read* releases; what happens when nobody answers."""

from datetime import time, timedelta
from typing import Any

import pytest
from django.db import transaction

from apps.calendars.models import WorkCalendar
from apps.contacts import services as contacts
from apps.contacts.models import Contact
from apps.core.clock import now
from apps.inbox import parsing, processing
from apps.incidents.models import Ticket
from apps.journal import reactor, sealer
from apps.journal.models import Entry
from apps.outbox import buttons, reasons, services
from apps.outbox.kinds import KNOCK
from apps.outbox.models import Button, OutboundMessage
from apps.outbox.sending import dispatcher, sweeper
from apps.outbox.services import Letter
from apps.providers import services as providers
from apps.providers.models import Account, Approval, MessageTemplate, Number, Translation
from apps.providers.types import Template, TemplateChanged, Text, from_json
from tests.conftest import Clock
from tests.factories import make_category, make_contact, make_employee, make_submission, make_team, report_form
from tests.outbox.conftest import YES_NO, Say, fresh, write_in
from tests.outbox.graph import Graph
from tests.outbox.test_planner_quiet import SAO_PAULO, go_to
from tests.outbox.test_planner_rows import queries_of
from tests.webhooks import button_reply, inbound, post, text

State = OutboundMessage.State
pytestmark = pytest.mark.django_db


def approve_knock(account: Account, **values: Any) -> None:
    template, _created = MessageTemplate.objects.get_or_create(kind=KNOCK.name)
    for language, body in KNOCK.bodies.items():
        titles = dict(KNOCK.buttons[language])
        row, _created = Translation.objects.get_or_create(
            template=template, language=language, defaults={"body": body, "buttons": titles}
        )
        Approval.objects.create(
            translation=row, account=account, name="outbox_knock", remote_language=language, body=body,
            parameters=["who", "about"], buttons=list(titles), **{"state": Approval.State.APPROVED, **values},
        )  # fmt: skip


@pytest.fixture(autouse=True)
def _knock(number: Number) -> None:
    approve_knock(number.account)


def knocks() -> list[OutboundMessage]:
    return list(OutboundMessage.objects.filter(kind=KNOCK.name).order_by("id"))


def texts() -> list[OutboundMessage]:
    return list(OutboundMessage.objects.exclude(kind=KNOCK.name).order_by("id"))


def a_ticket(reporter: Any) -> Ticket:
    category = make_category(make_team())
    submission = make_submission(reporter, report_form(), what="Leak")
    return Ticket.objects.create(
        category=category, team=category.team, reporter=reporter, summary="Leak", submission=submission
    )


# --- when -------------------------------------------------------------------------------------------------------------


def test_a_text_outside_the_window_is_announced_once(graph: Graph, number: Number, bia: Contact, say: Say) -> None:
    ticket = a_ticket(bia.employee)
    first = say(bia, "The plumber comes at nine.", subject=ticket, author="Caio Reis")
    second, third = say(bia, "Or at ten."), say(bia, "Really.")
    assert {first.held_reason, second.held_reason, third.held_reason} == {reasons.KNOCKED}
    (knock,) = knocks()
    assert (knock.state, knock.opens) == (State.QUEUED, True)
    assert knock.text == f"✉️ Caio Reis wrote to you about {ticket.code}. Tap Read and the message comes here."
    dispatcher.run()
    assert graph.texts() == ["template outbox_knock"]
    assert fresh(first).state == State.HELD


def test_without_an_author_or_an_item_the_company_wrote_about_something(number: Number, bia: Contact, say: Say) -> None:
    say(bia)
    content = from_json(knocks()[0].content)
    assert isinstance(content, Template)
    assert content.parameters["who"] == number.account.portfolio.name
    assert content.parameters["about"]


@pytest.mark.parametrize(("language", "word"), [("en", "wrote to you"), ("pt-br", "escreveu"), ("es", "te escribió")])
def test_the_knock_speaks_the_person_s_language(say: Say, language: str, word: str) -> None:
    say(make_contact(make_employee(language=language)))
    assert word in knocks()[0].text


def test_the_knock_is_as_pressing_as_the_text_and_of_its_class(bia: Contact, say: Say) -> None:
    say(bia, kind="test.chat")
    (knock,) = knocks()
    assert (knock.klass, knock.lane, knock.lane_rank) == ("my_requests", "reply", 1)


@pytest.mark.parametrize("state", ["PENDING", "PAUSED", "REJECTED", "DISABLED"])
def test_a_knock_that_is_not_approved_knocks_nowhere(bia: Contact, say: Say, state: str) -> None:
    Approval.objects.filter(name="outbox_knock").update(state=state)
    assert say(bia).held_reason == reasons.WINDOW_CLOSED
    assert knocks() == []


def test_an_open_window_an_answer_and_a_person_who_may_not_be_written_to_need_no_knock(
    ana: Contact, bia: Contact, say: Say
) -> None:
    contacts.stop(contact=bia, wording="STOP", proof="w")
    assert say(ana).state == State.QUEUED
    assert say(make_contact(make_employee()), is_reply=True).held_reason == reasons.WINDOW_CLOSED
    assert say(bia, content=Text("Work"), kind="test.asked").held_reason == reasons.STOPPED
    assert say(make_contact()).held_reason == reasons.NOT_LINKED
    assert say(make_contact(make_employee(state="left"))).state == State.CANCELLED
    assert knocks() == []


def test_a_template_that_tells_of_the_same_item_is_knock_enough(bia: Contact, ana: Contact, say: Say) -> None:
    ticket, other = a_ticket(bia.employee), a_ticket(bia.employee)
    say(bia, kind="test.asked", buttons=YES_NO, subject=ticket)
    assert say(bia, content=Text("Its photo"), kind="test.asked", subject=ticket).held_reason == reasons.WINDOW_CLOSED
    assert knocks() == []
    assert say(bia, content=Text("A photo of another"), kind="test.asked", subject=other).held_reason == reasons.KNOCKED
    assert len(knocks()) == 1


def test_a_template_that_may_not_be_used_is_announced_where_somebody_chose_so(
    graph: Graph, number: Number, bia: Contact, say: Say
) -> None:
    Approval.objects.filter(name="test_asked").update(state=Approval.State.PAUSED)
    waits = say(bia, kind="test.asked", buttons=YES_NO)
    assert waits.held_reason == reasons.TEMPLATE_PAUSED
    MessageTemplate.objects.filter(kind="test.asked").update(fallback=MessageTemplate.Fallback.KNOCK)
    services.replan_held(contact=bia)
    assert fresh(waits).held_reason == reasons.KNOCKED
    assert len(knocks()) == 1
    dispatcher.run()
    change = TemplateChanged(remote_id="", name="test_asked", language="en", what="state", values={"event": "APPROVED"})
    assert providers.apply_template_change(account=number.account, event=change)
    sealer.seal_pending()
    reactor.run_all()
    sweeper.sweep()
    dispatcher.run()
    assert fresh(waits).state == State.SENT
    assert graph.texts() == ["template outbox_knock", "template test_asked"]


def test_a_knock_approved_later_announces_what_waited(number: Number, bia: Contact, say: Say) -> None:
    Approval.objects.filter(name="outbox_knock").update(state=Approval.State.PENDING)
    waits = say(bia)
    change = TemplateChanged(
        remote_id="", name="outbox_knock", language="en", what="state", values={"event": "APPROVED"}
    )
    assert providers.apply_template_change(account=number.account, event=change)
    sealer.seal_pending()
    reactor.run_all()
    sweeper.sweep()
    assert fresh(waits).held_reason == reasons.KNOCKED
    assert len(knocks()) == 1


def test_a_window_that_closes_before_sending_is_knocked_at_by_the_sweep(
    graph: Graph, ana: Contact, say: Say, clock: Clock
) -> None:
    message = say(ana)
    clock.wind(25 * 3600)
    dispatcher.run()
    assert (fresh(message).state, fresh(message).held_reason) == (State.HELD, reasons.KNOCKED)
    assert knocks() == []
    sweeper.sweep()
    dispatcher.run()
    assert graph.texts() == ["template outbox_knock"]


def test_a_closed_window_of_the_carrier_s_falls_back_to_a_knock(graph: Graph, ana: Contact, say: Say) -> None:
    graph.refuse(131047, times=1)
    message = say(ana)
    for _round in range(3):
        dispatcher.run()
        sweeper.sweep()
    assert graph.texts() == ["template outbox_knock"]
    assert fresh(message).held_reason == reasons.KNOCKED


def test_a_campaign_of_texts_knocks_once_at_each_door(number: Number) -> None:
    people = [make_contact(make_employee()) for _ in range(12)]
    letters = [Letter(f"n:{turn}:{one.pk}", one.pk, {"text": "Hello"}) for one in people for turn in (1, 2)]

    def enqueue(those: list[Letter]) -> None:
        with transaction.atomic():
            services.enqueue_many(kind="test.chat", letters=those, campaign="n", number=number)

    few, many = queries_of(lambda: enqueue(letters[:4])), queries_of(lambda: enqueue(letters[4:]))
    assert len(few) == len(many), "\n".join(many)
    assert [one.contact_id for one in knocks()] == [one.pk for one in people]


# --- the tap ----------------------------------------------------------------------------------------------------------


def send(number: Number, message: dict[str, Any]) -> None:
    """The person's phone sends this, and all workers do their work."""
    assert post(number.account, inbound(number, message)).status_code == 200
    parsing.parse_waiting()
    processing.take_up()
    for _round in range(6):
        dispatcher.run()


def read_button(contact: Contact) -> str:
    return buttons.payload(Button.objects.filter(contact=contact, target="outbox.release").latest("id"))


def test_read_brings_what_waited_in_order_and_nothing_else(
    graph: Graph, number: Number, bia: Contact, say: Say
) -> None:
    for line in ("One", "Two", "Three"):
        say(bia, content=Text(line))
    dispatcher.run()
    send(number, button_reply(bia.phone, read_button(bia)))
    assert graph.texts() == ["template outbox_knock", "One", "Two", "Three"]
    assert Entry.objects.filter(name="knock.answered").count() == 1
    assert {row.state for row in texts()} == {State.SENT}


def test_tapping_again_and_again_is_harmless(graph: Graph, number: Number, bia: Contact, say: Say) -> None:
    say(bia, "One")
    dispatcher.run()
    for _time in range(3):
        send(number, button_reply(bia.phone, read_button(bia)))
    said = [one for one in graph.texts() if not one.startswith("template")]
    assert said[0] == "One"
    assert said[1:] == ["You have read this already: see the messages above."] * 2
    assert Entry.objects.filter(name="knock.answered").count() == 1
    assert len(knocks()) == 1


def test_writing_anything_is_as_good_as_reading(graph: Graph, number: Number, bia: Contact, say: Say) -> None:
    message = say(bia, "One")
    dispatcher.run()
    send(number, text(bia.phone, "What is it?"))
    assert fresh(message).state == State.SENT


def test_a_knock_that_has_not_left_when_the_person_writes_never_leaves(
    graph: Graph, number: Number, bia: Contact, say: Say
) -> None:
    say(bia, "One")
    write_in(bia, number)
    for _round in range(3):
        dispatcher.run()
    (knock,) = knocks()
    assert (knock.state, graph.texts()) == (State.CANCELLED, ["One"])
    assert reasons.sentence(reasons.NOT_NEEDED) in knock.error_text


def test_a_knock_for_a_text_that_was_withdrawn_is_not_sent(graph: Graph, bia: Contact, say: Say) -> None:
    message = say(bia, "One")
    OutboundMessage.objects.filter(pk=message.pk).update(state=State.CANCELLED)
    dispatcher.run()
    assert (knocks()[0].state, graph.accepted) == (State.CANCELLED, [])


def test_read_after_everything_was_withdrawn_says_so(graph: Graph, number: Number, bia: Contact, say: Say) -> None:
    message = say(bia, "One")
    dispatcher.run()
    OutboundMessage.objects.filter(pk=message.pk).update(state=State.CANCELLED)
    send(number, button_reply(bia.phone, read_button(bia)))
    assert graph.texts()[1:] == ["There is nothing to read any more: it was withdrawn, or has expired."]


def test_a_later_text_is_not_announced_again_until_the_knock_is_spent(
    graph: Graph, bia: Contact, say: Say, clock: Clock
) -> None:
    say(bia, "One")
    dispatcher.run()
    clock.wind(6 * 24 * 3600)
    say(bia, "Two")
    assert len(knocks()) == 1
    clock.wind(2 * 24 * 3600)
    say(bia, "Three")
    dispatcher.run()
    assert len(knocks()) == 2
    assert graph.texts() == ["template outbox_knock"] * 2


def test_a_knock_that_failed_does_not_silence_the_next(bia: Contact, say: Say) -> None:
    say(bia, "One")
    OutboundMessage.objects.filter(kind=KNOCK.name).update(state=State.FAILED)
    say(bia, "Two")
    assert [one.state for one in knocks()] == [State.FAILED, State.QUEUED]


def test_every_closed_window_has_a_knock_of_its_own(
    graph: Graph, number: Number, bia: Contact, say: Say, clock: Clock
) -> None:
    say(bia, "One")
    dispatcher.run()
    send(number, button_reply(bia.phone, read_button(bia)))
    clock.wind(25 * 3600)
    say(bia, "Two")
    dispatcher.run()
    assert len(knocks()) == 2
    send(number, button_reply(bia.phone, read_button(bia)))
    assert graph.texts() == ["template outbox_knock", "One", "template outbox_knock", "Two"]


def test_another_person_s_read_releases_nothing(
    graph: Graph, number: Number, bia: Contact, ana: Contact, say: Say
) -> None:
    message = say(bia, "One")
    dispatcher.run()
    send(number, button_reply(ana.phone, read_button(bia)))
    assert fresh(message).state == State.HELD
    assert Entry.objects.filter(name="tap.refused").count() == 1


def test_who_asks_at_night_reads_at_night(graph: Graph, number: Number, say: Say, clock: Clock) -> None:
    WorkCalendar.objects.create(name="Nights", country="BR", quiet_from=time(21), quiet_until=time(7), is_default=True)
    go_to(clock, SAO_PAULO, weekday=1, at=time(20, 55))
    paula = make_contact(make_employee("Paula", time_zone=SAO_PAULO))
    message = say(paula, "One")
    dispatcher.run()
    clock.wind(3600)
    later, work = say(paula, "Two"), say(paula, kind="test.asked", buttons=YES_NO)
    assert {later.held_reason, work.held_reason} == {reasons.QUIET_HOURS}
    send(number, button_reply(paula.phone, read_button(paula)))
    assert [fresh(one).state for one in (message, later, work)] == [State.SENT, State.SENT, State.HELD]


def test_no_knock_at_night(number: Number, say: Say, clock: Clock) -> None:
    WorkCalendar.objects.create(name="Nights", country="BR", quiet_from=time(21), quiet_until=time(7), is_default=True)
    night = go_to(clock, SAO_PAULO, weekday=1, at=time(23))
    paula = make_contact(make_employee("Paula", time_zone=SAO_PAULO))
    message = say(paula, "One")
    assert (message.held_reason, knocks()) == (reasons.QUIET_HOURS, [])
    clock.wind(8 * 3600 + 1)
    sweeper.sweep()
    assert fresh(message).held_reason == reasons.KNOCKED
    assert len(knocks()) == 1
    assert now() - night > timedelta(hours=8)
