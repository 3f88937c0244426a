"""What the desk reads of a chat: files, places, cards, quotations, reactions, edits, deletions, and what cannot be shown."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from apps.conversations import services, thread
from apps.conversations.models import Message
from apps.conversations.thread import Line
from apps.core import clock
from apps.files import services as files
from apps.outbox.models import OutboundMessage
from apps.providers.meta_cloud import webhooks
from apps.providers.types import ContactCard, ContactCards, MediaMessage, MessageReceived, Place, ReactionMessage, Text
from tests.conversations.talk import Phone
from tests.factories import make_user
from tests.files.test_doubts import EXE, picture

pytestmark = pytest.mark.django_db

PAYLOADS = Path(__file__).parents[1] / "payloads" / "meta_cloud"


@pytest.fixture(autouse=True)
def media(settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def phone() -> Phone:
    return Phone()


def lines(phone: Phone) -> list[Line]:
    return thread.lines(phone.conversation)


def page(phone: Phone) -> str:
    client = Client()
    client.force_login(make_user(is_superuser=True))
    return client.get(reverse("admin:conversations_conversation_change", args=[phone.conversation.pk])).content.decode()


def say(phone: Phone, said: Any, key: str, /, **values: Any) -> OutboundMessage:
    sent = services.say(conversation=phone.conversation, key=key, caused_by=None, content=said)
    OutboundMessage.objects.filter(pk=sent.pk).update(**{"state": "sent", "remote_id": f"wamid.{key}", **values})
    sent.refresh_from_db()
    return sent


def recorded(phone: Phone, name: str) -> Message:
    """A message as Meta's recorded webhook brings it, from this phone."""
    (piece,) = webhooks.parse((PAYLOADS / f"{name}.json").read_bytes())
    event = piece.event  # type: ignore[union-attr]
    assert isinstance(event, MessageReceived)
    message, _new = services.record_inbound(
        number=phone.conversation.number, contact=phone.speaker.contact, event=event, files=[]
    )
    return message


# --- what they send ---------------------------------------------------------------------------------------------------


def test_files_are_shown_as_what_they_are(phone: Phone) -> None:
    for content, name, kind in (
        (picture(), "leak.jpg", "image"), (b"OggS\0\2" + b"\0" * 20 + b"OpusHead", "note.ogg", "audio"),
        (b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom", "pump.mp4", "video"), (b"%PDF-1.4\n%%EOF", "offer.pdf", "document"),
        (EXE, "invoice.pdf", "document"), (b"<script>alert(1)</script>", "<b>.html", "document"),
    ):  # fmt: skip
        phone.record(kind=kind, photos=[files.store(content=content, name=name, claimed=kind)])
    assert [line.attachments[0].sort for line in lines(phone)] == [
        "picture", "audio", "video", "document", "document", "document",
    ]  # fmt: skip
    shown = page(phone)
    for words in ("<audio controls", "<video controls", "/small/", "leak.jpg", "offer.pdf", "This file is a program",
                  "&lt;b&gt;.html"):  # fmt: skip
        assert words in shown, words
    assert "alert(1)" not in shown


def test_a_voice_note_is_named_and_a_file_that_never_came_says_why(phone: Phone) -> None:
    message = recorded(phone, "in_voice_note")
    (line,) = lines(phone)
    assert line.notes[0] == "voice message"
    assert "could not be fetched" in line.notes[1]
    for problem, words in (("file_too_large", "larger than"), ("media_gone", "no longer at WhatsApp")):
        message.payload["extra"] = {"file_problem": problem}
        message.save()
        assert words in lines(phone)[0].notes[1]


def test_a_place_has_coordinates_and_a_link_and_loads_nothing(phone: Phone) -> None:
    phone.record(kind="location", place=Place(-23.561414, -46.655881, '"><script>', "Av. Paulista"))
    shown = page(phone)
    assert "-23.56141, -46.65588" in shown
    assert "https://www.openstreetmap.org/?mlat=-23.561414&amp;mlon=-46.655881#map=17/-23.561414/-46.655881" in shown
    assert 'rel="noopener noreferrer"' in shown
    assert "&quot;&gt;&lt;script&gt;" in shown
    assert "<img" not in shown[shown.index('id="thread"') :]


def test_contact_cards_are_text(phone: Phone) -> None:
    recorded(phone, "in_contacts")
    (line,) = lines(phone)
    (card,) = line.cards
    assert (card.name, card.company, card.phones) == ("Lucía Gómez", "Google", ["+1 (983) 555-2319"])
    assert line.bubble["body"] == ""
    assert "+1 (983) 555-2319" in page(phone)


@pytest.mark.parametrize("cards", [
    None, "x", 5, [], [None, 1, "x"], [{}], [{"name": "Ana", "org": 1, "phones": "1"}],
    [{"name": {"formatted_name": ["x"]}, "phones": [None, {"phone": {"x": 1}}]}],
])  # fmt: skip
def test_cards_that_are_none_break_nothing(phone: Phone, cards: object) -> None:
    phone.record(kind="contacts", text="Ana", extra={"contacts": cards})
    assert len(lines(phone)) == 1
    assert page(phone)


@pytest.mark.parametrize(("name", "words"), [
    ("in_unsupported", "does not hand on"), ("in_unsupported_with_type", "A poll"), ("in_order", "An order"),
    ("in_sticker", "could not be fetched"), ("in_location_named", "Facebook HQ"), ("in_image", "Taj Mahal"),
    ("in_flow_nfm_reply", "Sent"), ("in_interactive_malformed_with_errors", "does not hand on"),
])  # fmt: skip
def test_every_kind_of_message_is_said_in_words(phone: Phone, name: str, words: str) -> None:
    recorded(phone, name)
    assert words in page(phone)


def test_every_recorded_message_can_be_shown(phone: Phone) -> None:
    for path in sorted(PAYLOADS.glob("in_*.json")):
        for piece in webhooks.parse(path.read_bytes()):
            event = getattr(piece, "event", None)
            if isinstance(event, MessageReceived):
                services.record_inbound(
                    number=phone.conversation.number, contact=phone.speaker.contact, event=event, files=[]
                )
    assert len(lines(phone)) >= 3
    assert page(phone)


# --- quotations and reactions -----------------------------------------------------------------------------------------


def test_a_quoted_message_stands_above_its_answer(phone: Phone) -> None:
    asked = say(phone, Text("Which floor?"), "asked")
    theirs, _event, _files = phone.record(text="The third", quoted_id=asked.remote_id)
    say(phone, Text("Thanks"), "thanks", in_reply_to=theirs.remote_id)
    phone.record(text="And?", quoted_id="wamid.long-ago")
    shown = {line.bubble["body"]: line for line in lines(phone)}
    assert (shown["The third"].quote, shown["The third"].quotes_us) == ("Which floor?", True)
    assert (shown["Thanks"].quote, shown["Thanks"].quotes_us) == ("The third", False)
    assert shown["And?"].quote == "an older message"


def test_a_reaction_stands_on_its_message_until_it_is_taken_back(phone: Phone) -> None:
    asked = say(phone, Text("Done?"), "asked")
    for emoji in ("👍", "❤️"):
        phone.record(kind="reaction", text=emoji, quoted_id=asked.remote_id)
    (line,) = lines(phone)
    assert line.reactions == [("❤️", phone.employee.name)]
    phone.record(kind="reaction", text="", quoted_id=asked.remote_id)
    (line,) = lines(phone)
    assert line.reactions == []


def test_a_reaction_to_what_is_not_on_the_page_is_a_line(phone: Phone) -> None:
    phone.record(kind="reaction", text="👍", quoted_id="wamid.long-ago")
    (line,) = lines(phone)
    assert line.notes == ["reacted to an older message: 👍"]


def test_our_reaction_stands_on_theirs_and_a_failed_one_says_why(phone: Phone) -> None:
    theirs, _event, _files = phone.record(text="Fixed it")
    say(phone, ReactionMessage(theirs.remote_id, "👍"), "one", data={"by": "Bia"})
    (line,) = lines(phone)
    assert line.reactions == [("👍", "Bia")]
    say(phone, ReactionMessage(theirs.remote_id, "❤️"), "two", state="failed", error_text="It was refused.")
    shown = lines(phone)
    assert shown[0].reactions == [("👍", "Bia")]
    assert (shown[1].is_bad, shown[1].notes) == (True, ["It was refused."])


def test_a_link_that_somebody_pastes_speaks_for_them_to_nobody(phone: Phone) -> None:
    link = "https://desk/f/w1.a." + "0" * 32 + "." + "f" * 22 + "/"
    message, _event, _files = phone.record(text=f"this one? {link}")
    services.record_edit(
        original_id=message.remote_id, text=f"or {link}", at=clock.now(), account=phone.conversation.number.account
    )
    (line,) = lines(phone)
    assert (line.before, line.bubble["body"]) == ("this one? https://desk/f/•••/", "or https://desk/f/•••/")
    assert not Message.objects.filter(text__contains="w1.").exists()


# --- edits, deletions, ours -------------------------------------------------------------------------------------------


def test_an_edit_shows_what_is_said_now_and_what_was_said_before(phone: Phone) -> None:
    message, _event, _files = phone.record(text="Room 12")
    account = phone.conversation.number.account
    services.record_edit(original_id=message.remote_id, text="Room 21", at=clock.now(), account=account)
    (line,) = lines(phone)
    assert (line.bubble["body"], line.before) == ("Room 21", "Room 12")
    services.record_revoke(original_id=message.remote_id, at=clock.now(), account=account)
    say(phone, Text("Sorry?"), "sorry", in_reply_to=message.remote_id)
    first, second = lines(phone)
    assert first.is_gone
    assert second.quote == "a message that was deleted"
    assert "deleted by the person" in page(phone)


def test_what_we_sent_is_shown_with_its_file_or_card(phone: Phone) -> None:
    file = files.store(content=picture(), name="plan.jpg", owner=phone.conversation)
    say(phone, MediaMessage("image", file.pk, "The plan", "plan.jpg"), "plan")
    say(phone, ContactCards((ContactCard("Ana Lima", ("+5511",), "Plumbers"),)), "card")
    first, second = lines(phone)
    assert (first.attachments[0].sort, first.bubble["body"]) == ("picture", "The plan")
    assert (second.cards[0].name, second.bubble["body"]) == ("Ana Lima", "")


def test_a_row_of_another_release_breaks_nothing(phone: Phone) -> None:
    for n, content in enumerate(({"type": "Hologram"}, {"type": "Text", "words": 1}, {"no": "type"})):
        say(phone, Text("x"), f"k{n}", content=content, given={}, text=f"text {n}")
    assert [line.bubble["body"] for line in lines(phone)] == ["text 0", "text 1", "text 2"]


def test_a_long_thread_costs_as_many_queries_as_a_short_one(phone: Phone, django_assert_num_queries: Any) -> None:
    for n in range(3):
        message, _event, _files = phone.record(kind="image", photos=[files.store(content=picture(size=(9, 9 + n)))])
        say(phone, Text("x"), f"k{n}", in_reply_to=message.remote_id)
    phone.conversation.contact.employee  # noqa: B018 - loaded as the admin loads it
    with django_assert_num_queries(4):  # messages, outgoing, files, thumbnails
        assert len(lines(phone)) == 6


def test_a_thread_ends_with_the_newest(phone: Phone) -> None:
    message, _event, _files = phone.record(text="old")
    Message.objects.filter(pk=message.pk).update(received_at=clock.now() - timedelta(days=3))
    phone.record(text="new")
    assert [line.bubble["body"] for line in lines(phone)] == ["old", "new"]
