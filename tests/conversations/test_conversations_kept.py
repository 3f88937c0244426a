"""What came in is kept once; what we say goes out once; the screens show both sides."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from apps.conversations import services
from apps.conversations.models import Conversation, Dialogue, MenuItem
from apps.conversations.targets import Opening, Reply
from apps.core import clock
from apps.files import services as files
from apps.journal.models import Entry
from apps.outbox.models import OutboundMessage
from apps.providers.types import Buttons, MessageReceived, Place, ReplyButton, Sender
from tests.conversations.talk import Phone
from tests.factories import make_account, make_contact, make_employee, make_team, make_user, the_number

pytestmark = pytest.mark.django_db


def event(remote_id: str = "wamid.1", **values: object) -> MessageReceived:
    given = {
        "number_id": "n",
        "sender": Sender(phone="+5511"),
        "at": clock.now(),
        "kind": "text",
        "text": "Hi",
        **values,
    }
    return MessageReceived(remote_id=remote_id, **given)  # type: ignore[arg-type]


def test_a_message_is_kept_once_per_conversation_and_wamid() -> None:
    contact, number = make_contact(make_employee()), the_number()
    first, is_new = services.record_inbound(number=number, contact=contact, event=event())
    again, is_new_again = services.record_inbound(number=number, contact=contact, event=event(text="changed"))
    assert (first.pk, is_new, is_new_again) == (again.pk, True, False)
    assert again.text == "Hi"
    assert Conversation.objects.get().last_inbound_at is not None
    assert Entry.objects.filter(name="message.received").count() == 1


def test_a_message_is_kept_without_what_a_database_refuses() -> None:
    message, _new = services.record_inbound(
        number=the_number(),
        contact=make_contact(),
        event=event(text="a\x00b", extra={"raw\x00": ["\x00", {"x": "y\ud800"}]}),
    )
    message.refresh_from_db()
    assert (message.text, message.payload) == ("ab", {"extra": {"raw": ["", {"x": "y"}]}})


def test_files_that_came_along_belong_to_their_message() -> None:
    file = files.store(content=b"\xff\xd8\xff\xe0", name="x.jpg")
    message, _new = services.record_inbound(
        number=the_number(), contact=make_contact(), event=event(kind="image"), files=[file]
    )
    file.refresh_from_db()
    assert (file.owner_type, file.owner_id) == ("conversations.message", str(message.pk))
    assert message.payload["files"] == [file.pk]


def test_an_edit_and_a_deletion_are_kept_beside_the_message_and_only_by_its_account() -> None:
    number = the_number()
    message, _new = services.record_inbound(number=number, contact=make_contact(), event=event())
    now = clock.now()
    assert services.record_edit(original_id="wamid.1", text="Other", at=now, account=make_account()) is None
    services.record_edit(original_id="wamid.1", text="Newer", at=now, account=number.account)
    services.record_edit(original_id="wamid.1", text="Older", at=now - timedelta(minutes=1), account=number.account)
    services.record_revoke(original_id="wamid.1", at=now, account=number.account)
    message.refresh_from_db()
    assert (message.text, message.edited_text, message.revoked_at) == ("Hi", "Newer", now)
    assert services.record_revoke(original_id="nobody", at=now, account=number.account) is None


def test_the_same_key_says_it_once_and_counts_as_a_reply() -> None:
    phone = Phone("es")
    message, _event, _files = phone.record(text="hola")
    for _n in range(2):
        services.say(conversation=phone.conversation, text="Hola", key="k", caused_by=message)
    said = OutboundMessage.objects.get()
    assert (said.text, said.is_reply, said.language) == ("Hola", True, "es")


def test_a_reply_that_opens_a_dialogue_is_one_message_unless_it_is_long() -> None:
    schema = {"fields": [{"key": "a", "kind": "text", "question": {"en": "Why?"}}]}
    short, long = Phone(), Phone()
    for phone, text in ((short, "Rejected."), (long, "Rejected. " * 40)):
        message, _event, _files = phone.record(text="x")
        services.deliver(
            speaker=phone.speaker,
            reply=Reply(text, Opening("t", schema=schema)),
            caused_by=message,
            key=f"k{message.pk}",
        )
    assert len(short.outbox) == 1
    assert short.said.startswith("Rejected.\n\nWhy?")
    assert len(long.outbox) == 2
    assert long.said.startswith("Why?")


def test_somebody_without_an_address_is_not_notified_and_the_journal_says_so() -> None:
    employee = make_employee()
    assert services.notify(kind="conversations.reply", to=employee, data={"text": "x"}, key="n") is None
    entry = Entry.objects.get(name="notice.not_sent")
    assert (entry.subject_id, entry.after["why"]) == (str(employee.pk), "no_contact")


def test_somebody_with_an_address_is_notified() -> None:
    phone = Phone()
    sent = services.notify(kind="conversations.reply", to=phone.employee, data={"text": "Hello"}, key="n")
    assert sent is not None
    assert sent.contact == phone.speaker.contact


# --- screens ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def desk(client: Client) -> Client:
    client.force_login(make_user(is_superuser=True))
    return client


def test_a_conversation_is_shown_as_one_thread(desk: Client) -> None:
    phone = Phone()
    message, _event, _files = phone.record(text="The <b>tap</b> drips", is_forwarded=True)
    phone.record(kind="location", place=Place(-23.5, -46.6, name="HQ"))
    phone.record(kind="image", photos=[files.store(content=b"\xff\xd8\xff\xe0", name="leak.jpg")])
    services.say(conversation=phone.conversation, text="", key="k", caused_by=message,
                 content=Buttons("Take it?", (ReplyButton("d.1.a.yes", "Take"),)))  # fmt: skip
    services.record_edit(original_id=message.remote_id, text="The sink drips", at=clock.now(),
                         account=phone.conversation.number.account)  # fmt: skip
    services.record_revoke(original_id=message.remote_id, at=clock.now(), account=phone.conversation.number.account)
    page = desk.get(reverse("admin:conversations_conversation_change", args=[phone.conversation.pk])).content.decode()
    for shown in ("The &lt;b&gt;tap&lt;/b&gt; drips", "The sink drips", "deleted by the person", "forwarded", "HQ", "leak.jpg",
                  "Take it?", ">Take<"):  # fmt: skip
        assert shown in page, shown
    assert page.index("drips") < page.index("Take it?")


def test_an_empty_conversation_says_what_it_waits_for(desk: Client) -> None:
    phone = Phone()
    page = desk.get(reverse("admin:conversations_conversation_change", args=[phone.conversation.pk])).content.decode()
    assert "Nothing has been said yet" in page
    assert desk.get(reverse("admin:conversations_conversation_changelist")).status_code == 200


def test_a_manager_sees_only_the_conversations_of_their_people(client: Client) -> None:
    lead, mine, other = make_employee(), Phone(), Phone()
    make_team(leads=[lead], members=[mine.employee])
    user = make_user(employee=lead)
    user.user_permissions.add(*Permission.objects.filter(codename__in=["view_conversation", "view_dialogue"]))
    client.force_login(user)
    page = client.get(reverse("admin:conversations_conversation_changelist")).content.decode()
    assert mine.employee.name in page
    assert other.employee.name not in page
    foreign = client.get(reverse("admin:conversations_conversation_change", args=[other.conversation.pk]))
    assert foreign.status_code == 302


def test_an_operator_cancels_a_dialogue_by_its_button(desk: Client) -> None:
    phone = Phone()
    opened = phone.open({"fields": [{"key": k, "kind": "text", "question": {"en": "?"}} for k in "ab"]})
    page = reverse("admin:conversations_dialogue_change", args=[opened.pk])
    press = reverse("admin:conversations_dialogue_cancel_dialogue", args=[opened.pk])
    assert press in desk.get(page).content.decode()
    desk.get(press)  # a link preview changes nothing
    opened.refresh_from_db()
    assert opened.state == Dialogue.State.OPEN
    desk.post(press)
    opened.refresh_from_db()
    assert opened.state == Dialogue.State.CANCELLED
    entry = Entry.objects.get(name="dialogue.cancelled")
    assert entry.actor_kind == "user"
    assert press not in desk.get(page).content.decode()


def test_a_menu_row_is_made_from_typed_inputs(desk: Client) -> None:
    page = desk.get(reverse("admin:conversations_menuitem_add")).content.decode()
    assert 'name="label_pt_br"' in page
    assert '<select name="target"' in page
    item = MenuItem.objects.create(target="gone", label={"en": "Gone"})
    assert "leads nowhere" in desk.get(reverse("admin:conversations_menuitem_changelist")).content.decode()
    assert (
        "no longer there" in desk.get(reverse("admin:conversations_menuitem_change", args=[item.pk])).content.decode()
    )


def test_a_label_too_long_for_whatsapp_is_refused(desk: Client) -> None:
    MenuItem.objects.create(target="gone", label={"en": "Gone"})
    item = MenuItem.objects.get()
    data = {"order": "0", "label_en": "x" * 25, "target": "gone", "is_shown": "on"}
    answer = desk.post(reverse("admin:conversations_menuitem_change", args=[item.pk]), data)
    assert answer.status_code == 200
    assert "at most 24" in answer.content.decode()
