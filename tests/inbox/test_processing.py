"""Once, in order, and one bad event never loses its batch."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from apps.contacts.models import Contact
from apps.conversations.models import Message
from apps.core import clock as core_clock
from apps.core.errors import NotPermittedError
from apps.inbox import effects, fetching, parsing, postponing, services
from apps.inbox.models import InboundEvent, Receipt
from apps.journal.models import Entry
from apps.outbox import budgets, reasons
from apps.outbox import services as outbox
from apps.outbox.models import OutboundMessage
from apps.providers.models import Number
from tests import webhooks
from tests.chat import Chat, work
from tests.conftest import Clock
from tests.factories import make_contact, make_employee, make_number, make_user
from tests.webhooks import inbound, post, text

pytestmark = pytest.mark.django_db


@pytest.fixture
def number() -> Number:
    return make_number(is_default=True)


@pytest.fixture
def ana(number: Number) -> Chat:
    employee = make_employee("Ana", phone="+5511987654321")
    return Chat(number, make_contact(employee))


def test_the_same_message_in_two_webhooks_takes_effect_once(ana: Chat, number: Number) -> None:
    first = text(ana.phone, "menu")
    ana.send(first)
    answers = OutboundMessage.objects.count()
    ana.send(first, text(ana.phone, "hello"))
    assert Message.objects.filter(remote_id=first["id"]).count() == 1
    assert OutboundMessage.objects.count() == answers + 1


def test_the_same_message_twice_in_one_webhook_takes_effect_once(ana: Chat) -> None:
    message = text(ana.phone, "menu")
    ana.send(message, message)
    assert Message.objects.count() == 1


def test_taking_up_again_does_nothing_again(ana: Chat) -> None:
    ana.say("menu")
    count = OutboundMessage.objects.count()
    Receipt.objects.update(state="received")
    work()
    assert OutboundMessage.objects.count() == count


def test_one_broken_message_does_not_lose_its_batch(ana: Chat) -> None:
    broken = {"id": webhooks.wamid(), "from": ana.phone.lstrip("+"), "timestamp": "yesterday", "type": ["text"]}
    ana.send(text(ana.phone, "menu"), broken, text(ana.phone, "menu"))
    assert Message.objects.count() == 2
    assert InboundEvent.objects.filter(state="failed").count() == 1


def test_an_unreadable_body_is_kept_and_shown(number: Number) -> None:
    post(number.account, b"[1, 2")
    work()
    receipt = Receipt.objects.get()
    assert receipt.state == "unreadable"
    assert receipt.error


def test_a_poisonous_event_is_set_aside_the_person_is_told_and_the_next_one_goes_on(
    ana: Chat, monkeypatch: pytest.MonkeyPatch, clock: Clock
) -> None:
    def fall(incoming: object) -> str:
        raise RuntimeError("cannot")

    with monkeypatch.context() as patch:
        patch.setattr(effects.routing, "route", fall)
        ana.say("this one breaks")
        for _try in range(postponing.TRIES):
            clock.wind(200)
            work()
    event = InboundEvent.objects.get(state="failed")
    assert "cannot" in event.error
    assert any("wrong on our side" in heard for heard in ana.heard())
    assert ana.say("menu")
    operator = make_user("op", roles=["Operator"])
    services.replay_event(event=event, by=operator)
    work()
    event.refresh_from_db()
    assert event.state in {"done", "ignored"}


def test_events_of_one_person_wait_for_the_one_before(ana: Chat, monkeypatch: pytest.MonkeyPatch, clock: Clock) -> None:
    real, fallen = effects.routing.route, []

    def fall_twice(incoming: effects.Incoming) -> str:
        if len(fallen) < 2:  # in its batch, and then alone
            fallen.append(1)
            raise RuntimeError("cannot, this time")
        return real(incoming)

    monkeypatch.setattr(effects.routing, "route", fall_twice)
    ana.send(text(ana.phone, "first"), text(ana.phone, "second"))
    assert not Message.objects.exists()
    clock.wind(5)
    work()
    assert list(Message.objects.order_by("id").values_list("text", flat=True)) == ["first", "second"]


def test_a_status_of_an_unknown_number_or_message_is_kept_and_hurts_nobody(number: Number, ana: Chat) -> None:
    body = webhooks.envelope(number, statuses=[webhooks.status("wamid.UNKNOWN", "delivered")])
    post(number.account, body)
    body["entry"][0]["changes"][0]["value"]["metadata"]["phone_number_id"] = "999"
    post(number.account, body)
    work()
    assert not InboundEvent.objects.filter(state__in=["pending", "failed"]).exists()


def test_a_person_without_a_phone_number_is_known_by_their_business_scoped_id(number: Number, ana: Chat) -> None:
    ana.send(text(ana.phone, "menu", user_id="BR.123"))
    heard = ana.send(text("", "menu", user_id="BR.123"))
    assert heard
    assert Contact.objects.count() == 1


def test_a_stranger_gets_one_polite_line_a_day_and_nothing_else(number: Number, clock: Clock) -> None:
    stranger = Contact(phone="+5511955554444", pk=0)
    for _n in range(3):
        post(number.account, inbound(number, text(stranger.phone, "menu")))
        work()
    contact = Contact.objects.get(phone=stranger.phone)
    assert OutboundMessage.objects.filter(contact=contact).count() == 1
    clock.wind(24 * 3600 + 1)
    post(number.account, inbound(number, text(stranger.phone, "again")))
    work()
    assert OutboundMessage.objects.filter(contact=contact).count() == 2


def test_stop_counts_for_strangers_too_and_is_answered(number: Number) -> None:
    post(number.account, inbound(number, text("+5511955554444", "STOP")))
    work()
    contact = Contact.objects.get()
    assert contact.preference.is_stopped
    assert "INICIAR" in OutboundMessage.objects.get(contact=contact).text


def test_a_message_that_took_half_a_day_to_arrive_starts_nothing(ana: Chat, clock: Clock) -> None:
    heard = ana.say("menu", at=core_clock.now().timestamp() - 13 * 3600)
    assert len(heard) == 1
    assert "only now" in heard[0]


def test_an_edit_and_a_deletion_are_kept_beside_the_message(ana: Chat, number: Number) -> None:
    ana.say("the lamp is broken")
    original = Message.objects.get()
    edit = webhooks.message(ana.phone, type="edit", edit={
        "original_message_id": original.remote_id, "message": {"type": "text", "text": {"body": "the door"}}})  # fmt: skip
    revoke = webhooks.message(ana.phone, type="revoke", revoke={"original_message_id": original.remote_id})
    heard = ana.send(edit, revoke)
    original.refresh_from_db()
    assert (original.text, original.edited_text) == ("the lamp is broken", "the door")
    assert original.revoked_at
    assert heard == []


def test_every_payload_recorded_from_meta_comes_to_an_end(number: Number, clock: Clock) -> None:
    folder = Path("tests/payloads/meta_cloud")
    for path in sorted(folder.glob("*.json")):
        assert post(number.account, json.loads(path.read_text())).status_code == 200
    for _try in range(fetching.TRIES):  # nobody serves their media: each message goes on without its file
        work()
        clock.wind(60)
    assert Receipt.objects.count() == len(list(folder.glob("*.json"))) > 50
    assert not Receipt.objects.exclude(state="parsed").exists()
    assert not InboundEvent.objects.exclude(state__in=["done", "ignored"]).exists()


def test_who_writes_waits_no_longer_for_a_place_among_the_people_of_the_day(ana: Chat, number: Number) -> None:
    letter = outbox.enqueue(
        key="letter", contact=ana.contact, kind="conversations.note", number=number, data={"text": "x"}
    )
    waiting = {"state": "queued", "held_reason": reasons.TIER, "not_before": core_clock.now() + timedelta(hours=5)}
    OutboundMessage.objects.filter(pk=letter.pk).update(**waiting)
    ana.say("hello")
    letter.refresh_from_db()
    assert (letter.state, letter.held_reason) == ("queued", "")
    assert letter.not_before <= core_clock.now()


def test_replaying_needs_the_role_and_is_recorded(ana: Chat) -> None:
    ana.say("menu")
    receipt = Receipt.objects.get()
    with pytest.raises(NotPermittedError):
        services.replay_receipt(receipt=receipt, by=make_user("nobody"))
    services.replay_receipt(receipt=receipt, by=make_user("op", roles=["Operator"]))
    assert Entry.objects.filter(name="receipt.replayed").count() == 1


def test_what_comes_in_counts_to_the_rate_of_its_number(
    ana: Chat, number: Number, clock: Clock, django_capture_on_commit_callbacks: Any
) -> None:
    clock.stand("2026-03-02T09:00:00")
    for body in (inbound(number, text(ana.phone, "1"), text(ana.phone, "2")), inbound(number, text(ana.phone, "3"))):
        post(number.account, body)
    post(number.account, webhooks.envelope(number, statuses=[webhooks.status("wamid.X", "delivered")]))
    with django_capture_on_commit_callbacks(execute=True):
        parsing.parse_waiting()
    assert budgets.usage(number, core_clock.now()).used == 3
