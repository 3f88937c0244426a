"""Everything that the sandbox does wrong when told to, seen from outside."""

import http.client
import json
from typing import Any

import pytest

from apps.sandbox.oddities import ODDITIES
from tests.sandbox.rig import ANA, BRUNO, NUMBER, TOKEN, WABA, Receiver, Sandbox, until

CUT: tuple[int, dict[str, str], bytes] = (0, {}, b"")


def raw(sandbox: Sandbox, text: str = "x", **more: Any) -> tuple[int, dict[str, str], bytes]:
    """One send as it looks on the wire; CUT when the connection ended without an answer."""
    body = {"messaging_product": "whatsapp", "to": ANA, "type": "text", "text": {"body": text}, **more}
    connection = http.client.HTTPConnection("127.0.0.1", sandbox.port, timeout=30)
    try:
        path = f"/graph/v23.0/{NUMBER}/messages"
        connection.request("POST", path, json.dumps(body), {"Authorization": f"Bearer {TOKEN}"})
        response = connection.getresponse()
        return response.status, {name.lower(): value for name, value in response.headers.items()}, response.read()
    except (http.client.HTTPException, OSError):
        return CUT
    finally:
        connection.close()


def template(sandbox: Sandbox, to: str = ANA) -> Any:
    return sandbox.graph("template", {"name": "note", "language": {"code": "en"}}, to=to)


def put_template(sandbox: Sandbox) -> str:
    parts = [{"type": "BODY", "text": "News for you."}]
    sandbox.api("PUT", f"accounts/{WABA}/templates", [{"name": "note", "language": "en", "components": parts}])
    return str(sandbox.api("GET", "templates")["templates"][0]["id"])


@pytest.mark.parametrize("name", sorted(ODDITIES))
def test_each_wrong_answer_is_given_once_and_counted_for_what_really_happened(name: str, sandbox: Sandbox) -> None:
    sandbox.say(text="hi")
    right = raw(sandbox, biz_opaque_callback_data="o:0")
    sandbox.api("PUT", "trouble", {"next_answers": {name: 1}})
    wrong = raw(sandbox, biz_opaque_callback_data="o:1")
    after = raw(sandbox, biz_opaque_callback_data="o:2")
    assert (right[0], after[0]) == (200, 200)
    with pytest.raises((ValueError, KeyError)):
        json.loads(wrong[2])["messages"][0]["id"]
    counts = sandbox.api("GET", "counts")
    assert counts["per_opaque"].get("o:1", 0) == int(ODDITIES[name].takes)
    assert counts["answered"] == {name: 1}


def test_wrong_answers_by_chance_are_the_same_for_the_same_seed(sandbox: Sandbox) -> None:
    sandbox.say(text="hi")
    runs = []
    for _run in range(2):
        sandbox.api("PUT", "trouble", {"chances": {"error_500": 0.3, "garbage": 0.2}, "seed": 11})
        runs.append([raw(sandbox)[0:3:2] for _ in range(15)])
        sandbox.api("PUT", "trouble", {"chances": {}})
    kinds = [[(status, body[:1]) for status, body in run] for run in runs]
    assert kinds[0] == kinds[1]
    assert {status for status, _body in runs[0]} == {200, 500}


def test_a_storm_says_how_long_to_wait_only_when_asked_to(sandbox: Sandbox) -> None:
    sandbox.say(text="hi")
    sandbox.api("PUT", "trouble", {"storm_seconds": 60})
    status, headers, _body = raw(sandbox)
    assert (status, "retry-after" in headers) == (429, False)
    sandbox.api("PUT", "trouble", {"storm_retry_after": 17})
    assert raw(sandbox)[1]["retry-after"] == "17"


def test_the_token_is_revoked_in_the_middle(sandbox: Sandbox) -> None:
    sandbox.say(text="hi")
    sandbox.api("PUT", "trouble", {"revoke_after": 3})
    assert [raw(sandbox)[0] for _ in range(5)] == [200, 200, 200, 401, 401]
    sandbox.api("PUT", "trouble", {"bad_token": False})
    assert raw(sandbox)[0] == 200


def test_chosen_people_are_refused_until_the_demos_clock_has_passed(sandbox: Sandbox) -> None:
    for phone in (ANA, BRUNO):
        sandbox.say(phone, text="hi")
    sandbox.api("POST", f"phones/{ANA}/limit", {"seconds": 600})
    assert sandbox.code(sandbox.graph("text", {"body": "x"})) == 131056
    assert sandbox.graph("text", {"body": "x"}, to=BRUNO)[0] == 200
    sandbox.api("POST", "clock/wind", {"seconds": 601})
    assert sandbox.graph("text", {"body": "x"})[0] == 200


def test_the_tier_counts_people_outside_windows_on_the_demos_clock(sandbox: Sandbox) -> None:
    put_template(sandbox)
    people = [f"+55119000010{n:02d}" for n in range(4)]
    sandbox.api("PUT", "phones", {"phones": [{"number": phone} for phone in people]})
    sandbox.api("PUT", f"accounts/{WABA}", {"people_per_day": 2})
    assert [template(sandbox, to=phone)[0] for phone in people[:2]] == [200, 200]
    assert sandbox.code(template(sandbox, to=people[2])) == 131048
    assert template(sandbox, to=people[0])[0] == 200, "the same person again costs nothing"
    sandbox.say(people[3], text="hi")
    assert template(sandbox, to=people[3])[0] == 200, "inside a window nothing is counted"
    sandbox.api("POST", "clock/wind", {"seconds": 24 * 3600 + 1})
    assert template(sandbox, to=people[2])[0] == 200
    counts = sandbox.api("GET", "counts?brief=1")
    assert counts["most_people"] == {WABA: 2}
    assert (counts["refused"], "per_opaque" in counts) == ({"131048": 1}, False)


def test_many_updates_in_one_post_in_every_layout(sandbox: Sandbox, receiver: Receiver) -> None:
    people = [f"+55119000020{n:02d}" for n in range(30)]
    sandbox.api("PUT", "phones", {"phones": [{"number": phone} for phone in people], "open": NUMBER})
    fast = {"phone_number_id": NUMBER, "throughput": 1000}
    sandbox.api("PUT", f"accounts/{WABA}", {"numbers": [fast]})
    for layout in ("values", "changes", "entries"):
        receiver.seen.clear()
        sandbox.api("PUT", "trouble", {"hold_webhooks": True, "batch": 1000, "batch_shape": layout, "gather_ms": 0})
        for phone in people:
            assert (
                sandbox.graph("text", {"body": layout}, to=phone, biz_opaque_callback_data=f"{layout}:{phone}")[0]
                == 200
            )
        until(lambda: sandbox.api("GET", "counts?brief=1")["webhooks"]["queued"] == 60, "sixty statuses")
        wait_until_due(sandbox)
        sandbox.api("POST", "webhooks/hold", {"hold": False})
        until(lambda: len(receiver.statuses()) == 60, "all statuses")
        assert len(receiver.seen) == 1
        entries = json.loads(receiver.seen[0][0])["entry"]
        widths = (len(entries), len(entries[0]["changes"]), len(entries[0]["changes"][0]["value"]["statuses"]))
        assert widths == {"values": (1, 1, 60), "changes": (1, 60, 1), "entries": (60, 1, 1)}[layout]
        per_message: dict[str, list[str]] = {}
        for one in receiver.statuses():
            per_message.setdefault(one["biz_opaque_callback_data"], []).append(one["status"])
        assert set(map(tuple, per_message.values())) == {("sent", "delivered")}


def wait_until_due(sandbox: Sandbox) -> None:
    """The last `delivered` is due 50 ms after its message; a request more takes longer than nothing, so ask the clock."""
    start = sandbox.api("GET", "clock")["now"]
    until(lambda: sandbox.api("GET", "clock")["now"] - start > 0.1, "a tenth of a second")


def test_statuses_late_twice_and_out_of_order(sandbox: Sandbox, receiver: Receiver) -> None:
    sandbox.say(text="hi")
    until(receiver.messages, "the greeting")
    sandbox.api("PUT", "trouble", {"reads": 1, "duplicates": 1, "status_shuffle_seconds": 1.5, "seed": 3})
    for number in range(6):
        raw(sandbox, biz_opaque_callback_data=f"o:{number}")
    until(lambda: len(receiver.statuses()) == 6 * 3 * 2, "each status twice")
    orders = {
        tuple(one["status"] for one in receiver.statuses() if one["biz_opaque_callback_data"] == f"o:{number}")
        for number in range(6)
    }
    assert any(list(order) != sorted(order, key=["sent", "delivered", "read"].index) for order in orders)


def test_statuses_may_be_faster_than_the_answer(sandbox: Sandbox, receiver: Receiver) -> None:
    sandbox.say(text="hi")
    sandbox.api("PUT", "trouble", {"answer_late_ms": 1500})
    status, _headers, body = raw(sandbox)
    assert status == 200
    # No waiting here: they have come while the answer was kept back.
    assert [one["id"] for one in receiver.statuses()] == [json.loads(body)["messages"][0]["id"]] * 2


def test_templates_are_judged_anew(sandbox: Sandbox, receiver: Receiver) -> None:
    found = put_template(sandbox)
    sandbox.api("POST", f"templates/{found}/change", {"category": "MARKETING"})
    sandbox.api("POST", f"templates/{found}/change", {"quality": "RED"})
    assert sandbox.call("POST", f"/api/templates/{found}/change", {"colour": "blue"})[0] == 400

    def told() -> list[dict[str, Any]]:
        bodies = [json.loads(one) for one, _signature in list(receiver.seen)]
        return [change for body in bodies for entry in body["entry"] for change in entry["changes"]]

    until(lambda: len(told()) == 2, "both verdicts")
    category, quality = told()
    assert category["field"] == "template_category_update"
    assert (category["value"]["previous_category"], category["value"]["new_category"]) == ("UTILITY", "MARKETING")
    assert (quality["field"], quality["value"]["new_quality_score"]) == ("message_template_quality_update", "RED")
    _status, listed = sandbox.call(
        "GET", f"/graph/v23.0/{WABA}/message_templates?fields=category,quality_score", token=TOKEN
    )
    assert (listed["data"][0]["category"], listed["data"][0]["quality_score"]) == ("MARKETING", {"score": "RED"})


def test_downloads_come_damaged_then_gone_then_whole(sandbox: Sandbox, receiver: Receiver) -> None:
    sandbox.say(type="image", sample="pipe")
    image = until(receiver.messages, "the picture")[0]["image"]
    _status, about = sandbox.call("GET", f"/graph/v23.0/{image['id']}", token=TOKEN)
    path = about["url"].split(str(sandbox.port), 1)[1]
    sandbox.api("PUT", "trouble", {"media_damaged": 1, "media_gone": 1})
    seen = [sandbox.call("GET", path, token=TOKEN) for _ in range(3)]
    assert [status for status, _data in seen] == [404, 200, 200]
    assert len(seen[1][1]) == len(seen[2][1]) == about["file_size"]
    assert seen[1][1] != seen[2][1]


@pytest.mark.parametrize("wrong", [
    {"chances": {"earthquake": 0.1}}, {"chances": {"lost": 0.7, "cut": 0.7}}, {"chances": []}, {"next_answers": {"lost": -1}},
    {"batch": 0}, {"batch": 1001}, {"batch_shape": "round"}, {"reads": 2}, {"people": {"+1": "soon"}}, {"seed": None},
])  # fmt: skip
def test_impossible_trouble_is_refused_and_changes_nothing(wrong: dict[str, Any], sandbox: Sandbox) -> None:
    before = sandbox.api("GET", "trouble")
    assert sandbox.call("PUT", "/api/trouble", {"slow_ms": 1, **wrong})[0] == 400
    assert sandbox.api("GET", "trouble") == before


def test_what_was_accepted_is_counted_by_person_text_and_our_own_id(sandbox: Sandbox) -> None:
    for phone in (ANA, BRUNO):
        sandbox.say(phone, text="hi")
    for opaque, text, to in (("o:1", "one", ANA), ("o:1", "one", ANA), ("o:2", "two", BRUNO)):
        assert sandbox.graph("text", {"body": text}, to=to, biz_opaque_callback_data=opaque)[0] == 200
    counts = sandbox.api("GET", "counts")
    assert (counts["accepted"], counts["people"], counts["twice"]) == (3, 2, {"o:1": 2})
    assert counts["per_person"] == {ANA: 2, BRUNO: 1}
    assert counts["per_text"] == {"one": 2, "two": 1}


def test_a_rotated_token_works_at_once_and_the_old_one_no_more(sandbox: Sandbox) -> None:
    sandbox.say(text="hi")
    assert sandbox.graph("text", {"body": "x"})[0] == 200
    sandbox.api("PUT", f"accounts/{WABA}", {"token": "another"})
    assert sandbox.graph("text", {"body": "x"})[0] == 401
    assert sandbox.graph("text", {"body": "x"}, token="another")[0] == 200
