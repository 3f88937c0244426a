"""Receipts are read in batches; what cannot be read stops nobody."""

import json
from collections.abc import Iterator

import pytest

from apps.inbox import parsing, processing
from apps.inbox.models import InboundEvent, Receipt
from apps.outbox.models import EarlyStatus
from apps.providers.meta_cloud import webhooks as reading
from apps.providers.models import Number
from tests import webhooks
from tests.factories import make_number

pytestmark = pytest.mark.django_db
POISON = b"poison"


@pytest.fixture
def number() -> Number:
    return make_number()


@pytest.fixture
def fault(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A fault of our own in the adapter, for bodies with a certain word."""
    parse = reading.parse

    def faulty(body: bytes) -> object:
        if POISON in body:
            raise KeyError("a fault of ours")
        return parse(body)

    monkeypatch.setattr(reading, "parse", faulty)
    return


def store(number: Number, body: bytes) -> Receipt:
    return Receipt.objects.create(account=number.account, key=f"k{Receipt.objects.count()}", body=body)


def status(number: Number, wamid: str, word: str = "delivered", **more: str) -> bytes:
    said = {"id": wamid, "status": word, "timestamp": "1767225600", "recipient_id": "5511999990000", **more}
    return json.dumps(webhooks.envelope(number, statuses=[said])).encode()


def test_a_receipt_that_our_own_fault_cannot_read_is_shown_and_stops_no_other(number: Number, fault: None) -> None:
    rows = [store(number, status(number, word)) for word in ("wamid.1", "wamid.poison", "wamid.3")]
    parsing.parse_waiting()
    states = [Receipt.objects.get(pk=row.pk).state for row in rows]
    assert states == [Receipt.State.PARSED, Receipt.State.UNREADABLE, Receipt.State.PARSED]
    assert "a fault of ours" in Receipt.objects.get(pk=rows[1].pk).error
    assert EarlyStatus.objects.count() == 2


def test_a_body_that_is_no_envelope_stops_no_other(number: Number) -> None:
    rows = [store(number, body) for body in (b"[1, 2", status(number, "wamid.1"), b"\xff\xfe")]
    parsing.parse_waiting()
    states = [Receipt.objects.get(pk=row.pk).state for row in rows]
    assert states == [Receipt.State.UNREADABLE, Receipt.State.PARSED, Receipt.State.UNREADABLE]


def test_statuses_take_effect_with_their_receipt_and_are_written_as_done(number: Number) -> None:
    for wamid in ("wamid.1", "wamid.1", "wamid.2"):
        store(number, status(number, wamid))
    parsing.parse_waiting()
    events = InboundEvent.objects.order_by("key")
    assert [(event.state, event.note) for event in events] == [("done", "delivered")] * 2
    assert EarlyStatus.objects.count() == 2


def test_another_account_cannot_report_on_this_one(number: Number) -> None:
    store(make_number(remote_id="another", is_default=False), status(number, "wamid.1"))
    parsing.parse_waiting()
    assert not EarlyStatus.objects.exists()
    assert InboundEvent.objects.get().state == InboundEvent.State.IGNORED


def test_a_status_that_cannot_take_effect_is_put_off_alone(number: Number, monkeypatch: pytest.MonkeyPatch) -> None:
    store(number, status(number, "wamid.1"))
    store(number, status(number, "wamid.2"))
    keep = parsing.outbox.statuses._keep_early

    def fall(number: Number, events: list[object]) -> None:
        if any(getattr(event, "remote_id", "") == "wamid.2" for event in events):
            raise ValueError("no")
        keep(number, events)

    monkeypatch.setattr(parsing.outbox.statuses, "_keep_early", fall)
    parsing.parse_waiting()
    assert set(InboundEvent.objects.values_list("state", flat=True)) == {"pending"}
    processing.take_up()
    states = dict(InboundEvent.objects.values_list("key", "state"))
    assert sorted(states.values()) == ["done", "pending"]
    assert EarlyStatus.objects.get().remote_id == "wamid.1"


def test_a_thousand_updates_in_one_delivery(number: Number) -> None:
    said = [{"id": f"wamid.{n}", "status": "sent", "timestamp": "1767225600", "recipient_id": "5511999990000"}
            for n in range(1000)]  # fmt: skip
    store(number, json.dumps(webhooks.envelope(number, statuses=said)).encode())
    parsing.parse_waiting()
    assert InboundEvent.objects.filter(state="done").count() == 1000
    assert EarlyStatus.objects.count() == 1000


def test_a_waiting_status_is_judged_like_a_new_one(number: Number) -> None:
    """Replayed, or left over from a batch that failed: of another account, spoilt, or fine."""
    other = make_number(remote_id="another", is_default=False).account
    receipt = store(number, b"{}")
    said = {"type": "StatusChanged", "remote_id": "wamid.1", "number_id": number.remote_id, "status": "delivered",
            "at": "2026-01-01T00:00:00+00:00"}  # fmt: skip
    for key, account, data in (("forged", other, said), ("spoilt", number.account, {}), ("fine", number.account, said)):
        InboundEvent.objects.create(receipt=receipt, account=account, key=key, name="StatusChanged", data=data)
    taken, apart = parsing.take_statuses()
    states = dict(InboundEvent.objects.values_list("key", "state"))
    assert states == {"forged": "ignored", "spoilt": "pending", "fine": "done"}
    assert (taken, apart) == (2, [InboundEvent.objects.get(key="spoilt").pk])
    assert EarlyStatus.objects.get().number == number
    processing.take_up()
    assert InboundEvent.objects.get(key="spoilt").attempts == 1
