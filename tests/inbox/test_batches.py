"""Several events in one transaction: as if they had come one by one, whoever fails and whoever else works beside us."""

import threading

import pytest
from django.db import connection, connections, transaction

from apps.contacts import services as contacts
from apps.contacts.models import Contact
from apps.conversations.models import Message
from apps.inbox import effects, parsing, processing, queries
from apps.inbox.models import InboundEvent
from apps.journal.models import Entry
from apps.outbox.models import OutboundMessage
from apps.providers.models import Number
from tests import webhooks
from tests.chat import Chat, work
from tests.conftest import Clock
from tests.factories import make_contact, make_employee, make_number
from tests.racing import race

pytestmark = pytest.mark.django_db
needs_postgresql = pytest.mark.skipif("connection.vendor == 'sqlite'", reason="SQLite in memory has one writer")


@pytest.fixture
def number() -> Number:
    return make_number(is_default=True)


def people(number: Number, count: int) -> list[Chat]:
    return [Chat(number, make_contact(make_employee(f"P{n}", phone=f"+55119876543{n:02}"))) for n in range(count)]


def deliver(number: Number, *messages: dict[str, object]) -> None:
    assert webhooks.post(number.account, webhooks.inbound(number, *messages)).status_code == 200


def test_a_thousand_updates_in_one_post_take_effect_in_their_order(number: Number) -> None:
    chats = people(number, 20)
    sent = [webhooks.text(chats[n % 20].phone, f"line {n}") for n in range(1000)]
    deliver(number, *sent)
    work()
    assert InboundEvent.objects.filter(state="done").count() == 1000
    for chat in chats:
        said = list(
            Message.objects.filter(conversation__contact=chat.contact).order_by("id").values_list("text", flat=True)
        )
        assert said == [f"line {n}" for n in range(1000) if chats[n % 20] is chat]
        assert OutboundMessage.objects.filter(contact=chat.contact).count() == 50


def test_the_one_that_fails_is_put_off_alone(number: Number, monkeypatch: pytest.MonkeyPatch, clock: Clock) -> None:
    chats = people(number, 6)
    real = effects.routing.route

    def fall(incoming: effects.Incoming) -> str:
        if incoming.contact.pk == chats[3].contact.pk:
            raise RuntimeError("cannot")
        return real(incoming)

    monkeypatch.setattr(effects.routing, "route", fall)
    deliver(number, *(webhooks.text(chat.phone, "menu") for chat in chats))
    work()
    assert InboundEvent.objects.filter(state="done").count() == 5
    event = InboundEvent.objects.get(state="pending")
    assert (event.attempts, event.person) == (1, chats[3].phone)
    assert not Message.objects.filter(conversation__contact=chats[3].contact).exists()
    assert not Entry.objects.filter(correlation_id=f"event:{event.pk}").exists()
    assert all(len(chat.heard()) == 1 for chat in chats if chat is not chats[3])


def test_whoever_was_put_off_holds_up_nobody_else(
    number: Number, monkeypatch: pytest.MonkeyPatch, clock: Clock
) -> None:
    """A flood from one person behind a failed first message, more than a batch, and a word of somebody else behind it."""
    flooding, other = people(number, 2)
    real = effects.routing.route

    def fall(incoming: effects.Incoming) -> str:
        if incoming.text == "first":
            raise RuntimeError("cannot")
        return real(incoming)

    with monkeypatch.context() as patch:
        patch.setattr(effects.routing, "route", fall)
        deliver(number, webhooks.text(flooding.phone, "first"))
        work()
        deliver(number, *(webhooks.text(flooding.phone, f"{n}") for n in range(2 * processing.LARGEST)))
        deliver(number, webhooks.text(other.phone, "menu"))
        work()
    assert len(other.heard()) == 1
    assert Message.objects.count() == 1
    clock.wind(5)
    work()
    texts = list(
        Message.objects.filter(conversation__contact=flooding.contact).order_by("id").values_list("text", flat=True)
    )
    assert texts == ["first", *(f"{n}" for n in range(2 * processing.LARGEST))]


def test_a_kill_between_routing_and_commit_loses_nothing(number: Number, monkeypatch: pytest.MonkeyPatch) -> None:
    chats = people(number, 4)
    deliver(number, *(webhooks.text(chat.phone, "menu") for chat in chats))
    parsing.parse_waiting()
    real = effects.apply_all

    def killed(rows: list[InboundEvent]) -> list[effects.Outcome]:
        real(rows)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(effects, "apply_all", killed)
        with pytest.raises(KeyboardInterrupt), transaction.atomic():
            processing.take_up()
    assert InboundEvent.objects.filter(state="pending", attempts=0).count() == 4
    assert not Message.objects.exists()
    work()
    assert all(len(chat.heard()) == 1 for chat in chats)


def test_an_older_event_in_other_hands_holds_its_person_back(number: Number) -> None:
    first, second = people(number, 2)
    deliver(
        number, webhooks.text(first.phone, "one"), webhooks.text(first.phone, "two"), webhooks.text(second.phone, "x")
    )
    parsing.parse_waiting()
    one, two, other = InboundEvent.objects.order_by("id")
    assert queries.blocked([two, other]) == {two.pk}
    assert queries.blocked([one, two, other]) == set()


@needs_postgresql
@pytest.mark.django_db(transaction=True)
def test_four_workers_keep_the_order_of_each_person() -> None:
    number = make_number(is_default=True)
    chats = people(number, 5)
    deliver(number, *(webhooks.text(chats[n % 5].phone, f"{n}") for n in range(200)))
    parsing.parse_waiting()
    race(*[processing.take_up] * 4)
    work()
    assert InboundEvent.objects.filter(state="done").count() == 200
    for place, chat in enumerate(chats):
        texts = Message.objects.filter(conversation__contact=chat.contact).order_by("id").values_list("text", flat=True)
        assert list(texts) == [f"{n}" for n in range(200) if n % 5 == place]
        assert len(chat.heard()) == 40
    assert connection.vendor == "postgresql"


@needs_postgresql
@pytest.mark.django_db(transaction=True)
def test_whoever_is_suspended_meanwhile_waits_for_the_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    """The contact is locked while its message is routed: a suspension comes before or after, never in between."""
    number = make_number(is_default=True)
    (chat,) = people(number, 1)
    deliver(number, webhooks.text(chat.phone, "menu"))
    parsing.parse_waiting()
    real, order = effects.routing.route, []
    thread: list[threading.Thread] = []

    def suspend() -> None:
        try:
            contacts.suspend(contact=chat.contact, reason="lost phone")
            order.append("suspended")
        finally:
            connections.close_all()

    def route(incoming: effects.Incoming) -> str:
        thread.append(threading.Thread(target=suspend))
        thread[0].start()
        thread[0].join(0.5)
        order.append("routed")
        return real(incoming)

    monkeypatch.setattr(effects.routing, "route", route)
    processing.take_up()
    thread[0].join()
    assert order == ["routed", "suspended"]
    assert Contact.objects.get(pk=chat.contact.pk).state == "suspended"
