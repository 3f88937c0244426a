"""Reading Meta's webhooks: every recorded body, and everything that no body should hold."""

import contextlib
import copy
import hashlib
import hmac
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.providers.base import Credentials, MalformedError, SignatureError
from apps.providers.meta_cloud.provider import MetaCloud
from apps.providers.types import (
    AccountChanged,
    Event,
    IdentityChanged,
    MessageEdited,
    MessageReceived,
    MessageRevoked,
    Parsed,
    PreferenceChanged,
    RawRequest,
    Sender,
    StatusChanged,
    TemplateChanged,
    Unknown,
    Unreadable,
    from_json,
    to_json,
)

SAMPLES = sorted((Path(__file__).parent.parent / "payloads" / "meta_cloud").glob("*.json"))
provider = MetaCloud(
    Credentials(
        "https://graph.facebook.com/v23.0", "102290129340398", "token", ("new secret", "old secret"), "let me in"
    )
)


def sample(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(next(path for path in SAMPLES if path.stem == name).read_bytes())
    return found


def parse(body: Any) -> list[Parsed | Unreadable]:
    return provider.parse(json.dumps(body).encode())


def events(body: Any) -> list[Event]:
    pieces = parse(body)
    assert all(isinstance(piece, Parsed) for piece in pieces), pieces
    return [piece.event for piece in pieces if isinstance(piece, Parsed)]


def one(name: str) -> Any:
    (event,) = events(sample(name))
    return event


def value_of(body: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = body["entry"][0]["changes"][0]["value"]
    return found


# --- recorded bodies --------------------------------------------------------------------------------------------------

EXPECTED: dict[str, type] = {
    "in_edit": MessageEdited, "in_revoke": MessageRevoked, "in_system": IdentityChanged, "in_": MessageReceived,
    "status_": StatusChanged, "template_": TemplateChanged, "user_preferences_": PreferenceChanged,
    "account_update_": AccountChanged, "business_capability_update": AccountChanged,
    "phone_number_quality_update": AccountChanged, "flows_": AccountChanged,
}  # fmt: skip


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_every_recorded_webhook_is_understood(path: Path) -> None:
    pieces = provider.parse(path.read_bytes())
    expected = next(cls for prefix, cls in EXPECTED.items() if path.stem.startswith(prefix))
    assert [type(piece) for piece in pieces] == [Parsed]
    piece = pieces[0]
    assert isinstance(piece, Parsed)
    assert type(piece.event) is expected
    assert 0 < len(piece.key) <= 250
    assert from_json(json.loads(json.dumps(to_json(piece.event)))) == piece.event


def test_a_text_keeps_who_when_and_what() -> None:
    event = one("in_text")
    assert event == MessageReceived(
        remote_id="wamid.HBgLMTY1MDM4Nzk0MzkVAgASGBQzQTRBNjU5OUFFRTAzODEwMTQ0RgA=", number_id="106540352242922",
        sender=Sender("+16505551234", "", "Sheena Nelson"), at=datetime(2025, 6, 8, 20, 59, 43, tzinfo=UTC), kind="text",
        text="Does it come in another color?",
    )  # fmt: skip
    assert parse(sample("in_text"))[0].key == event.remote_id


def test_a_reply_names_the_quoted_message() -> None:
    assert one("in_text_reply_context").quoted_id == "wamid.xyzxyz=="


def test_a_forwarded_message_says_so() -> None:
    assert one("in_text_forwarded").is_forwarded


@pytest.mark.parametrize(
    ("name", "payload", "title", "source"),
    [
        ("in_interactive_button_reply", "cancel-button", "Cancel", "button"),
        ("in_interactive_list_reply", "priority_express", "Priority Mail Express", "list"),
        ("in_interactive_list_reply_no_description", "callback_data", "title", "list"),
        ("in_template_quick_reply", "Unsubscribe", "Unsubscribe", "template"),
        ("in_template_quick_reply_no_context", "callback_data", "title", "template"),
    ],
)
def test_a_tap_carries_its_payload(name: str, payload: str, title: str, source: str) -> None:
    event = one(name)
    assert event.kind == "tap"
    assert (event.tapped.payload, event.tapped.title, event.tapped.source) == (payload, title, source)


@pytest.mark.parametrize("kind", ["image", "video", "audio", "document", "sticker"])
def test_a_file_can_be_fetched_by_its_id(kind: str) -> None:
    event = one(f"in_{kind}")
    assert event.kind == kind
    assert event.media.kind == kind
    assert event.media.remote_id.isdigit()


def test_a_voice_note_and_a_caption_are_kept() -> None:
    assert one("in_voice_note").media.is_voice
    assert one("in_image").media.caption == "Taj Mahal"
    assert one("in_document").media.filename == "filename.pdf"


def test_a_place_a_reaction_and_a_form_are_read() -> None:
    assert one("in_location").place.name == "Philz Coffee"
    reaction, removed = one("in_reaction"), one("in_reaction_removed")
    assert (reaction.text, bool(reaction.quoted_id)) == ("👍", True)
    assert (removed.text, removed.quoted_id) == ("", "wamid.yzxyzx=")
    assert one("in_flow_nfm_reply").extra["answers"]["flow_token"].startswith("AQAA")


@pytest.mark.parametrize("name", ["in_unsupported", "in_unsupported_with_type", "in_interactive_malformed_with_errors"])
def test_what_whatsapp_cannot_show_is_still_a_message(name: str) -> None:
    event = one(name)
    assert event.kind == "unsupported"
    assert event.extra["errors"]


def test_an_edit_and_a_deletion_name_the_original() -> None:
    edit = one("in_edit")
    assert edit.original_id == "wamid.HBgLMTQxMjU1NTA4MjkVAgASGBQzQUNCNjk5RDUwNUZGMUZEM0VBRAA="
    assert edit.text == "Updated image caption"
    assert edit.sender == Sender("+16505551234")  # the card in this body is another person's
    assert one("in_revoke").original_id == "<ORIGINAL_WHATSAPP_MESSAGE_ID>"


def test_a_changed_number_names_both() -> None:
    event = one("in_system_user_changed_number")
    assert (event.change, event.old_phone, event.new_phone) == ("number", "+16505551234", "+12195555358")
    assert one("in_system_identity_changed").change == "identity"


def test_a_status_brings_our_own_id_back() -> None:
    event = one("status_delivered_pmp")
    assert (event.status, event.opaque, event.phone) == ("delivered", "outbox:8f14e45f", "+16505551234")
    assert event.user_id == "US.13491208655302741918"
    assert event.pricing["category"] == "utility"


def test_a_failed_status_brings_code_and_words() -> None:
    event = one("status_failed_131026")
    assert (event.status, event.error_code, event.error_text) == (
        "failed", "131026", "synthetic details: message undeliverable",
    )  # fmt: skip


def test_statuses_of_one_message_have_different_keys() -> None:
    keys = {parse(sample(name))[0].key for name in ("status_sent_pmp", "status_delivered_pmp", "status_read_pmp")}
    assert len(keys) == 3
    body = sample("status_group_read")
    again = copy.deepcopy(body)
    value_of(again)["statuses"][0]["recipient_participant_id"] = "5511999999999"
    assert parse(body)[0].key != parse(again)[0].key


def test_a_template_and_its_state_are_named() -> None:
    event = one("template_status_paused")
    assert (event.name, event.language, event.what, event.values["event"]) == ("task_assigned", "en", "state", "PAUSED")


def test_equal_notices_at_another_time_are_two_events() -> None:
    first, later = sample("account_update_violation"), sample("account_update_violation")
    later["entry"][0]["time"] += 60
    assert parse(first)[0].key != parse(later)[0].key
    assert parse(first)[0].key == parse(sample("account_update_violation"))[0].key


# --- people with hidden phones ----------------------------------------------------------------------------------------


def test_a_hidden_phone_leaves_the_business_scoped_id() -> None:
    body = sample("in_text")
    value = value_of(body)
    del value["messages"][0]["from"], value["contacts"][0]["wa_id"]
    value["messages"][0]["from_user_id"] = value["contacts"][0]["user_id"] = "BR.12345"
    (piece,) = parse(body)
    assert isinstance(piece, Parsed)
    assert isinstance(piece.event, MessageReceived)
    assert piece.event.sender == Sender("", "BR.12345", "Sheena Nelson")
    assert piece.person == "BR.12345"


def test_a_business_scoped_id_inside_from_is_recognised() -> None:
    body = sample("in_text")
    value_of(body)["messages"][0]["from"] = value_of(body)["contacts"][0]["wa_id"] = "US.ENT.1349"
    (event,) = events(body)
    assert isinstance(event, MessageReceived)
    assert event.sender == Sender("", "US.ENT.1349", "Sheena Nelson")


def test_phone_and_business_scoped_id_come_together_when_both_are_there() -> None:
    event = one("in_audio")
    assert event.sender == Sender("+972987654321", "US.13491208655302741918", "Test Name")


def test_a_card_of_somebody_else_lends_no_name() -> None:
    body = sample("in_audio")
    value_of(body)["contacts"][0]["wa_id"] = "5511999999999"
    (event,) = events(body)
    assert isinstance(event, MessageReceived)
    assert event.sender == Sender("+972987654321")


def test_a_message_from_nobody_is_unreadable() -> None:
    body = sample("in_text")
    del value_of(body)["messages"][0]["from"], value_of(body)["contacts"]
    assert isinstance(parse(body)[0], Unreadable)


# --- batches ----------------------------------------------------------------------------------------------------------


def test_one_broken_message_does_not_lose_the_others() -> None:
    body = sample("in_text")
    good = value_of(body)["messages"][0]
    value_of(body)["messages"] = [
        {**good, "timestamp": "yesterday"},
        7,
        None,
        {**good, "id": "wamid.2"},
        {**good, "id": []},
    ]
    body["entry"] += [13, {"changes": "none"}, {"changes": [None, {"field": {}}, {"field": "messages", "value": []}]}]
    body["entry"].append(sample("status_sent_pmp")["entry"][0])
    pieces = parse(body)
    assert [piece.key for piece in pieces if isinstance(piece, Parsed)] == [
        "wamid.2", "wamid.HBgLMTY1MDU1NTEyMzQVAgARGBIwMDAwMDAwMDAwMDAwMDAwMDAA:sent",
    ]  # fmt: skip
    unreadable = [piece for piece in pieces if isinstance(piece, Unreadable)]
    assert len(unreadable) == 9
    assert all(piece.error and piece.key for piece in unreadable)


def test_a_broken_list_of_messages_does_not_lose_the_statuses() -> None:
    body = sample("status_sent_pmp")
    value_of(body)["messages"] = {"not": "a list"}
    assert {type(piece) for piece in parse(body)} == {Unreadable, Parsed}


def test_a_duplicate_inside_one_post_is_one_event() -> None:
    body = sample("in_text")
    value_of(body)["messages"] *= 2
    body["entry"] *= 2
    assert len(parse(body)) == 1


def test_a_readable_copy_wins_over_an_unreadable_one() -> None:
    body = sample("status_sent_pmp")
    body["entry"] *= 3
    assert len(events(body)) == 1


def test_messages_of_several_people_keep_their_own_names() -> None:
    body = sample("in_text")
    value = value_of(body)
    value["messages"].append({**value["messages"][0], "from": "5511999999999", "id": "wamid.2"})
    value["contacts"].append({"profile": {"name": "Bia"}, "wa_id": "5511999999999"})
    names = [event.sender.profile_name for event in events(body) if isinstance(event, MessageReceived)]
    assert names == ["Sheena Nelson", "Bia"]


# --- odd but known ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("timestamp", ["1749416383", 1749416383, "1749416383000", 1749416383000])
def test_seconds_and_milliseconds_are_the_same_moment(timestamp: Any) -> None:
    body = sample("in_text")
    value_of(body)["messages"][0]["timestamp"] = timestamp
    (event,) = events(body)
    assert isinstance(event, MessageReceived)
    assert event.at == datetime(2025, 6, 8, 20, 59, 43, tzinfo=UTC)


def test_an_unknown_field_is_kept_and_ignored() -> None:
    body = sample("account_update_violation")
    body["entry"][0]["changes"][0]["field"] = "carrier_pigeons"
    (event,) = events(body)
    assert event == Unknown("carrier_pigeons", value_of(body))


def test_an_unknown_type_of_message_is_answered_as_unsupported() -> None:
    body = sample("in_text")
    value_of(body)["messages"][0] |= {"type": "hologram", "hologram": {"id": 1}}
    (event,) = events(body)
    assert isinstance(event, MessageReceived)
    assert (event.kind, event.extra["type"]) == ("unsupported", "hologram")


def test_an_image_without_an_id_is_still_a_message() -> None:
    body = sample("in_image")
    del value_of(body)["messages"][0]["image"]["id"]
    (event,) = events(body)
    assert isinstance(event, MessageReceived)
    assert (event.kind, event.media) == ("unsupported", None)


def test_errors_that_come_alone_are_known_and_ignored() -> None:
    body = sample("in_interactive_malformed_with_errors")
    del value_of(body)["messages"]
    assert isinstance(events(body)[0], Unknown)


def test_a_group_is_not_answered() -> None:
    body = sample("in_text")
    value_of(body)["messages"][0]["group_id"] = "120363"
    assert isinstance(events(body)[0], Unknown)


def test_what_no_database_keeps_is_replaced() -> None:
    body = sample("in_text")
    value_of(body)["messages"][0]["text"]["body"] = "a\x00b\ud800c"
    (event,) = events(body)
    assert isinstance(event, MessageReceived)
    assert event.text == "a\ufffdb\ufffdc"


def test_an_endless_id_still_fits_its_column() -> None:
    body = sample("in_text")
    value_of(body)["messages"][0]["id"] = "wamid." + "x" * 5000
    assert len(parse(body)[0].key) <= 250


# --- anything at all --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body", [b"", b"{", b"null", b"[]", b'"entry"', b"{}", b'{"entry":{}}', b"\xff\xfe\x00", b"[" * 100_000, b"9" * 5000,
             b'{"entry":' + b"[" * 20_000 + b"]" * 20_000 + b"}"],
)  # fmt: skip
def test_what_is_no_envelope_is_malformed(body: bytes) -> None:
    with pytest.raises(MalformedError):
        provider.parse(body)


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_a_truncated_body_is_malformed(path: Path) -> None:
    body = path.read_bytes().rstrip()
    for cut in range(0, len(body) - 1, 7):
        with pytest.raises(MalformedError):
            provider.parse(body[:cut])


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.just("16505551234"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


def _places(value: Any, here: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else []
    return [here, *(place for key, one in inner for place in _places(one, (*here, key)))]


def _replaced(value: Any, place: tuple[Any, ...], new: Any) -> Any:
    if not place:
        return new
    changed = copy.copy(value)
    changed[place[0]] = _replaced(value[place[0]], place[1:], new)
    return changed


def _read(body: Any) -> None:
    try:
        pieces = provider.parse(json.dumps(body).encode())
    except MalformedError:
        return
    for piece in pieces:
        assert piece.key
        kept = to_json(piece.event) if isinstance(piece, Parsed) else {"raw": piece.raw}
        # What PostgreSQL's jsonb takes: no NaN, no lone surrogates (encode raises), no NUL.
        written = json.dumps(kept, allow_nan=False, ensure_ascii=False)
        assert b"\\u0000" not in written.encode()


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_a_wrong_type_anywhere_never_breaks_the_reader(data: st.DataObject) -> None:
    body = json.loads(data.draw(st.sampled_from(SAMPLES)).read_bytes())
    for _time in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.sampled_from(_places(body)))
        body = _replaced(body, place, data.draw(ANYTHING))
    _read(body)


@settings(max_examples=200, deadline=None)
@given(ANYTHING, st.binary(max_size=60))
def test_any_json_and_any_bytes_are_read_or_malformed(value: Any, raw: bytes) -> None:
    _read(value)
    _read({"entry": [value]})
    _read({"entry": [{"changes": [{"field": "messages", "value": value}]}]})
    with contextlib.suppress(MalformedError):
        provider.parse(raw)


# --- who sent it ------------------------------------------------------------------------------------------------------


def request(body: bytes = b"{}", *, secret: str = "new secret", header: str | None = None, **query: str) -> RawRequest:
    signature = "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest() if header is None else header
    method = "GET" if query else "POST"
    return RawRequest(method, "https://portal.example.com/hooks/", query, {"x-hub-signature-256": signature}, body)


@pytest.mark.parametrize("secret", ["new secret", "old secret"])
def test_the_present_and_the_last_secret_are_accepted(secret: str) -> None:
    provider.verify(request(secret=secret))


@pytest.mark.parametrize(
    "bad",
    [request(secret="guess"), request(header=""), request(header="sha256="), request(header="sha1=abc"),
     request(header="sha256=é"), RawRequest("POST", "", {}, {}, b"{}")],
)  # fmt: skip
def test_a_missing_or_wrong_signature_is_refused(bad: RawRequest) -> None:
    with pytest.raises(SignatureError):
        provider.verify(bad)


def test_a_body_changed_after_signing_is_refused() -> None:
    signed = request(b'{"a": 1}')
    with pytest.raises(SignatureError):
        provider.verify(RawRequest(signed.method, signed.url, {}, signed.headers, b'{"a":1}'))


def test_without_secrets_nothing_is_accepted() -> None:
    bare = MetaCloud(Credentials("https://x.example", "1", "token", (), ""))
    with pytest.raises(SignatureError):
        bare.verify(request(secret=""))
    with pytest.raises(SignatureError):
        bare.handshake(request(**{"hub.mode": "subscribe", "hub.verify_token": "", "hub.challenge": "1"}))


def test_the_handshake_gives_the_challenge_back() -> None:
    asked = {"hub.mode": "subscribe", "hub.challenge": "1158201444", "hub.verify_token": "let me in"}
    assert provider.handshake(request(**asked)) == "1158201444"
    with pytest.raises(SignatureError):
        provider.handshake(request(**{**asked, "hub.verify_token": "let me ín"}))
    assert provider.handshake(request()) is None


def test_a_repeated_delivery_has_the_same_key_and_another_body_has_not() -> None:
    assert provider.dedup_key(request(b"a")) == provider.dedup_key(request(b"a"))
    different = [request(b"a"), request(b"b"), request(b"a", secret="old secret"), request(b"a", q="1")]
    assert len({provider.dedup_key(one) for one in different}) == 4
    assert all(len(provider.dedup_key(one)) <= 200 for one in different)
