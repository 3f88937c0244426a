"""Files of messages: fetched at once, held against the carrier's digest, examined, and their absence said in words."""

import base64
import hashlib
import io
from pathlib import Path
from typing import Any

import pytest
import responses
from PIL import Image

from apps.conversations import read_marks, thread
from apps.conversations.models import Conversation, Message
from apps.core.errors import TryLater
from apps.files.models import Doubt, File, Thumbnail
from apps.providers.models import Account
from tests import webhooks
from tests.chat import Chat
from tests.factories import make_account, make_contact, make_employee, make_number

pytestmark = pytest.mark.django_db

BASE = "https://graph.facebook.com/v23.0"
URL = "https://lookaside.fbsbx.com/whatsapp_business/attachments/?mid=1"


@pytest.fixture(autouse=True)
def media(settings, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


@pytest.fixture
def ana() -> Chat:
    number = make_number(make_account(base_url=BASE), is_default=True)
    employee = make_employee("Ana")
    make_contact(employee)
    return Chat.of(number, employee)


def picture(size: tuple[int, int] = (600, 400)) -> bytes:
    written = io.BytesIO()
    Image.new("RGB", size, "green").save(written, "JPEG")
    return written.getvalue()


def offered(content: bytes, media_id: str = "1003", **about: Any) -> None:
    """The carrier has this file."""
    digest = hashlib.sha256(content).hexdigest()
    known = {
        "url": URL,
        "mime_type": "image/jpeg",
        "sha256": digest,
        "file_size": len(content),
        "id": media_id,
        **about,
    }
    responses.get(f"{BASE}/{media_id}", json=known)
    responses.get(URL, body=content)


def sent(chat: Chat, kind: str = "image", *, sha256: str = "", **part: Any) -> Message:
    """The person sends a file; the message as it was kept."""
    body = {"id": "1003", "mime_type": "image/jpeg", "sha256": sha256, **part}
    chat.send(webhooks.message(chat.phone, type=kind, **{kind: body}))
    return Message.objects.latest("id")


@responses.activate
def test_a_photo_is_fetched_examined_and_has_its_small_copy(ana: Chat) -> None:
    offered(picture())
    digest = base64.b64encode(hashlib.sha256(picture()).digest()).decode()
    message = sent(ana, sha256=digest, caption="The leak")
    file = File.objects.get()
    assert (file.kind, file.doubt, file.owner_id) == ("image/jpeg", "", str(message.pk))
    assert Thumbnail.objects.get().source == file.sha256
    assert message.payload["files"] == [file.pk]


@responses.activate
@pytest.mark.parametrize(("content", "kind", "doubt"), [
    (b"<svg xmlns='http://www.w3.org/2000/svg'><script>1</script></svg>", "image", Doubt.ACTIVE),
    (b"MZ\x90\0" + b"\0" * 64, "document", Doubt.PROGRAM),
    (b"%PDF-1.4\n", "image", Doubt.DISGUISED),
    (picture()[:300], "image", Doubt.BROKEN),
])  # fmt: skip
def test_the_senders_word_for_a_type_counts_for_nothing(ana: Chat, content: bytes, kind: str, doubt: str) -> None:
    offered(content)
    message = sent(ana, kind)
    assert File.objects.get().doubt == doubt
    (line,) = [one for one in thread.lines(message.conversation) if not one.is_ours]
    assert line.attachments[0].warning
    assert line.attachments[0].sort == "document"


@responses.activate
def test_other_bytes_than_the_webhook_announced_are_kept_with_a_doubt(ana: Chat) -> None:
    offered(picture())
    offered(picture())
    sent(ana, sha256=base64.b64encode(hashlib.sha256(b"another").digest()).decode())
    assert File.objects.get().doubt == Doubt.DAMAGED


@responses.activate
@pytest.mark.parametrize(("answer", "words"), [
    ({"status": 404, "json": {"error": {"code": 100, "error_subcode": 33, "message": "gone"}}}, "no longer at WhatsApp"),
    ({"json": {"url": "https://evil.example/x", "file_size": 5}}, "could not be fetched"),
    ({"json": {"url": URL, "file_size": 200 * 1024**2}}, "could not be fetched"),
])  # fmt: skip
def test_a_file_that_cannot_be_had_is_said_and_the_message_goes_on(
    ana: Chat, answer: dict[str, Any], words: str
) -> None:  # fmt: skip
    responses.get(f"{BASE}/1003", **answer)
    message = sent(ana)
    assert message.handled_by
    (line,) = [one for one in thread.lines(message.conversation) if not one.is_ours]
    assert words in " ".join(line.notes)
    assert not File.objects.exists()


@responses.activate
def test_a_file_larger_than_its_kind_may_be_is_not_kept_and_that_is_said(ana: Chat) -> None:
    offered(b"\xff\xd8\xff\xe0" + b"\0" * (5 * 1024**2))
    message = sent(ana)
    assert message.payload["extra"]["file_problem"] == "file_too_large"
    (line,) = [one for one in thread.lines(message.conversation) if not one.is_ours]
    assert "larger than" in line.notes[0]


@responses.activate
def test_equal_photos_of_two_messages_are_stored_once(ana: Chat, media: Path) -> None:
    offered(picture())
    sent(ana)
    sent(ana)
    assert File.objects.count() == 2
    assert len({file.sha256 for file in File.objects.all()}) == 1
    assert len([path for path in media.rglob("*") if path.is_file()]) == 2  # the photo and its small copy


# --- blue ticks -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("choice", "is_told"), [("never", False), ("opened", False), ("taken_up", True)])
def test_a_message_that_was_taken_up_is_marked_where_the_account_says_so(ana: Chat, choice: str, is_told: bool) -> None:
    Account.objects.update(read_marks=choice)
    ana.number.account.refresh_from_db()
    ana.say("menu")
    assert (Conversation.objects.get().marked_read_at is not None) == is_told


def test_a_stranger_is_not_told_that_they_were_read(ana: Chat) -> None:
    Account.objects.update(read_marks="taken_up")
    stranger = Chat(ana.number, make_contact(phone="+5511912345678"))
    stranger.say("hello?")
    assert Conversation.objects.get(contact=stranger.contact).marked_read_at is None


@responses.activate
def test_the_newest_message_is_marked_and_a_refusal_is_forgotten(ana: Chat) -> None:
    ana.say("one")
    ana.say("two")
    conversation = Conversation.objects.get()
    newest = conversation.messages.latest("id").remote_id
    responses.post(f"{BASE}/{ana.number.remote_id}/messages", json={"success": True})
    assert read_marks.tell(conversation_id=conversation.pk, is_typing=False)
    assert newest.encode() in (responses.calls[0].request.body or b"")  # type: ignore[operator]
    responses.reset()
    responses.post(f"{BASE}/{ana.number.remote_id}/messages", body=TryLater("down"))
    assert not read_marks.tell(conversation_id=conversation.pk, is_typing=True)
    assert not read_marks.tell(conversation_id=987654, is_typing=True)
