"""The adapter and the pretend WhatsApp must speak the same language: real HTTP both ways, nothing mocked."""

import pytest

from apps.core.errors import Refused
from apps.files import content_type
from apps.providers.base import Credentials, Reaction, SendFailed
from apps.providers.meta_cloud.provider import MetaCloud
from apps.providers.types import (
    Buttons,
    Choices,
    ContactCard,
    ContactCards,
    Content,
    ListRow,
    LocationMessage,
    LocationRequest,
    MediaMessage,
    MessageReceived,
    OutgoingMessage,
    Parsed,
    RawRequest,
    ReactionMessage,
    ReplyButton,
    StatusChanged,
    Template,
    TemplateChanged,
    TemplateDraft,
    Text,
)
from tests.sandbox.conftest import process, receiver, sandbox  # noqa: F401 - fixtures
from tests.sandbox.rig import ANA, NUMBER, SECRET, TOKEN, WABA, Receiver, Sandbox, until


@pytest.fixture
def provider(sandbox: Sandbox) -> MetaCloud:  # noqa: F811
    base = f"http://127.0.0.1:{sandbox.port}/graph/v23.0"
    return MetaCloud(Credentials(base, WABA, TOKEN, ("another secret", SECRET), "verify-me"))


def message(content: Content, **values: str) -> OutgoingMessage:
    return OutgoingMessage(
        content=content, **{"number_id": NUMBER, "to": ANA, "user_id": "", "opaque": "o:1", **values}
    )


def received(provider: MetaCloud, receiver: Receiver) -> list[Parsed]:  # noqa: F811
    """Every event posted so far, its signature verified."""
    found = []
    for body, signature in list(receiver.seen):
        request = RawRequest("POST", "", {}, {"x-hub-signature-256": signature}, body)
        provider.verify(request)
        found += provider.parse(body)
    assert all(isinstance(piece, Parsed) for piece in found)
    return [piece for piece in found if isinstance(piece, Parsed)]


CONTENTS: list[Content] = [
    Text("Hello"),
    Buttons("Approve?", (ReplyButton("b1.x", "Approve"), ReplyButton("b1.y", "Reject"))),
    Choices("Menu", "Choose", (ListRow("m.1", "Report", "A problem"), ListRow("m.2", "Mine"))),
    LocationRequest("Where?"),
]


@pytest.mark.parametrize("content", CONTENTS, ids=lambda content: type(content).__name__)
def test_every_content_is_taken_and_its_statuses_bring_our_id_back(
    provider: MetaCloud, sandbox: Sandbox, receiver: Receiver, content: Content  # noqa: F811
) -> None:  # fmt: skip
    quoted = sandbox.say(type="text", text="hi")
    result = provider.send(message(content, quoted_id=quoted))

    def statuses() -> list[StatusChanged]:
        events = [piece.event for piece in received(provider, receiver)]
        return [event for event in events if isinstance(event, StatusChanged) and event.status == "delivered"]

    (status,) = until(statuses, "the status")
    assert (status.remote_id, status.opaque, status.number_id) == (result.remote_id, "o:1", NUMBER)


def test_a_closed_window_is_told_apart(provider: MetaCloud) -> None:
    with pytest.raises(SendFailed) as caught:
        provider.send(message(Text("Hello")))
    assert caught.value.reaction == Reaction.WINDOW_CLOSED


def test_a_lost_answer_is_unsure_and_a_stopped_server_is_not(provider: MetaCloud, sandbox: Sandbox) -> None:  # noqa: F811
    sandbox.say(type="text", text="hi")
    sandbox.api("PUT", "trouble", {"lose_answers": 1})
    with pytest.raises(SendFailed) as lost:
        provider.send(message(Text("Hello")))
    assert lost.value.reaction == Reaction.UNSURE
    nobody = MetaCloud(Credentials("http://127.0.0.1:9", WABA, TOKEN, (SECRET,), ""))
    with pytest.raises(SendFailed) as down:
        nobody.send(message(Text("Hello")))
    assert down.value.reaction == Reaction.RETRY


def test_a_wrong_token_breaks_the_account(sandbox: Sandbox) -> None:  # noqa: F811
    base = f"http://127.0.0.1:{sandbox.port}/graph/v23.0"
    with pytest.raises(SendFailed) as caught:
        MetaCloud(Credentials(base, WABA, "wrong", (SECRET,), "")).send(message(Text("Hello")))
    assert caught.value.reaction == Reaction.ACCOUNT


def test_a_template_is_registered_approved_and_sent(
    provider: MetaCloud, sandbox: Sandbox, receiver: Receiver  # noqa: F811
) -> None:  # fmt: skip
    body, samples = "Olá. {{who}} pede {{what}}.", {"who": "Ana", "what": "algo"}
    draft = TemplateDraft("request_asked", "pt_BR", "UTILITY", body, samples, ("Aprovar", "Recusar"))
    created = provider.create_template(draft)
    with pytest.raises(Refused):
        provider.create_template(draft)
    content = Template("request_asked", "pt_BR", {"who": "Ana\nMaria", "what": ""}, ("b1.x", "b1.y"))
    with pytest.raises(SendFailed) as early:
        provider.send(message(content))
    assert early.value.reaction == Reaction.HOLD
    sandbox.api("POST", f"templates/{created.remote_id}/status", {"status": "APPROVED"})
    (listed,) = provider.list_templates()
    assert (listed.state, listed.parameters, listed.buttons, listed.is_usable) == (
        "APPROVED", ("who", "what"), ("Aprovar", "Recusar"), True,
    )  # fmt: skip
    assert provider.send(message(content)).remote_id
    assert sandbox.transcript()[-1]["text"] == "Olá. Ana Maria pede -."

    def changes() -> list[TemplateChanged]:
        return [one.event for one in received(provider, receiver) if isinstance(one.event, TemplateChanged)]

    (change,) = until(changes, "the approval's webhook")
    assert (change.remote_id, change.what, change.values["event"]) == (created.remote_id, "state", "APPROVED")


def test_a_rejected_template_can_be_handed_in_again(provider: MetaCloud, sandbox: Sandbox) -> None:  # noqa: F811
    created = provider.create_template(TemplateDraft("told", "en", "UTILITY", "Hi {{who}}.", {"who": "Ana"}))
    sandbox.api("POST", f"templates/{created.remote_id}/status", {"status": "REJECTED"})
    provider.edit_template(created.remote_id, TemplateDraft("told", "en", "UTILITY", "Hello {{who}}.", {"who": "Ana"}))
    (listed,) = provider.list_templates()
    assert (listed.body, listed.state) == ("Hello {{who}}.", "PENDING")


def test_a_file_goes_up_comes_back_and_is_sent(provider: MetaCloud, sandbox: Sandbox) -> None:  # noqa: F811
    media_id = provider.upload_media(NUMBER, b"%PDF-1.4", "application/pdf", "a.pdf")
    assert provider.fetch_media(media_id).content == b"%PDF-1.4"
    sandbox.say(type="text", text="hi")
    assert provider.send(message(MediaMessage("document", 1, "See", "a.pdf", media_id))).remote_id
    with pytest.raises(Refused):
        provider.fetch_media("999999")


def test_everything_that_whatsapp_takes_reaches_the_phone(provider: MetaCloud, sandbox: Sandbox) -> None:  # noqa: F811
    asked = sandbox.say(type="text", text="hi")
    for content in (
        LocationMessage(-23.5, -46.6, "Warehouse", "Av. Paulista"),
        ContactCards((ContactCard("Ana Lima", ("+5511987654321",), "Plumbers"),)),
        ReactionMessage(asked, "👍"),
        *(
            MediaMessage(kind, 1, "See", "f", provider.upload_media(NUMBER, b"x", mime_type, "f"))
            for kind, mime_type in (("image", "image/png"), ("video", "video/mp4"), ("audio", "audio/ogg"),
                                    ("sticker", "image/webp"))
        ),
    ):  # fmt: skip
        assert provider.send(message(content, quoted_id=asked)).remote_id
    provider.mark_read(NUMBER, asked, is_typing=True)
    seen = sandbox.transcript()
    assert [one["kind"] for one in seen] == [
        "text",
        "location",
        "contacts",
        "reaction",
        "image",
        "video",
        "audio",
        "sticker",
    ]
    assert seen[0]["reactions"] == {"business": "👍"}
    assert seen[1]["context"] == asked
    assert seen[0]["statuses"][-1]["status"] == "read"
    provider.send(message(ReactionMessage(asked, "")))
    assert sandbox.transcript()[0]["reactions"] == {}


def test_everything_that_a_phone_sends_is_understood_and_fetched(
    provider: MetaCloud, sandbox: Sandbox, receiver: Receiver  # noqa: F811
) -> None:  # fmt: skip
    sent = [
        {"type": "image", "sample": "pipe"}, {"type": "audio", "sample": "voice"}, {"type": "sticker", "sample": "sticker"},
        {"type": "document", "sample": "pdf"}, {"type": "video", "file_b64": "AAAA", "mime_type": "video/mp4"},
        {"type": "image", "file_b64": "PHN2Zy8+", "mime_type": "image/png"},
    ]  # fmt: skip
    for spec in sent:
        sandbox.say(**spec)

    def files() -> list[MessageReceived]:
        events = [one.event for one in received(provider, receiver) if isinstance(one.event, MessageReceived)]
        return events if len(events) >= len(sent) else []

    events = until(files, "the webhooks of all files")
    assert [event.kind for event in events] == ["image", "audio", "sticker", "document", "video", "image"]
    assert events[1].media is not None
    assert events[1].media.is_voice
    kinds = []
    for event in events:
        assert event.media is not None
        fetched = provider.fetch_media(event.media.remote_id, event.media.sha256)
        assert fetched.is_intact
        kinds.append(content_type.detect(fetched.content))
    assert kinds[:4] == ["image/png", "audio/ogg", "image/webp", "application/pdf"]


def test_a_hidden_phone_is_answered_by_its_id(
    provider: MetaCloud, sandbox: Sandbox, receiver: Receiver  # noqa: F811
) -> None:  # fmt: skip
    bsuid = sandbox.api("PUT", f"phones/{ANA}", {"hide_number": True})["bsuid"]
    sandbox.say(type="text", text="who am I?")

    def messages() -> list[MessageReceived]:
        return [one.event for one in received(provider, receiver) if isinstance(one.event, MessageReceived)]

    (event,) = until(messages, "the message")
    assert (event.sender.phone, event.sender.user_id, event.text) == ("", bsuid, "who am I?")
    assert provider.send(message(Text("Ana"), to="", user_id=bsuid)).remote_id


def test_a_number_reports_itself(provider: MetaCloud) -> None:
    assert (provider.report(NUMBER).name, provider.report(NUMBER).quality) == ("Acme", "GREEN")
