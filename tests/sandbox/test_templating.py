"""Templates: filled in, and refused when what was sent does not fit."""

from typing import Any

import pytest

from apps.sandbox.graph_errors import GraphError
from apps.sandbox.templating import check_definition, fill

APPROVAL: dict[str, Any] = {
    "name": "approval",
    "language": "en",
    "category": "UTILITY",
    "parameter_format": "POSITIONAL",
    "components": [
        {"type": "HEADER", "format": "TEXT", "text": "Hello"},
        {"type": "BODY", "text": "Now {{2}} wants {{1}}. Agreed?", "example": {"body_text": [["10", "Ana"]]}},
        {
            "type": "BUTTONS",
            "buttons": [
                {"type": "QUICK_REPLY", "text": "Yes"},
                {"type": "QUICK_REPLY", "text": "No"},
                {"type": "URL", "text": "Open", "url": "https://a.example/r/{{1}}"},
            ],
        },
    ],
}
NAMED: dict[str, Any] = {
    "parameter_format": "NAMED",
    "components": [{"type": "BODY", "text": "Hi {{first_name}}, {{task}} is yours."}],
}


def _body(*texts: str) -> dict[str, Any]:
    return {"type": "body", "parameters": [{"type": "text", "text": text} for text in texts]}


def _named(**texts: str) -> dict[str, Any]:
    return {
        "type": "body",
        "parameters": [{"type": "text", "parameter_name": name, "text": text} for name, text in texts.items()],
    }


def _url(suffix: str, index: str = "2") -> dict[str, Any]:
    return {
        "type": "button",
        "sub_type": "url",
        "index": index,
        "parameters": [{"type": "text", "text": suffix}],
    }


def test_positions_are_numbers_not_places() -> None:
    filled = fill(APPROVAL, [_body("R$ 10", "Ana"), _url("9")])
    assert filled["text"] == "Now Ana wants R$ 10. Agreed?"
    assert filled["header"] == {"type": "text", "text": "Hello"}
    assert filled["buttons"][2]["url"] == "https://a.example/r/9"


def test_payload_comes_back_and_else_the_text() -> None:
    payload = {
        "type": "button",
        "sub_type": "quick_reply",
        "index": "0",
        "parameters": [{"type": "payload", "payload": "ok.1"}],
    }
    buttons = fill(APPROVAL, [_body("1", "2"), _url("9"), payload])["buttons"]
    assert [button["id"] for button in buttons[:2]] == ["ok.1", "No"]


def test_named_parameters_in_any_order() -> None:
    assert fill(NAMED, [_named(task="T-1", first_name="Ana")])["text"] == "Hi Ana, T-1 is yours."


@pytest.mark.parametrize(
    ("code", "template", "sent"),
    [
        pytest.param(132000, APPROVAL, [_body("only one"), _url("9")], id="too few"),
        pytest.param(132000, APPROVAL, [_body("1", "2", "3"), _url("9")], id="too many"),
        pytest.param(131008, APPROVAL, [_body("1", "2")], id="no url suffix"),
        pytest.param(131009, APPROVAL, [_body("1", "2"), _url("9", "7")], id="no such button"),
        pytest.param(132012, APPROVAL, [_body("1", "2"), _url("9", "0")], id="button of another kind"),
        pytest.param(132012, APPROVAL, [_named(a="1", b="2"), _url("9")], id="names in a positional one"),
        pytest.param(132012, NAMED, [_named(first_name="Ana", job="T-1")], id="wrong name"),
        pytest.param(132012, NAMED, [_body("Ana", "T-1")], id="positions in a named one"),
    ],
)
def test_refuses(code: int, template: dict[str, Any], sent: list[dict[str, Any]]) -> None:
    with pytest.raises(GraphError) as refused:
        fill(template, sent)
    assert refused.value.code == code


def test_media_header_must_be_of_its_kind() -> None:
    template = {"components": [{"type": "HEADER", "format": "DOCUMENT"}, {"type": "BODY", "text": "See above"}]}
    document = {"type": "header", "parameters": [{"type": "document", "document": {"id": "1"}}]}
    image = {"type": "header", "parameters": [{"type": "image", "image": {"id": "1"}}]}
    assert fill(template, [document])["header"]["document"] == {"id": "1"}
    for wrong in ([], [image]):
        with pytest.raises(GraphError) as refused:
            fill(template, wrong)
        assert refused.value.code == 132012


@pytest.mark.parametrize(
    "change",
    [
        {"name": "Has Capitals"},
        {"category": "FUN"},
        {"components": [{"type": "BODY", "text": "{{1}} starts", "example": {"body_text": [["a"]]}}]},
        {"components": [{"type": "BODY", "text": "ends {{1}}", "example": {"body_text": [["a"]]}}]},
        {"components": [{"type": "BODY", "text": "a {{1}}{{2}} b", "example": {"body_text": [["a", "b"]]}}]},
        {"components": [{"type": "BODY", "text": "no {{1}} example"}]},
        {"components": [{"type": "BODY", "text": "x" * 1025}]},
    ],
)
def test_definitions_that_meta_refuses(change: dict[str, Any]) -> None:
    check_definition(APPROVAL)
    with pytest.raises(GraphError):
        check_definition({**APPROVAL, **change})
