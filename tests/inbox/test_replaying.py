"""Replay of one or many: what took effect stays, what was set aside is tried, and who may not, does not."""

import json
from typing import Any

import pytest
from django.test import Client

from apps.conversations.models import Message
from apps.core.errors import NotPermittedError, RecadoError
from apps.inbox import services
from apps.inbox.models import InboundEvent, Receipt
from apps.journal.models import Entry
from apps.outbox.models import OutboundMessage
from apps.people.bulk.screens import seen
from apps.people.bulk.services import Preview
from apps.people.models import User
from apps.providers.models import Number
from tests import webhooks
from tests.chat import Chat, work
from tests.factories import make_contact, make_employee, make_number, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def number() -> Number:
    return make_number(is_default=True)


@pytest.fixture
def ana(number: Number) -> Chat:
    return Chat(number, make_contact(make_employee("Ana", phone="+5511987654321")))


@pytest.fixture
def operator() -> User:
    return make_user("op", roles=["Operator"])


@pytest.fixture
def desk(operator: User) -> Client:
    client = Client()
    client.force_login(operator)
    return client


def broken(chat: Chat) -> dict[str, Any]:
    return {"id": webhooks.wamid(), "from": chat.phone.lstrip("+"), "timestamp": "yesterday", "type": "text"}


def fail(chat: Chat, text: str) -> InboundEvent:
    """A message of the chat that was set aside."""
    receipt = Receipt.objects.filter(account=chat.number.account).latest("pk")
    data = {"type": "MessageReceived", "remote_id": webhooks.wamid(), "number_id": chat.number.remote_id, "at":
            receipt.received_at.isoformat(), "kind": "text", "text": text, "sender": {"phone": chat.phone}}  # fmt: skip
    return InboundEvent.objects.create(receipt=receipt, account=chat.number.account, key=data["remote_id"], data=data,
                                       name="MessageReceived", person=chat.phone, state="failed", attempts=5)  # fmt: skip


def test_replaying_everything_that_took_effect_changes_nothing(ana: Chat, operator: User) -> None:
    ana.say("menu")
    before = (Message.objects.count(), OutboundMessage.objects.count(), InboundEvent.objects.count())
    receipts = list(Receipt.objects.all())
    failed = [services.replay_receipt(receipt=receipt, by=operator) for receipt in receipts]
    work()
    assert (Message.objects.count(), OutboundMessage.objects.count(), InboundEvent.objects.count()) == before
    assert failed == [0] * len(receipts)
    assert not Receipt.objects.exclude(state="parsed").exists()
    assert Entry.objects.filter(name="receipt.replayed").count() == len(receipts)


def test_what_was_set_aside_takes_effect_once_however_often_it_is_replayed(ana: Chat, operator: User) -> None:
    ana.say("menu")
    event = fail(ana, "hello")
    for _time in range(3):
        services.replay_receipt(receipt=event.receipt, by=operator)
        work()
    event.refresh_from_db()
    assert event.state == "done"
    assert Message.objects.filter(remote_id=event.key).count() == 1


def test_a_piece_that_can_be_read_after_an_update_is_an_event_then(ana: Chat, operator: User) -> None:
    """The update is played by mending the stored body: what was unreadable is gone, and its event is there."""
    piece = broken(ana)
    ana.send(piece)
    receipt, event = Receipt.objects.get(), InboundEvent.objects.get(name="unreadable")
    services.replay_event(event=event, by=operator)
    work()
    assert InboundEvent.objects.get(name="unreadable").state == "failed"  # still unreadable: set aside anew
    mended = {**piece, "timestamp": "1767225600", "text": {"body": "menu"}}
    Receipt.objects.filter(pk=receipt.pk).update(body=json.dumps(webhooks.inbound(ana.number, mended)).encode())
    services.replay_receipt(receipt=receipt, by=operator)
    work()
    assert not InboundEvent.objects.filter(name="unreadable").exists()
    assert Message.objects.get().remote_id == piece["id"]


def test_only_who_may_replays_and_only_what_was_set_aside(ana: Chat, operator: User) -> None:
    ana.say("menu")
    event, nobody = fail(ana, "one"), make_user("nobody")
    with pytest.raises(NotPermittedError):
        services.replay_receipt(receipt=event.receipt, by=nobody)
    with pytest.raises(NotPermittedError):
        services.replay_event(event=event, by=nobody)
    assert InboundEvent.objects.filter(state="failed").count() == 1
    with pytest.raises(RecadoError, match="set aside"):
        services.replay_event(event=InboundEvent.objects.get(state="done"), by=operator)
    assert not Entry.objects.filter(name__endswith=".replayed").exists()


def test_an_emptied_receipt_cannot_be_replayed(ana: Chat, operator: User) -> None:
    ana.say("menu")
    receipt = Receipt.objects.get()
    Receipt.objects.update(body=b"", emptied_at=receipt.received_at)
    receipt.refresh_from_db()
    with pytest.raises(RecadoError, match="removed"):
        services.replay_receipt(receipt=receipt, by=operator)
    assert Receipt.objects.get().state == "parsed"


# --- the screens ------------------------------------------------------------------------------------------------------


def post_action(desk: Client, model: str, action: str, ids: list[int], **more: str) -> Any:
    data = {"action": action, "_selected_action": [str(pk) for pk in ids], "index": "0", "select_across": "0", **more}
    return desk.post(f"/admin/inbox/{model}/", data, follow=True)


def test_the_list_asks_with_counts_before_it_replays(ana: Chat, desk: Client) -> None:
    ana.say("menu")
    event = fail(ana, "hello")
    Receipt.objects.create(
        account=ana.number.account, key="gone", body=b"", emptied_at=event.created_at, state="parsed"
    )
    ids = list(Receipt.objects.values_list("pk", flat=True))
    page = post_action(desk, "receipt", "inbox.replay", ids).content.decode()
    assert "Replay: 1 row" in page
    assert "1 × Its body was removed when its time was over." in page
    event.refresh_from_db()
    assert event.state == "failed"
    page = post_action(
        desk, "receipt", "inbox.replay", ids, confirmed="yes", seen=seen(Preview(sorted(ids), False, 1, []))
    ).content.decode()
    assert "Done: 1 row." in page
    event.refresh_from_db()
    assert event.state == "pending"
    assert Entry.objects.get(name="receipt.replayed").actor_label


def test_events_are_tried_again_from_their_list(ana: Chat, desk: Client) -> None:
    ana.say("menu")
    events = [fail(ana, "one").pk, fail(ana, "two").pk, InboundEvent.objects.get(state="done").pk]
    page = post_action(desk, "inboundevent", "inbox.try_again", events, select_across="1").content.decode()
    assert "Try again: 2 rows" in page
    assert "1 × Only what was set aside can be tried again." in page
    shown = seen(Preview(sorted(events), False, 2, []))
    post_action(desk, "inboundevent", "inbox.try_again", events[:1], select_across="1", confirmed="yes", seen=shown)
    assert InboundEvent.objects.filter(state="pending").count() == 2
    assert Entry.objects.filter(name="event.replayed").count() == 2


def test_who_only_reads_has_no_such_action(ana: Chat) -> None:
    ana.say("menu")
    event = fail(ana, "one")
    client = Client()
    client.force_login(make_user("auditor", roles=["Auditor"]))
    for name, action, pk in (("inboundevent", "try_again", event.pk), ("receipt", "replay", event.receipt_id)):
        shown = seen(Preview([pk], False, 1, []))
        post_action(client, name, f"inbox.{action}", [pk], confirmed="yes", seen=shown)
    assert client.get(f"/admin/inbox/receipt/{event.receipt_id}/body/").status_code in {302, 403, 404}
    event.refresh_from_db()
    assert event.state == "failed"
    assert not Entry.objects.filter(name__endswith=".replayed").exists()


@pytest.mark.parametrize("body", [
    b'{"text": "<script>alert(1)</script>"}', b"<script>alert(1)</script>", b"[" * 100_000, b"\xff\xfe\x00",
    b'{"a": ' + b"9" * 10_000 + b"}",
])  # fmt: skip
def test_a_hostile_body_is_shown_as_text_cut_and_offered_as_a_file(number: Number, desk: Client, body: bytes) -> None:
    webhooks.post(number.account, body)
    work()
    receipt = Receipt.objects.get()
    answer = desk.get(f"/admin/inbox/receipt/{receipt.pk}/change/")
    assert answer.status_code == 200
    assert b"<script>alert" not in answer.content
    assert len(answer.content) < 300_000
    saved = desk.get(f"/admin/inbox/receipt/{receipt.pk}/body/")
    assert saved.content == body
    assert saved["Content-Disposition"].startswith("attachment")
    assert saved["X-Content-Type-Options"] == "nosniff"
    assert Entry.objects.filter(name="receipt.downloaded", subject_id=str(receipt.pk)).exists()


def test_a_poison_event_is_shown_with_its_error_and_what_to_do(ana: Chat, desk: Client) -> None:
    ana.say("menu")
    event = fail(ana, "hello")
    InboundEvent.objects.filter(pk=event.pk).update(error="RuntimeError('cannot')")
    listed = desk.get("/admin/inbox/inboundevent/?state__exact=failed").content.decode()
    assert "RuntimeError" in listed
    page = desk.get(f"/admin/inbox/inboundevent/{event.pk}/change/").content.decode()
    assert "press Try again" in page
    page = desk.get(f"/admin/inbox/receipt/{event.receipt_id}/change/").content.decode()
    assert "1 of its events was set aside" in page
    assert "Events set aside" in desk.get("/admin/").content.decode()
