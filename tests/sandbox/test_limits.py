"""Message shapes that Meta takes and refuses: no database, no process."""

from typing import Any

import pytest

from apps.sandbox.graph_errors import GraphError
from apps.sandbox.limits import check_message


def _message(kind: str, part: Any, **more: Any) -> dict[str, Any]:
    return {"messaging_product": "whatsapp", "to": "+5511988887777", "type": kind, kind: part, **more}


def _buttons(*replies: tuple[str, str], **more: Any) -> dict[str, Any]:
    buttons = [{"type": "reply", "reply": {"id": name, "title": title}} for name, title in replies]
    return {"type": "button", "body": {"text": "Sure?"}, "action": {"buttons": buttons}, **more}


def _list(rows: int, **row: Any) -> dict[str, Any]:
    made = [{"id": f"r{n}", "title": f"Row {n}", **row} for n in range(rows)]
    return {"type": "list", "body": {"text": "Pick"}, "action": {"button": "Open", "sections": [{"rows": made}]}}


GOOD = {
    "text": _message("text", {"body": "x" * 4096, "preview_url": False}),
    "image by id": _message("image", {"id": "1", "caption": "c"}),
    "document by link": _message("document", {"link": "https://a.example/b.pdf", "filename": "b.pdf"}),
    "location": _message("location", {"latitude": -23.5, "longitude": "-46.6", "name": "Here"}),
    "three buttons": _message("interactive", _buttons(("a", "Yes"), ("b", "No"), ("c" * 256, "t" * 20))),
    "ten rows": _message("interactive", _list(10, description="d" * 72)),
    "reaction taken back": _message("reaction", {"message_id": "wamid.1", "emoji": ""}),
    "ask for a place": _message(
        "interactive",
        {"type": "location_request_message", "body": {"text": "Where?"}, "action": {"name": "send_location"}},
    ),
    "link button": _message(
        "interactive",
        {
            "type": "cta_url",
            "body": {"text": "Look"},
            "action": {"name": "cta_url", "parameters": {"display_text": "Open", "url": "https://a.example/"}},
        },
    ),
    "opaque data": _message("text", {"body": "hi"}, biz_opaque_callback_data="o" * 512),
    "by user id": {
        "messaging_product": "whatsapp", "recipient": "BR.123", "type": "text", "text": {"body": "hi"},
    },
}  # fmt: skip

BAD = {
    "not WhatsApp": (100, {**GOOD["text"], "messaging_product": "sms"}),
    "unknown field": (100, {**GOOD["text"], "priority": "high"}),
    "unknown field inside": (100, _message("text", {"body": "hi", "color": "red"})),
    "unknown type": (131051, _message("fax", {})),
    "no recipient": (131008, {"messaging_product": "whatsapp", "type": "text", "text": {"body": "hi"}}),
    "no text": (131008, _message("text", {"body": "  "})),
    "long text": (131009, _message("text", {"body": "x" * 4097})),
    "long opaque data": (131009, _message("text", {"body": "hi"}, biz_opaque_callback_data="o" * 513)),
    "id and link": (131008, _message("image", {"id": "1", "link": "https://a.example/"})),
    "caption on audio": (100, _message("audio", {"id": "1", "caption": "c"})),
    "latitude beyond the pole": (131009, _message("location", {"latitude": 91, "longitude": 0})),
    "four buttons": (131009, _message("interactive", _buttons(*[(str(n), str(n)) for n in range(4)]))),
    "long title": (131009, _message("interactive", _buttons(("a", "t" * 21)))),
    "equal titles": (131009, _message("interactive", _buttons(("a", "Yes"), ("b", "Yes")))),
    "equal ids": (131009, _message("interactive", _buttons(("a", "Yes"), ("a", "No")))),
    "long id": (131009, _message("interactive", _buttons(("a" * 257, "Yes")))),
    "id with a space": (131009, _message("interactive", _buttons((" a", "Yes")))),
    "long interactive body": (131009, _message("interactive", _buttons(("a", "Yes"), body={"text": "x" * 1025}))),
    "long footer": (131009, _message("interactive", _buttons(("a", "Yes"), footer={"text": "x" * 61}))),
    "eleven rows": (131009, _message("interactive", _list(11))),
    "long row id": (131009, _message("interactive", {**_list(0), "action": {
        "button": "Open", "sections": [{"rows": [{"id": "x" * 201, "title": "a"}]}]}})),
    "long row description": (131009, _message("interactive", _list(1, description="d" * 73))),
    "newline in a parameter": (132012, _message("template", {
        "name": "t", "language": {"code": "en"},
        "components": [{"type": "body", "parameters": [{"type": "text", "text": "a\nb"}]}]})),
    "five spaces in a parameter": (132012, _message("template", {
        "name": "t", "language": {"code": "en"},
        "components": [{"type": "body", "parameters": [{"type": "text", "text": "a     b"}]}]})),
}  # fmt: skip


@pytest.mark.parametrize("name", GOOD)
def test_takes(name: str) -> None:
    assert check_message(GOOD[name]) == GOOD[name]["type"]


@pytest.mark.parametrize("name", BAD)
def test_refuses(name: str) -> None:
    code, body = BAD[name]
    with pytest.raises(GraphError) as refused:
        check_message(body)
    assert refused.value.code == code
    assert refused.value.body()["error"]["error_data"]["details"]


def test_sections_need_titles_when_there_are_several() -> None:
    sections = [{"title": "A", "rows": [{"id": "1", "title": "a"}]}, {"rows": [{"id": "2", "title": "b"}]}]
    part = {"type": "list", "body": {"text": "Pick"}, "action": {"button": "Open", "sections": sections}}
    with pytest.raises(GraphError) as refused:
        check_message(_message("interactive", part))
    assert refused.value.code == 131008
    sections[1]["title"] = "B"
    assert check_message(_message("interactive", part)) == "interactive"
