"""What is old goes, in chunks; what somebody has to look at stays; a repeat is known as long as it may come."""

from datetime import timedelta

import pytest

from apps.conversations.models import Message
from apps.core import clock as core_clock
from apps.inbox import retention
from apps.inbox.models import InboundEvent, Receipt
from apps.inbox.tasks import clean
from apps.providers.models import Number
from tests import webhooks
from tests.chat import Chat, work
from tests.conftest import Clock
from tests.factories import make_contact, make_employee, make_number

pytestmark = pytest.mark.django_db
DAY = 24 * 3600


@pytest.fixture
def number() -> Number:
    return make_number(is_default=True)


@pytest.fixture
def ana(number: Number) -> Chat:
    return Chat(number, make_contact(make_employee("Ana", phone="+5511987654321")))


def test_nothing_goes_before_its_time_and_everything_after_it(ana: Chat, clock: Clock) -> None:
    ana.say("menu")
    clock.wind(29 * DAY)
    assert retention.clean() == retention.Cleaned()
    ana.say("hello")
    clock.wind(2 * DAY)
    assert retention.clean() == retention.Cleaned(emptied=1, events=1, receipts=1)
    assert Receipt.objects.count() == InboundEvent.objects.count() == 1
    assert Message.objects.count() == 2  # the conversation is kept elsewhere
    assert retention.clean() == retention.Cleaned()


def test_a_body_may_go_early_but_a_repeat_is_still_known(ana: Chat, clock: Clock, settings: object) -> None:
    settings.INBOX_KEEP_DAYS = 3  # type: ignore[attr-defined]
    body = webhooks.inbound(ana.number, webhooks.text(ana.phone, "menu"))
    webhooks.post(ana.number.account, body)
    work()
    clock.wind(6 * DAY)
    assert retention.clean() == retention.Cleaned(emptied=1)
    receipt, event = Receipt.objects.get(), InboundEvent.objects.get()
    assert (bytes(receipt.body), receipt.headers, event.data) == (b"", {}, {})
    assert receipt.emptied_at == pytest.approx(core_clock.now(), abs=timedelta(minutes=1))
    webhooks.post(ana.number.account, body)  # tried for seven days
    work()
    assert Receipt.objects.get().times_received == 2
    assert Message.objects.count() == 1
    clock.wind(25 * DAY)
    assert retention.clean() == retention.Cleaned(events=1, receipts=1)


def test_what_waits_failed_or_cannot_be_read_stays(ana: Chat, clock: Clock) -> None:
    ana.say("menu")
    ana.say("hello")
    webhooks.post(ana.number.account, b"{")
    work()
    first, second = InboundEvent.objects.order_by("id")
    InboundEvent.objects.filter(pk=first.pk).update(state="failed")
    InboundEvent.objects.filter(pk=second.pk).update(state="pending")
    clock.wind(100 * DAY)
    assert retention.clean() == retention.Cleaned()
    assert all(bytes(receipt.body) for receipt in Receipt.objects.all())


def test_it_works_in_chunks_and_goes_on_next_time(ana: Chat, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "CHUNK", 2)
    monkeypatch.setattr(retention, "CHUNKS", 2)
    for _n in range(5):
        ana.say("menu")
    clock.wind(31 * DAY)
    assert retention.clean() == retention.Cleaned(4, 4, 4)
    assert clean() == 1
    assert not Receipt.objects.exists()
