"""The desk answers: who may, what leaves, what waits, what is refused, and that nothing leaves twice."""

import io
from datetime import timedelta
from pathlib import Path

import pytest
from django.contrib.auth.models import Permission
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from PIL import Image

from apps.contacts.models import Contact, Window
from apps.conversations import answering
from apps.conversations.answering import Draft, Upload
from apps.core import clock
from apps.core.errors import InvalidInputError, NotPermittedError
from apps.files.models import File
from apps.journal.models import Entry
from apps.outbox.models import OutboundMessage
from apps.people.models import User
from apps.providers.types import LocationMessage, MediaMessage, ReactionMessage, Text, from_json
from tests.conversations.talk import Phone
from tests.factories import make_employee, make_team, make_user

pytestmark = pytest.mark.django_db
TOKEN = "a-token-of-a-form"


@pytest.fixture(autouse=True)
def media(settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def phone() -> Phone:
    return Phone()


@pytest.fixture
def hr() -> User:
    return make_user(roles=["HR"], employee=make_employee("Bia Costa"))


def picture(form: str = "PNG", size: tuple[int, int] = (40, 30)) -> bytes:
    written = io.BytesIO()
    Image.new("RGB", size, "green").save(written, form)
    return written.getvalue()


def close_window() -> None:
    Window.objects.update(last_inbound_at=clock.now() - timedelta(hours=25))


def contents() -> list[object]:
    return [from_json(row.content or row.given) for row in OutboundMessage.objects.order_by("id")]


# --- what leaves ------------------------------------------------------------------------------------------------------


def test_an_answer_leaves_with_its_author_and_its_quotation(phone: Phone, hr: User) -> None:
    asked, _event, _files = phone.record(text="When is my holiday?")
    draft = Draft(TOKEN, text=" On the 12th. ", quoting=asked.remote_id)
    (sent,) = answering.answer(conversation=phone.conversation, draft=draft, by=hr)
    assert (sent.state, sent.text, sent.in_reply_to) == ("queued", "On the 12th.", asked.remote_id)
    assert (sent.kind, sent.data["by"]) == ("conversations.answer", "Bia Costa")
    entry = Entry.objects.get(name="conversation.answered")
    assert (entry.actor_kind, entry.actor_id, entry.after["messages"]) == ("user", str(hr.pk), [sent.pk])


def test_the_same_form_sent_twice_is_one_message(phone: Phone, hr: User) -> None:
    draft = Draft(TOKEN, text="Once", upload=Upload(picture(), "a.png"), place=LocationMessage(1.0, 2.0))
    first = answering.answer(conversation=phone.conversation, draft=draft, by=hr)
    again = answering.answer(conversation=phone.conversation, draft=draft, by=hr)
    assert first == again
    assert (OutboundMessage.objects.count(), File.objects.count()) == (2, 1)
    assert Entry.objects.filter(name="conversation.answered").count() == 1


@pytest.mark.parametrize(("content", "name", "sort", "texts"), [
    (picture(), "plan.png", "image", 1),
    (picture("WEBP", (512, 512)), "smile.webp", "sticker", 2),
    (b"%PDF-1.4\n%%EOF", "offer.pdf", "document", 1),
    (b"OggS\0\2" + b"\0" * 20 + b"OpusHead", "voice.ogg", "audio", 2),
    (b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom", "tour.mp4", "video", 1),
])  # fmt: skip
def test_a_file_goes_as_what_it_is_and_its_text_beside_it(
    phone: Phone, hr: User, content: bytes, name: str, sort: str, texts: int
) -> None:
    draft = Draft(TOKEN, text="See this", upload=Upload(content, name))
    sent = answering.answer(conversation=phone.conversation, draft=draft, by=hr)
    first = contents()[0]
    assert isinstance(first, MediaMessage)
    assert (first.kind, first.filename, first.caption) == (sort, name, "See this" if texts == 1 else "")
    assert len(sent) == texts
    assert contents()[1:] == [Text("See this")][: texts - 1]


def test_a_text_too_long_for_a_caption_follows_its_file(phone: Phone, hr: User) -> None:
    draft = Draft(TOKEN, text="x" * 2000, upload=Upload(picture(), "a.png"))
    answering.answer(conversation=phone.conversation, draft=draft, by=hr)
    assert [type(content) for content in contents()] == [MediaMessage, Text]


def test_a_place_and_a_reaction_leave(phone: Phone, hr: User) -> None:
    asked, _event, _files = phone.record(text="Where?")
    place = LocationMessage(-23.5614, -46.6558, "Warehouse")
    answering.answer(conversation=phone.conversation, draft=Draft(TOKEN, place=place), by=hr)
    for token, emoji in (("token-one", "👍"), ("token-two", "")):
        answering.react(conversation=phone.conversation, message=asked, emoji=emoji, token=token, by=hr)
    answering.react(conversation=phone.conversation, message=asked, emoji="👍", token="token-one", by=hr)
    assert contents() == [place, ReactionMessage(asked.remote_id, "👍"), ReactionMessage(asked.remote_id, "")]


# --- what waits -------------------------------------------------------------------------------------------------------


def test_outside_the_24_hours_it_waits_and_says_so(phone: Phone, hr: User) -> None:
    close_window()
    (sent,) = answering.answer(conversation=phone.conversation, draft=Draft(TOKEN, text="Call me"), by=hr)
    assert (sent.state, sent.kind) == ("held", "conversations.note")
    assert not answering.standing(phone.conversation).is_open


def test_an_answer_within_the_24_hours_reaches_somebody_who_wrote_stop(phone: Phone, hr: User) -> None:
    contact = phone.speaker.contact
    contact.consents.all().delete()
    (sent,) = answering.answer(conversation=phone.conversation, draft=Draft(TOKEN, text="Yes"), by=hr)
    assert sent.state == "queued"
    close_window()
    (later,) = answering.answer(conversation=phone.conversation, draft=Draft("another-token", text="By the way"), by=hr)
    assert later.state == "held"
    assert "not agreed" in answering.standing(phone.conversation).obstacle


def test_a_reaction_does_not_wait(phone: Phone, hr: User) -> None:
    asked, _event, _files = phone.record(text="Thanks")
    close_window()
    with pytest.raises(InvalidInputError, match="cannot wait"):
        answering.react(conversation=phone.conversation, message=asked, emoji="👍", token=TOKEN, by=hr)


def test_an_address_that_is_nobodys_is_named_as_the_obstacle(phone: Phone) -> None:
    Contact.objects.update(state=Contact.State.UNLINKED)
    assert "link or reinstate" in answering.standing(phone.conversation).obstacle


# --- what is refused --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("draft", "words"), [
    (Draft(TOKEN), "Write something"),
    (Draft(TOKEN, text="  \n "), "Write something"),
    (Draft(TOKEN, text="x" * 4097), "4097"),
    (Draft("short", text="x"), "too old"),
    (Draft("x" * 65, text="x"), "too old"),
    (Draft(TOKEN, text="x", quoting="wamid.of-somebody-else"), "not of this conversation"),
    (Draft(TOKEN, place=LocationMessage(91.0, 0.0)), "Latitude"),
    (Draft(TOKEN, place=LocationMessage(float("nan"), 0.0)), "Latitude"),
    (Draft(TOKEN, upload=Upload(b"MZ\x90\0" + b"\0" * 64, "tool.pdf")), "a program"),
    (Draft(TOKEN, upload=Upload(b"<svg xmlns='http://www.w3.org/2000/svg'/>", "logo.svg")), "a page that can run"),
    (Draft(TOKEN, upload=Upload(picture()[:60], "half.png")), "broken"),
    (Draft(TOKEN, upload=Upload(b"PK\x05\x06" + b"\0" * 18, "all.zip")), "does not take files of this kind"),
    (Draft(TOKEN, upload=Upload(b"OggS\0\2" + b"x" * 17 * 1024**2, "long.ogg")), "at most 16 MB"),
    (Draft(TOKEN, upload=Upload(b"", "empty.txt")), "is empty"),
])  # fmt: skip
def test_what_cannot_be_sent_is_refused_with_a_sentence_and_leaves_nothing(
    phone: Phone, hr: User, draft: Draft, words: str
) -> None:
    with pytest.raises(InvalidInputError, match=words):
        answering.answer(conversation=phone.conversation, draft=draft, by=hr)
    assert not OutboundMessage.objects.exists()
    assert not File.objects.exists()


@pytest.mark.parametrize("emoji", ["x", "👍👍", "<b>"])
def test_a_reaction_is_one_of_ours_to_a_message_of_theirs(phone: Phone, hr: User, emoji: str) -> None:
    asked, _event, _files = phone.record(text="Hi")
    foreign, _event, _files = Phone().record(text="Hi")
    for message, sign in ((asked, emoji), (foreign, "👍")):
        with pytest.raises(InvalidInputError):
            answering.react(conversation=phone.conversation, message=message, emoji=sign, token=TOKEN, by=hr)
    asked.sent_at = clock.now() - timedelta(days=31)
    with pytest.raises(InvalidInputError, match="30 days"):
        answering.react(conversation=phone.conversation, message=asked, emoji="👍", token=TOKEN, by=hr)


@pytest.mark.parametrize("role", ["Manager", "Responder", "Auditor", "Operator", "Automation owner"])
def test_who_may_not_answer_is_refused_by_the_service(phone: Phone, role: str) -> None:
    user = make_user(roles=[role], employee=make_employee())
    with pytest.raises(NotPermittedError):
        answering.answer(conversation=phone.conversation, draft=Draft(TOKEN, text="x"), by=user)
    assert not OutboundMessage.objects.exists()


def test_a_manager_who_was_given_the_right_answers_their_own_people_only(phone: Phone) -> None:
    lead, other = make_employee(), Phone()
    make_team(leads=[lead], members=[phone.employee])
    user = make_user(employee=lead)
    names = ["view_conversation", "reply_in_conversation"]
    user.user_permissions.set(Permission.objects.filter(codename__in=names))
    user = User.objects.get(pk=user.pk)
    assert answering.answer(conversation=phone.conversation, draft=Draft(TOKEN, text="x"), by=user)
    with pytest.raises(NotPermittedError):
        answering.answer(conversation=other.conversation, draft=Draft(TOKEN, text="x"), by=user)


# --- the page ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def desk(hr: User) -> Client:
    client = Client()
    client.force_login(hr)
    return client


def address(name: str, phone: Phone) -> str:
    return reverse(f"admin:conversations_conversation_{name}", args=[phone.conversation.pk])


def test_the_page_says_until_when_one_can_write_and_sends(desk: Client, phone: Phone) -> None:
    page = desk.get(address("change", phone)).content.decode()
    assert "You can write until" in page
    answer = desk.post(
        address("answer", phone),
        {"token": TOKEN, "text": "Hello", "latitude": "-23,5", "longitude": "-46.6"},
        follow=True,
    )
    shown = answer.content.decode()
    for words in ("on its way", "Hello", "Bia Costa", "-23.50000, -46.60000", "openstreetmap.org"):
        assert words in shown, words


def test_the_page_says_what_happens_when_the_24_hours_are_over(desk: Client, phone: Phone) -> None:
    close_window()
    page = desk.get(address("change", phone)).content.decode()
    assert "ended at" in page
    assert "Send when possible" in page
    shown = desk.post(address("answer", phone), {"token": TOKEN, "text": "Hello"}, follow=True).content.decode()
    assert "It is kept and waits" in shown


def test_what_was_typed_survives_a_refusal(desk: Client, phone: Phone) -> None:
    asked, _event, _files = phone.record(text="Hi")
    file = SimpleUploadedFile("tool.exe", b"MZ\x90\0" + b"\0" * 64)
    posted = {"token": TOKEN, "text": "A <long> answer", "file": file, "latitude": "", "quoting": asked.remote_id}
    answer = desk.post(address("answer", phone), posted)
    page = answer.content.decode()
    assert answer.status_code == 200
    assert "A &lt;long&gt; answer</textarea>" in page
    assert "neither sent nor kept" in page
    assert f'name="quoting" value="{asked.remote_id}"' in page


def test_a_place_that_is_no_place_is_named(desk: Client, phone: Phone) -> None:
    page = desk.post(address("answer", phone), {"token": TOKEN, "latitude": "here", "longitude": "1"}).content.decode()
    assert "as numbers" in page
    assert 'value="here"' in page


def test_a_link_changes_nothing(desk: Client, phone: Phone) -> None:
    for name in ("answer", "react"):
        assert desk.get(address(name, phone)).status_code == 302
    assert desk.get(address("seen", phone)).status_code == 404
    assert not OutboundMessage.objects.exists()


def test_a_reaction_is_posted_from_its_bubble(desk: Client, phone: Phone) -> None:
    asked, _event, _files = phone.record(text="Done!")
    page = desk.post(
        address("react", phone), {"token": TOKEN, "message": asked.pk, "emoji": "👍"}, follow=True
    ).content.decode()
    assert "on its way" in page
    for wrong in ("9" * 30, "x", ""):
        assert "gone" in desk.post(address("react", phone), {"token": TOKEN, "message": wrong}).content.decode()


def test_a_quotation_works_without_a_script(desk: Client, phone: Phone) -> None:
    asked, _event, _files = phone.record(text="When?")
    page = desk.get(f"{address('change', phone)}?quote={asked.pk}").content.decode()
    assert f'name="quoting" value="{asked.remote_id}"' in page


def test_who_may_only_read_sees_no_form(phone: Phone) -> None:
    client = Client()
    client.force_login(make_user(roles=["Auditor"], employee=make_employee()))
    page = client.get(address("change", phone)).content.decode()
    assert 'id="thread"' in page
    assert 'id="answer"' not in page
    assert client.post(address("seen", phone)).status_code == 403
