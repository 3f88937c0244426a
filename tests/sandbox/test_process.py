"""The real process over HTTP, with a webhook receiver of the standard library."""

import base64
import hashlib
import hmac
import http.client
import json
import socket
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from tests.sandbox.rig import (
    ANA,
    BRUNO,
    NUMBER,
    PATIENCE,
    SECRET,
    TOKEN,
    WABA,
    Receiver,
    Sandbox,
    answers,
    free_port,
    start,
    stop,
    until,
)


def test_free_text_needs_an_open_window_and_winding_closes_it(sandbox: Sandbox) -> None:
    assert sandbox.code(sandbox.graph("text", {"body": "hello"})) == 131047
    sandbox.say(text="hi")
    assert sandbox.graph("text", {"body": "hello"})[0] == 200
    before = sandbox.api("GET", "clock")["now"]
    after = sandbox.api("POST", "clock/wind", {"seconds": 86400 + 60})["now"]
    assert after - before >= 86400
    assert sandbox.code(sandbox.graph("text", {"body": "hello"})) == 131047
    assert sandbox.api("GET", "counts")["refused"] == {"131047": 2}


def test_webhook_is_signed_over_its_raw_bytes(sandbox: Sandbox, receiver: Receiver) -> None:
    wamid = sandbox.say(text="Olá, não é só ASCII")
    raw, signature = until(lambda: receiver.seen, "the webhook")[0]
    assert signature == "sha256=" + hmac.new(SECRET.encode(), raw, hashlib.sha256).hexdigest()
    value = json.loads(raw)["entry"][0]["changes"][0]["value"]
    assert value["metadata"] == {"display_phone_number": "5511900000000", "phone_number_id": NUMBER}
    assert value["contacts"][0]["wa_id"] == ANA[1:]
    message = value["messages"][0]
    assert (message["id"], message["from"], message["text"]["body"]) == (wamid, ANA[1:], "Olá, não é só ASCII")


def test_statuses_carry_our_own_id_and_read_follows_looking(sandbox: Sandbox, receiver: Receiver) -> None:
    sandbox.say(text="hi")
    sandbox.graph("text", {"body": "hello"}, biz_opaque_callback_data="outbox:1")
    until(lambda: len(receiver.statuses()) == 2, "sent and delivered")
    assert sandbox.api("POST", "read", {"phone": ANA})["read"] == 1
    until(lambda: len(receiver.statuses()) == 3, "read")
    assert [one["status"] for one in receiver.statuses()] == ["sent", "delivered", "read"]
    assert {one["biz_opaque_callback_data"] for one in receiver.statuses()} == {"outbox:1"}


def test_tap_on_a_button_of_a_message(sandbox: Sandbox, receiver: Receiver) -> None:
    sandbox.say(text="hi")
    buttons = [{"type": "reply", "reply": {"id": f"b{n}", "title": title}} for n, title in enumerate(("Yes", "No"))]
    part = {"type": "button", "body": {"text": "Sure?"}, "action": {"buttons": buttons}}
    wamid = sandbox.graph("interactive", part)[1]["messages"][0]["id"]
    sandbox.say(type="tap", message_id=wamid, title="No")
    tap = until(lambda: [one for one in receiver.messages() if one["type"] == "interactive"], "the tap")[0]
    assert tap["interactive"] == {"type": "button_reply", "button_reply": {"id": "b1", "title": "No"}}
    assert tap["context"] == {"from": "5511900000000", "id": wamid}
    body = {"number": NUMBER, "type": "tap", "message_id": wamid, "title": "Perhaps"}
    status, answer = sandbox.call("POST", f"/api/phones/{ANA}/send", body)
    assert status == 400
    assert "'Yes', 'No'" in answer["error"]


def test_template_outside_the_window_and_its_quick_reply(sandbox: Sandbox, receiver: Receiver) -> None:
    body = {"type": "BODY", "text": "Now {{1}} asks.", "example": {"body_text": [["Ana"]]}}
    buttons = {"type": "BUTTONS", "buttons": [{"type": "QUICK_REPLY", "text": "Approve"}]}
    definition = {"name": "ask", "language": "en", "category": "UTILITY", "components": [body, buttons]}
    sent = {"name": "ask", "language": {"code": "en"}, "components": [
        {"type": "body", "parameters": [{"type": "text", "text": "Ana"}]},
        {"type": "button", "sub_type": "quick_reply", "index": "0",
         "parameters": [{"type": "payload", "payload": "v1.ok"}]}]}  # fmt: skip
    assert sandbox.code(sandbox.graph("template", sent)) == 132001
    made = sandbox.call("POST", f"/graph/v23.0/{WABA}/message_templates", definition, TOKEN)
    assert made[1]["status"] == "PENDING"
    assert sandbox.code(sandbox.graph("template", sent)) == 132001
    sandbox.api("POST", f"templates/{made[1]['id']}/status", {"status": "APPROVED"})
    wamid = sandbox.graph("template", sent)[1]["messages"][0]["id"]
    assert sandbox.transcript()[-1]["text"] == "Now Ana asks."
    sandbox.say(type="tap", message_id=wamid)
    tap = until(lambda: [one for one in receiver.messages() if one["type"] == "button"], "the tap")[0]
    assert tap["button"] == {"payload": "v1.ok", "text": "Approve"}
    sandbox.api("POST", f"templates/{made[1]['id']}/status", {"status": "PAUSED"})
    assert sandbox.code(sandbox.graph("template", sent)) == 132015


def test_the_same_wamid_again_is_one_message_and_two_webhooks(sandbox: Sandbox, receiver: Receiver) -> None:
    wamid = sandbox.say(text="once", times=2)
    sandbox.say(text="once", id=wamid)
    until(lambda: len(receiver.messages()) == 3, "three webhooks")
    assert {one["id"] for one in receiver.messages()} == {wamid}
    assert len(sandbox.transcript()) == 1


def test_duplicates_by_chance(sandbox: Sandbox, receiver: Receiver) -> None:
    sandbox.api("PUT", "trouble", {"duplicates": 1})
    sandbox.say(text="twice")
    until(lambda: len(receiver.seen) == 2, "the copy")
    assert receiver.seen[0] == receiver.seen[1]
    until(lambda: sandbox.api("GET", "counts")["webhooks"]["duplicates"] == 1, "the copy to be counted")


def test_lost_answer_is_kept_but_unanswered(sandbox: Sandbox) -> None:
    sandbox.say(text="hi")
    sandbox.api("PUT", "trouble", {"lose_answers": 1})
    with pytest.raises((http.client.HTTPException, OSError)):
        sandbox.graph("text", {"body": "lost"}, biz_opaque_callback_data="outbox:9")
    assert sandbox.graph("text", {"body": "again"}, biz_opaque_callback_data="outbox:9")[0] == 200
    assert sandbox.api("GET", "counts")["per_opaque"] == {"outbox:9": 2}
    assert [one["opaque"] for one in sandbox.api("GET", "accepted")["accepted"]] == ["outbox:9", "outbox:9"]


def test_trouble_refuses_in_metas_words(sandbox: Sandbox) -> None:
    sandbox.say(text="hi")
    for trouble, status, code in (("down_seconds", 503, 2), ("storm_seconds", 429, 130429)):
        sandbox.api("PUT", "trouble", {trouble: 60})
        answer = sandbox.graph("text", {"body": "x"})
        assert (answer[0], sandbox.code(answer)) == (status, code)
        sandbox.api("PUT", "trouble", {trouble: 0})
    assert sandbox.code(sandbox.graph("text", {"body": "x"}, token="not-it")) == 190
    assert sandbox.graph("text", {"body": "x"})[0] == 200
    assert sandbox.call("PUT", "/api/trouble", {"earthquake": 1})[0] == 400


def test_held_webhooks_come_when_let_go_in_order(sandbox: Sandbox, receiver: Receiver) -> None:
    sandbox.api("POST", "webhooks/hold", {"hold": True})
    wanted = [sandbox.say(text=str(n)) for n in range(5)]
    assert sandbox.api("GET", "counts")["webhooks"]["queued"] == 5
    assert receiver.seen == []
    sandbox.api("POST", "webhooks/hold", {"hold": False})
    until(lambda: len(receiver.messages()) == 5, "five webhooks")
    assert [one["id"] for one in receiver.messages()] == wanted


def test_retries_until_the_product_is_back(sandbox: Sandbox, receiver: Receiver) -> None:
    receiver.status = 500
    wamid = sandbox.say(text="hi")
    until(lambda: sandbox.api("GET", "counts")["webhooks"]["last_error"] == "HTTP 500", "a failed attempt")
    receiver.status = 200
    until(receiver.messages, "the retry")
    assert [one["id"] for one in receiver.messages()] == [wamid]
    until(lambda: sandbox.api("GET", "counts")["webhooks"]["queued"] == 0, "an empty queue")


def test_pair_rate_parks_one_person_only(sandbox: Sandbox) -> None:
    sandbox.say(text="hi")
    sandbox.say(BRUNO, text="hi")
    codes = [sandbox.graph("reaction", {"message_id": sandbox.transcript()[0]["wamid"], "emoji": "👍"})[0]]
    codes += [sandbox.graph("text", {"body": str(n)})[0] for n in range(44)]
    assert codes == [200] * 45
    assert sandbox.code(sandbox.graph("text", {"body": "one too many"})) == 131056
    assert sandbox.graph("text", {"body": "hello"}, to=BRUNO)[0] == 200
    sandbox.api("POST", "clock/wind", {"seconds": 7})
    assert sandbox.graph("text", {"body": "after six seconds"})[0] == 200


def test_who_is_not_there_and_who_blocked(sandbox: Sandbox, receiver: Receiver) -> None:
    assert sandbox.code(sandbox.graph("text", {"body": "x"}, to="+5511900001111")) == 131026
    assert sandbox.code(sandbox.graph("text", {"body": "x"}, to=ANA[1:])) == 131026
    assert sandbox.code(sandbox.graph("text", {"body": "x"}, to="+5511900000000")) == 131021
    sandbox.say(text="hi")
    sandbox.api("POST", f"phones/{ANA}/block", {"number": NUMBER, "blocked": True})
    assert sandbox.graph("text", {"body": "x"})[0] == 200
    failed = until(lambda: [one for one in receiver.statuses() if one["status"] == "failed"], "a failed status")
    assert failed[0]["errors"][0]["code"] == 130403


def test_hidden_number_shows_only_the_user_id(sandbox: Sandbox, receiver: Receiver) -> None:
    bsuid = sandbox.api("PUT", f"phones/{ANA}", {"hide_number": True})["bsuid"]
    sandbox.say(text="hi")
    raw, _ = until(lambda: receiver.seen, "the webhook")[0]
    assert ANA[1:] not in raw.decode()
    assert receiver.messages()[0]["from_user_id"] == bsuid
    body = {"messaging_product": "whatsapp", "recipient": bsuid, "type": "text", "text": {"body": "hello"}}
    status, answer = sandbox.call("POST", f"/graph/v23.0/{NUMBER}/messages", body, TOKEN)
    assert (status, answer["contacts"]) == (200, [{"input": bsuid, "user_id": bsuid}])


def test_picture_can_be_fetched_with_the_token_only(sandbox: Sandbox, receiver: Receiver) -> None:
    sandbox.say(type="image", sample="receipt", caption="Taxi")
    image = until(receiver.messages, "the picture")[0]["image"]
    _, found = sandbox.call("GET", f"/graph/v23.0/{image['id']}", token=TOKEN)
    path = found["url"].split(str(sandbox.port), 1)[1]
    status, data = sandbox.call("GET", path, token=TOKEN)
    assert status == 200
    assert base64.b64encode(hashlib.sha256(data).digest()).decode() == image["sha256"]
    assert hashlib.sha256(data).hexdigest() == found["sha256"]
    assert sandbox.call("GET", path)[0] == 401


def test_edit_and_delete_tell_the_product(sandbox: Sandbox, receiver: Receiver) -> None:
    first = sandbox.say(text="frist")
    sandbox.say(type="edit", message_id=first, text="first")
    sandbox.say(type="revoke", message_id=first)
    until(lambda: len(receiver.messages()) == 3, "three webhooks")
    _, edit, revoke = receiver.messages()
    assert edit["edit"]["original_message_id"] == revoke["revoke"]["original_message_id"] == first
    assert edit["edit"]["message"]["text"] == {"body": "first"}
    assert sandbox.transcript()[0]["deleted"] is True


def test_forwarding_drops_the_buttons(sandbox: Sandbox, receiver: Receiver) -> None:
    sandbox.say(text="hi")
    buttons = [{"type": "reply", "reply": {"id": "ok", "title": "Approve"}}]
    part = {"type": "button", "body": {"text": "R$ 780?"}, "action": {"buttons": buttons}}
    wamid = sandbox.graph("interactive", part)[1]["messages"][0]["id"]
    sandbox.api("POST", f"phones/{BRUNO}/forward", {"number": NUMBER, "message_id": wamid})
    until(lambda: len(receiver.messages()) == 2, "the forwarded message")
    forwarded = receiver.messages()[1]
    assert (forwarded["from"], forwarded["context"]) == (BRUNO[1:], {"forwarded": True})
    assert (forwarded["type"], forwarded["text"]) == ("text", {"body": "R$ 780?"})


def test_raw_webhook_with_a_wrong_signature(sandbox: Sandbox, receiver: Receiver) -> None:
    for sign in (True, "wrong", False):
        sandbox.api("POST", "webhooks/raw", {"waba": WABA, "body": {"sign": sign}, "sign": sign})
    until(lambda: len(receiver.seen) == 3, "three bodies")
    right = {str(json.loads(raw)["sign"]): signature == _sign(raw) for raw, signature in receiver.seen}
    assert right == {"True": True, "wrong": False, "False": False}


def _sign(raw: bytes) -> str:
    return "sha256=" + hmac.new(SECRET.encode(), raw, hashlib.sha256).hexdigest()


def test_handshake(sandbox: Sandbox) -> None:
    assert sandbox.api("POST", f"accounts/{WABA}/handshake")["ok"] is True
    sandbox.api("PUT", f"accounts/{WABA}", {"verify_token": "another"})
    assert "403" in sandbox.api("POST", f"accounts/{WABA}/handshake")["error"]


def test_templates_are_listed_by_cursor(sandbox: Sandbox) -> None:
    parts = [{"type": "BODY", "text": "Hello"}]
    sandbox.api("PUT", f"accounts/{WABA}/templates", [
        {"name": f"t{n}", "language": "en", "components": parts, "status": "APPROVED"} for n in range(5)])  # fmt: skip
    names: list[str] = []
    path = f"/graph/v23.0/{WABA}/message_templates?fields=name,status&limit=2"
    while path:
        _, page = sandbox.call("GET", path, token=TOKEN)
        names += [one["name"] for one in page["data"]]
        path = page["paging"].get("next", "").partition(f":{sandbox.port}")[2]
    assert names == ["t0", "t1", "t2", "t3", "t4"]


def test_long_poll_wakes_at_once(sandbox: Sandbox) -> None:
    answers: list[Any] = []
    path = f"phones/{ANA}/messages?number={NUMBER}&after=0&wait=20"
    waiting = threading.Thread(target=lambda: answers.append(sandbox.api("GET", path)))
    started = time.monotonic()
    waiting.start()
    sandbox.say(text="wake up")
    waiting.join(15)
    assert answers[0]["messages"][0]["text"] == "wake up"
    assert time.monotonic() - started < 10


def test_page_is_strict_about_scripts_and_speaks_three_languages(sandbox: Sandbox) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", sandbox.port, timeout=10)
    for language, words in (("en", "Find a person"), ("pt", "Procurar pessoa"), ("es", "Buscar persona")):
        connection.request("GET", "/", headers={"Accept-Language": f"{language}-XX,de;q=0.5"})
        response = connection.getresponse()
        text = response.read().decode()
        assert words in text
        assert "script-src 'self'" in response.headers["Content-Security-Policy"]
    connection.close()


def test_off_without_its_switch(tmp_path: Path) -> None:
    process = start(tmp_path, free_port(), SANDBOX="")
    output, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0
    assert len(output.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


def test_queue_survives_a_kill_and_a_stream_does_not_delay_the_stop(tmp_path: Path, receiver: Receiver) -> None:
    port = free_port()
    sandbox = Sandbox(port)
    process = start(tmp_path, port)
    until(lambda: answers(sandbox), "the first start")
    account = {"token": TOKEN, "app_secret": SECRET, "webhook_url": receiver.url,
               "numbers": [{"phone_number_id": NUMBER, "display_phone_number": "+5511900000000"}]}  # fmt: skip
    sandbox.api("PUT", f"accounts/{WABA}", account)
    sandbox.api("PUT", f"phones/{ANA}", {"name": "Ana"})
    sandbox.api("POST", "webhooks/hold", {"hold": True})
    wamid = sandbox.say(text="before the end")
    with socket.create_connection(("127.0.0.1", port), timeout=10) as stream:
        stream.sendall(b"GET /events HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        assert b"text/event-stream" in stream.recv(4096)
        started = time.monotonic()
        stop(process)
        assert time.monotonic() - started < 4
    assert process.returncode == 0
    again = start(tmp_path, port)
    try:
        until(receiver.messages, "the webhook after the restart")
        assert receiver.messages()[0]["id"] == wamid
    finally:
        stop(again)


def test_strange_shapes_are_refused_not_crashed_on(sandbox: Sandbox) -> None:
    sandbox.say(text="hi")
    strange: list[Any] = [[], {}, {"messaging_product": "whatsapp", "to": ANA, "type": []}]
    strange += [
        {"messaging_product": "whatsapp", "to": ANA, "type": "interactive", "interactive": {"type": {}}},
        {"messaging_product": "whatsapp", "to": ANA, "type": "template", "template": {"name": 1, "language": "en"}},
        {"messaging_product": "whatsapp", "status": "read", "message_id": []},
    ]
    for body in strange:
        status, answer = sandbox.call("POST", f"/graph/v23.0/{NUMBER}/messages", body, TOKEN)
        assert status == 400, body
        assert answer["error"]["code"] in {100, 131008, 131009, 131051}
    status, answer = sandbox.call("POST", f"/api/phones/{ANA}/send", {"number": NUMBER, "type": {}})
    assert (status, set(answer)) == (400, {"error", "hint"})
