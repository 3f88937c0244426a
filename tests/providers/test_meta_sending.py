"""Sending by the Cloud API: what we write, and what each answer means. HTTP is answered at the edge."""

import base64
import hashlib
import json
from typing import Any

import pytest
import requests
import responses
from urllib3.exceptions import NewConnectionError
from urllib3.util.retry import MaxRetryError

from apps.core.errors import Misconfigured, Refused, TryLater
from apps.providers.base import Credentials, Reaction, SendFailed
from apps.providers.meta_cloud.codes import VERDICTS, verdict_for
from apps.providers.meta_cloud.payloads import to_meta
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
    OutgoingMessage,
    ReactionMessage,
    ReplyButton,
    Template,
    TemplateDraft,
    Text,
    from_json,
    to_json,
)

BASE = "https://graph.facebook.com/v23.0"
SEND = f"{BASE}/106540352242922/messages"
TOKEN = "EAAtoken"
ACCEPTED = {
    "messaging_product": "whatsapp",
    "contacts": [{"input": "+16505551234", "wa_id": "16505551234", "user_id": "US.13491208655302741918"}],
    "messages": [{"id": "wamid.HBgL", "message_status": "accepted"}],
}


@pytest.fixture
def provider() -> MetaCloud:
    return MetaCloud(Credentials(BASE, "102290129340398", TOKEN, ("secret",), "verify"))


def message(content: Content | None = None, **values: Any) -> OutgoingMessage:
    given = {"number_id": "106540352242922", "to": "+16505551234", "user_id": "", "opaque": "outbox:8f14e45f", **values}
    return OutgoingMessage(content=content or Text("Hello"), **given)


def error(code: int, details: str = "in detail", **values: Any) -> dict[str, Any]:
    words = {"message": f"(#{code}) Something", "type": "OAuthException", "code": code, "fbtrace_id": "AbC",
             "error_data": {"messaging_product": "whatsapp", "details": details}, **values}  # fmt: skip
    return {"error": words}


# --- what we write ----------------------------------------------------------------------------------------------------

BUTTON = ({"type": "reply", "reply": {"id": "b1.x", "title": "Approve"}}, {"type": "reply", "reply": {"id": "b1.y", "title": "Reject"}})  # fmt: skip
WRITTEN: list[tuple[Content, dict[str, Any]]] = [
    (Text("Hi"), {"type": "text", "text": {"body": "Hi", "preview_url": False}}),
    (
        Buttons("Approve?", (ReplyButton("b1.x", "Approve"), ReplyButton("b1.y", "Reject"))),
        {"type": "interactive", "interactive": {"type": "button", "body": {"text": "Approve?"},
                                                "action": {"buttons": list(BUTTON)}}},
    ),
    (
        Choices("Menu", "Choose", (ListRow("m.1", "Report", "A problem"), ListRow("m.2", "Mine"))),
        {"type": "interactive", "interactive": {"type": "list", "body": {"text": "Menu"}, "action": {
            "button": "Choose", "sections": [{"rows": [{"id": "m.1", "title": "Report", "description": "A problem"},
                                                       {"id": "m.2", "title": "Mine"}]}]}}},
    ),
    (
        LocationRequest("Where?"),
        {"type": "interactive", "interactive": {"type": "location_request_message", "body": {"text": "Where?"},
                                                "action": {"name": "send_location"}}},
    ),
    (
        Template("request_asked", "pt_BR", {"who": "Ana\n\tMaria    Souza", "what": ""}, ("b1.x", "b1.y")),
        {"type": "template", "template": {
            "name": "request_asked", "language": {"code": "pt_BR", "policy": "deterministic"}, "components": [
                {"type": "body", "parameters": [{"type": "text", "parameter_name": "who", "text": "Ana Maria Souza"},
                                                {"type": "text", "parameter_name": "what", "text": "-"}]},
                {"type": "button", "sub_type": "quick_reply", "index": "0",
                 "parameters": [{"type": "payload", "payload": "b1.x"}]},
                {"type": "button", "sub_type": "quick_reply", "index": "1",
                 "parameters": [{"type": "payload", "payload": "b1.y"}]}]}},
    ),
    (Template("hello", "en"), {"type": "template", "template": {"name": "hello", "language": {"code": "en", "policy": "deterministic"}}}),
    (MediaMessage("image", 1, "A leak", "a.jpg", "99"), {"type": "image", "image": {"id": "99", "caption": "A leak"}}),
    (MediaMessage("document", 1, "", "a.pdf", "99"), {"type": "document", "document": {"id": "99", "filename": "a.pdf"}}),
    (MediaMessage("audio", 1, "no caption", "", "99"), {"type": "audio", "audio": {"id": "99"}}),
    (MediaMessage("video", 1, "Look", "v.mp4", "99"), {"type": "video", "video": {"id": "99", "caption": "Look"}}),
    (MediaMessage("sticker", 1, "no caption", "s.webp", "99"), {"type": "sticker", "sticker": {"id": "99"}}),
    (
        LocationMessage(-23.561414, -46.655881, "Warehouse", "Av. Paulista, 1578"),
        {"type": "location", "location": {"latitude": "-23.561414", "longitude": "-46.655881", "name": "Warehouse",
                                          "address": "Av. Paulista, 1578"}},
    ),
    (LocationMessage(0.0, 0.0), {"type": "location", "location": {"latitude": "0.0", "longitude": "0.0"}}),
    (
        ContactCards((ContactCard("Ana Lima Souza", ("+55 11 98765-4321",), "Plumbers Ltd"), ContactCard("Bia", ("1",)))),
        {"type": "contacts", "contacts": [
            {"name": {"formatted_name": "Ana Lima Souza", "first_name": "Ana", "last_name": "Lima Souza"},
             "phones": [{"phone": "+55 11 98765-4321", "type": "WORK"}], "org": {"company": "Plumbers Ltd"}},
            {"name": {"formatted_name": "Bia", "first_name": "Bia"}, "phones": [{"phone": "1", "type": "WORK"}]}]},
    ),
    (ReactionMessage("wamid.1", "👍"), {"type": "reaction", "reaction": {"message_id": "wamid.1", "emoji": "👍"}}),
    (ReactionMessage("wamid.1", ""), {"type": "reaction", "reaction": {"message_id": "wamid.1", "emoji": ""}}),
]  # fmt: skip


@pytest.mark.parametrize(("content", "written"), WRITTEN, ids=lambda value: type(value).__name__)
def test_every_content_is_written_as_meta_documents_it(content: Content, written: dict[str, Any]) -> None:
    assert to_meta(message(content)) == {
        "messaging_product": "whatsapp", "recipient_type": "individual", "to": "+16505551234",
        "biz_opaque_callback_data": "outbox:8f14e45f", **written,
    }  # fmt: skip


@pytest.mark.parametrize("content", [content for content, _written in WRITTEN], ids=lambda value: type(value).__name__)
def test_every_content_comes_back_out_of_a_row_as_it_went_in(content: Content) -> None:
    assert from_json(json.loads(json.dumps(to_json(content)))) == content


def test_the_adapter_names_everything_that_it_can_write() -> None:
    assert {type(content) for content, _written in WRITTEN} == MetaCloud.sends


def test_a_phone_always_carries_its_plus_sign() -> None:
    assert to_meta(message(to="16505551234"))["to"] == "+16505551234"


def test_a_hidden_phone_is_reached_by_its_business_scoped_id() -> None:
    written = to_meta(message(to="", user_id="BR.123"))
    assert written["recipient"] == "BR.123"
    assert "to" not in written


def test_a_reply_quotes_and_a_template_does_not() -> None:
    assert to_meta(message(quoted_id="wamid.1"))["context"] == {"message_id": "wamid.1"}
    assert "context" not in to_meta(message(Template("hello", "en"), quoted_id="wamid.1"))
    assert "context" not in to_meta(message(ReactionMessage("wamid.2", "👍"), quoted_id="wamid.1"))


def test_nobody_and_a_file_that_was_not_uploaded_cannot_be_sent() -> None:
    with pytest.raises(SendFailed) as nobody:
        to_meta(message(to=""))
    assert nobody.value.reaction == Reaction.RECIPIENT
    with pytest.raises(SendFailed) as no_file:
        to_meta(message(MediaMessage("image", 1)))
    assert no_file.value.reaction == Reaction.MESSAGE


# --- what came back ---------------------------------------------------------------------------------------------------


@responses.activate
def test_an_accepted_message_gives_its_wamid(provider: MetaCloud) -> None:
    responses.post(SEND, json=ACCEPTED)
    result = provider.send(message())
    assert (result.remote_id, result.wa_id, result.user_id, result.note) == (
        "wamid.HBgL", "16505551234", "US.13491208655302741918", "accepted",
    )  # fmt: skip
    sent = responses.calls[0].request
    assert sent.headers["Authorization"] == f"Bearer {TOKEN}"
    assert json.loads(sent.body or b"")["text"]["body"] == "Hello"


def failed(provider: MetaCloud) -> SendFailed:
    with pytest.raises(SendFailed) as caught:
        provider.send(message())
    return caught.value


@responses.activate
@pytest.mark.parametrize(
    ("code", "reaction"),
    [
        (131047, Reaction.WINDOW_CLOSED), (131056, Reaction.SLOW_PERSON), (130429, Reaction.SLOW_NUMBER),
        (4, Reaction.SLOW_NUMBER), (80007, Reaction.SLOW_NUMBER), (131048, Reaction.SLOW_NUMBER), (190, Reaction.ACCOUNT),
        (0, Reaction.ACCOUNT), (200, Reaction.ACCOUNT), (299, Reaction.ACCOUNT), (131026, Reaction.RECIPIENT),
        (132001, Reaction.HOLD), (132000, Reaction.MESSAGE), (100, Reaction.MESSAGE), (131000, Reaction.RETRY),
        (424242, Reaction.MESSAGE), (2388299, Reaction.MESSAGE),
    ],
)  # fmt: skip
def test_meta_s_code_decides_what_happens(provider: MetaCloud, code: int, reaction: Reaction) -> None:
    responses.post(SEND, json=error(code), status=400)
    caught = failed(provider)
    assert (caught.reaction, caught.code) == (reaction, str(code))
    assert "in detail" in caught.detail
    assert str(caught).endswith(".")


@responses.activate
def test_a_wrong_number_id_breaks_the_account(provider: MetaCloud) -> None:
    responses.post(SEND, json=error(100, error_subcode=33), status=400)
    assert failed(provider).reaction == Reaction.ACCOUNT


@responses.activate
@pytest.mark.parametrize(
    ("status", "answer", "reaction"),
    [
        (500, {"json": error(424242)}, Reaction.RETRY),
        (503, {"json": error(2)}, Reaction.RETRY),
        (401, {"json": error(190)}, Reaction.ACCOUNT),
        (429, {"json": error(424242)}, Reaction.SLOW_NUMBER),
        (400, {"json": error(424242, is_transient=True)}, Reaction.RETRY),
        (429, {"body": "slow down"}, Reaction.SLOW_NUMBER),
        (500, {"body": "<html>Bad gateway</html>"}, Reaction.UNSURE),
        (502, {"body": ""}, Reaction.UNSURE),
        (504, {"json": {"error": "timeout"}}, Reaction.UNSURE),
        (200, {"body": "<html>Welcome to the hotel</html>"}, Reaction.UNSURE),
        (200, {"json": {}}, Reaction.UNSURE),
        (200, {"json": {"messages": []}}, Reaction.UNSURE),
        (200, {"json": {"messages": [{"id": None}]}}, Reaction.UNSURE),
        (200, {"json": ["wamid"]}, Reaction.UNSURE),
        (302, {"headers": {"Location": "https://login.example.com"}}, Reaction.ACCOUNT),
        (404, {"body": "<html>Not found</html>"}, Reaction.ACCOUNT),
        (413, {"body": "too large"}, Reaction.MESSAGE),
    ],
)
def test_a_message_that_may_have_been_taken_is_never_repeated_blindly(
    provider: MetaCloud, status: int, answer: dict[str, Any], reaction: Reaction
) -> None:
    responses.post(SEND, status=status, **answer)
    assert failed(provider).reaction == reaction


@responses.activate
@pytest.mark.parametrize(
    ("broken", "reaction"),
    [
        (requests.ReadTimeout(), Reaction.UNSURE),
        (requests.ConnectionError("Connection aborted."), Reaction.UNSURE),
        (requests.ConnectTimeout(), Reaction.RETRY),
        (requests.ConnectionError(MaxRetryError(None, SEND, NewConnectionError(None, "refused"))), Reaction.RETRY),  # type: ignore[arg-type]
    ],
    ids=["no answer", "cut", "no connection in time", "connection refused"],
)
def test_only_a_message_that_never_left_is_sent_again(
    provider: MetaCloud, broken: Exception, reaction: Reaction
) -> None:
    responses.post(SEND, body=broken)
    assert failed(provider).reaction == reaction


@responses.activate
def test_the_token_stays_out_of_error_details(provider: MetaCloud) -> None:
    responses.post(SEND, json=error(190, f"Malformed access token {TOKEN}"), status=401)
    caught = failed(provider)
    assert TOKEN not in caught.detail
    assert "[token]" in caught.detail
    assert TOKEN not in repr(provider.credentials)


def test_a_late_failure_is_explained_by_the_same_table(provider: MetaCloud) -> None:
    assert provider.failure("131047").reaction == Reaction.WINDOW_CLOSED
    assert provider.failure("131026", "not on WhatsApp").detail == "not on WhatsApp"
    assert {provider.failure(code).reaction for code in ("", "abc", "²", "9" * 5000)} == {Reaction.MESSAGE}


@pytest.mark.parametrize("code", sorted(VERDICTS))
def test_every_code_has_a_sentence_for_people(code: int) -> None:
    sentence = VERDICTS[code].sentence
    assert sentence[0].isupper()
    assert sentence.endswith((".", ")."))


# --- media ------------------------------------------------------------------------------------------------------------

PICTURE = b"\xff\xd8 a picture"
ABOUT = {
    "messaging_product": "whatsapp", "url": "https://lookaside.fbsbx.com/whatsapp_business/attachments/?mid=1",
    "mime_type": "image/jpeg", "sha256": hashlib.sha256(PICTURE).hexdigest(), "file_size": len(PICTURE), "id": "1003",
}  # fmt: skip


@responses.activate
@pytest.mark.parametrize(
    "sha256", [ABOUT["sha256"], base64.b64encode(hashlib.sha256(PICTURE).digest()).decode(), "odd", ""]
)
def test_a_file_is_looked_up_and_fetched_with_the_token(provider: MetaCloud, sha256: str) -> None:
    responses.get(f"{BASE}/1003", json={**ABOUT, "sha256": sha256})
    responses.get(str(ABOUT["url"]), body=PICTURE)
    fetched = provider.fetch_media("1003")
    assert (fetched.content, fetched.mime_type) == (PICTURE, "image/jpeg")
    assert [call.request.headers["Authorization"] for call in responses.calls] == [f"Bearer {TOKEN}"] * 2


@responses.activate
def test_an_address_that_ran_out_is_asked_for_again(provider: MetaCloud) -> None:
    responses.get(f"{BASE}/1003", json=ABOUT)
    responses.get(f"{BASE}/1003", json=ABOUT)
    responses.get(str(ABOUT["url"]), status=404)
    responses.get(str(ABOUT["url"]), body=PICTURE)
    assert provider.fetch_media("1003").content == PICTURE


@responses.activate
@pytest.mark.parametrize("second", [PICTURE, PICTURE[:-1]])
def test_a_damaged_file_is_fetched_once_more_and_then_called_damaged(provider: MetaCloud, second: bytes) -> None:
    responses.get(f"{BASE}/1003", json=ABOUT)
    responses.get(str(ABOUT["url"]), body=PICTURE[:-1])
    responses.get(str(ABOUT["url"]), body=second)
    fetched = provider.fetch_media("1003")
    assert (fetched.content, fetched.is_intact) == (second, second == PICTURE)


@responses.activate
def test_a_file_is_held_against_the_digest_of_its_webhook_too(provider: MetaCloud) -> None:
    responses.get(f"{BASE}/1003", json=ABOUT)
    responses.get(str(ABOUT["url"]), body=PICTURE)
    other = base64.b64encode(hashlib.sha256(b"another").digest()).decode()
    assert not provider.fetch_media("1003", other).is_intact


@responses.activate
@pytest.mark.parametrize("url", ["https://evil.example.com/x", "http://lookaside.fbsbx.com/x", "https://fbsbx.com.evil.example/",
                                 "file:///etc/passwd", "https://[", ""])  # fmt: skip
def test_the_token_is_shown_to_meta_only(provider: MetaCloud, url: str) -> None:
    responses.get(f"{BASE}/1003", json={**ABOUT, "url": url})
    with pytest.raises(Refused):
        provider.fetch_media("1003")
    assert len(responses.calls) == 1


@responses.activate
@pytest.mark.parametrize(
    ("status", "answer", "expected"),
    [
        (400, error(100, "does not exist", error_subcode=33), Refused),
        (400, error(190), Misconfigured),
        (500, error(2), TryLater),
        (200, {**ABOUT, "file_size": 200 * 1024 * 1024}, Refused),
    ],
)
def test_a_file_that_cannot_be_had_says_whether_to_try_again(
    provider: MetaCloud, status: int, answer: dict[str, Any], expected: type[Exception]
) -> None:
    responses.get(f"{BASE}/1003", json=answer, status=status)
    with pytest.raises(expected):
        provider.fetch_media("1003")


@responses.activate
def test_an_upload_gives_the_carrier_s_id(provider: MetaCloud) -> None:
    responses.post(f"{BASE}/106540352242922/media", json={"id": "2871834006348767"})
    assert provider.upload_media("106540352242922", PICTURE, "image/jpeg", "a.jpg") == "2871834006348767"
    body = responses.calls[0].request.body or b""
    assert PICTURE in body  # type: ignore[operator]
    assert b'name="messaging_product"\r\n\r\nwhatsapp' in body  # type: ignore[operator]


@responses.activate
@pytest.mark.parametrize(("content", "mime_type"), [
    (b"x" * (5 * 1024 * 1024 + 1), "image/png"),
    (b"x" * (16 * 1024 * 1024 + 1), "video/mp4"),
    (b"RIFF....WEBPVP8 " + b"x" * 100 * 1024, "image/webp"),
    (b"<svg/>", "image/svg+xml"),
    (b"PK", "application/zip"),
    (b"?", ""),
])  # fmt: skip
def test_what_whatsapp_would_refuse_is_not_even_uploaded(provider: MetaCloud, content: bytes, mime_type: str) -> None:
    with pytest.raises(Refused):
        provider.upload_media("106540352242922", content, mime_type, "x")
    assert not responses.calls


@responses.activate
def test_a_moving_sticker_may_be_larger_than_a_still_one(provider: MetaCloud) -> None:
    responses.post(f"{BASE}/106540352242922/media", json={"id": "1"})
    moving = b"RIFF....WEBPVP8X" + b"\0" * 14 + b"ANIM" + b"x" * 200 * 1024
    assert provider.upload_media("106540352242922", moving, "image/webp", "s.webp") == "1"


@responses.activate
@pytest.mark.parametrize("is_typing", [False, True])
def test_a_read_mark_is_written_as_in_the_sample(provider: MetaCloud, is_typing: bool) -> None:
    responses.post(SEND, json={"success": True})
    provider.mark_read("106540352242922", "wamid.X", is_typing=is_typing)
    body = json.loads(responses.calls[0].request.body or b"")
    expected = {"messaging_product": "whatsapp", "status": "read", "message_id": "wamid.X"}
    assert body == {**expected, "typing_indicator": {"type": "text"}} if is_typing else expected


@responses.activate
def test_a_read_mark_that_is_refused_says_so(provider: MetaCloud) -> None:
    responses.post(SEND, json=error(100), status=400)
    with pytest.raises(Refused):
        provider.mark_read("106540352242922", "wamid.old")


# --- templates --------------------------------------------------------------------------------------------------------

TEMPLATES = f"{BASE}/102290129340398/message_templates"
ROW = {
    "id": "1689556908129832", "name": "request_asked", "language": "pt_BR", "status": "APPROVED", "category": "UTILITY",
    "parameter_format": "NAMED", "rejected_reason": "NONE",
    "components": [{"type": "BODY", "text": "Olá! {{who}} pede {{what}}."},
                   {"type": "BUTTONS", "buttons": [{"type": "QUICK_REPLY", "text": "Aprovar"}]}],
}  # fmt: skip


@responses.activate
def test_templates_of_all_pages_are_listed(provider: MetaCloud) -> None:
    first = {"data": [ROW], "paging": {"cursors": {"after": "MQ"}, "next": f"{TEMPLATES}?after=MQ"}}
    second = {"data": [{**ROW, "id": "2", "language": "en"}, 7, {"id": "3"}], "paging": {"cursors": {"after": "Mg"}}}
    responses.get(TEMPLATES, json=first)
    responses.get(TEMPLATES, json=second)
    found = provider.list_templates()
    assert [one.remote_id for one in found] == ["1689556908129832", "2"]
    assert (found[0].state, found[0].parameters, found[0].buttons) == ("APPROVED", ("who", "what"), ("Aprovar",))
    assert found[0].is_usable
    assert "after=MQ" in str(responses.calls[1].request.url)


@responses.activate
def test_a_list_that_turns_in_circles_ends(provider: MetaCloud) -> None:
    responses.get(TEMPLATES, json={"data": [ROW], "paging": {"cursors": {"after": "MQ"}, "next": "again"}})
    assert len(provider.list_templates()) == 1
    assert len(responses.calls) == 2


@responses.activate
@pytest.mark.parametrize(
    "components",
    [
        [{"type": "HEADER", "format": "IMAGE"}, {"type": "BODY", "text": "Hi"}],
        [{"type": "BODY", "text": "Hi"}, {"type": "BUTTONS", "buttons": [{"type": "URL", "text": "Open"}]}],
    ],
)
def test_a_template_with_parts_we_cannot_fill_is_not_usable(provider: MetaCloud, components: list[Any]) -> None:
    responses.get(TEMPLATES, json={"data": [{**ROW, "components": components}]})
    assert not provider.list_templates()[0].is_usable


@responses.activate
def test_a_template_is_registered_with_named_variables_and_examples(provider: MetaCloud) -> None:
    responses.post(TEMPLATES, json={"id": "77", "status": "PENDING", "category": "UTILITY"})
    draft = TemplateDraft(
        "task_assigned", "pt_BR", "UTILITY", "Olá {{who}}, veja {{task}}.", {"who": "Ana"}, ("Feito",)
    )
    created = provider.create_template(draft)
    assert (created.remote_id, created.state, created.parameters) == ("77", "PENDING", ("who", "task"))
    assert json.loads(responses.calls[0].request.body or b"") == {
        "name": "task_assigned", "language": "pt_BR", "category": "UTILITY", "parameter_format": "named",
        "components": [
            {"type": "BODY", "text": "Olá {{who}}, veja {{task}}.", "example": {"body_text_named_params": [
                {"param_name": "who", "example": "Ana"}, {"param_name": "task", "example": "task"}]}},
            {"type": "BUTTONS", "buttons": [{"type": "QUICK_REPLY", "text": "Feito"}]},
        ],
    }  # fmt: skip


@responses.activate
def test_a_template_that_meta_dislikes_is_refused_with_its_reason(provider: MetaCloud) -> None:
    responses.post(TEMPLATES, json=error(100, error_user_msg="Variables can't be at the start"), status=400)
    with pytest.raises(Refused) as caught:
        provider.create_template(TemplateDraft("x", "en", "UTILITY", "{{a}} hi", {"a": "1"}))
    assert "Variables can't be at the start" in caught.value.detail


def test_our_languages_are_spelled_as_meta_spells_them(provider: MetaCloud) -> None:
    assert [provider.template_language(code) for code in ("en", "pt-br", "es")] == ["en", "pt_BR", "es"]


@responses.activate
def test_a_number_reports_its_name_and_quality(provider: MetaCloud) -> None:
    answer = {"id": "1", "display_phone_number": "+1 650", "verified_name": "Acme", "quality_rating": "GREEN"}
    responses.get(f"{BASE}/1", json=answer)
    assert provider.report("1").quality == "GREEN"
    responses.get(f"{BASE}/2", json=error(190), status=401)
    with pytest.raises(Misconfigured):
        provider.report("2")


@pytest.mark.parametrize(("code", "status", "reaction"), [
    (131000, 500, Reaction.UNSURE), (1, 503, Reaction.UNSURE), (131000, 400, Reaction.RETRY), (2, 503, Reaction.RETRY),
])  # fmt: skip
def test_a_fault_of_theirs_may_have_been_taken_and_a_closed_door_not(
    code: int, status: int, reaction: Reaction
) -> None:
    assert verdict_for(code, status=status).reaction == reaction
