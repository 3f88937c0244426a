"""The list of shapes is whole, and every shape leaves the adapter as one request that a Graph server can read."""

import inspect
import json
from typing import get_args

import pytest

from apps.providers.base import WhatsAppProvider
from apps.providers.types import Content
from tests.contracts import drive
from tests.contracts.relay import relaying
from tests.contracts.shapes import adapter, contents, sends, shapes
from tests.outbox.graph import running

NO_REQUEST = {
    "handshake",
    "verify",
    "dedup_key",
    "parse",
    "failure",
    "template_language",
    "prepare",
    "conclude",
    "news",
}
"""What an adapter does without asking the carrier anything."""
WHERE = "Give it a shape in tests/contracts/shapes.py, or say in NO_REQUEST that it asks nothing."


def test_every_kind_of_content_has_a_shape() -> None:
    assert {type(content) for _name, content in contents()} == set(get_args(Content)), WHERE


def test_every_method_that_asks_the_carrier_has_a_shape() -> None:
    methods = {name for name, _method in inspect.getmembers(WhatsAppProvider, inspect.isfunction) if name[0] != "_"}
    assert {shape.method for shape in shapes()} == methods - NO_REQUEST, WHERE


def test_each_send_is_one_signed_json_request() -> None:
    with running() as graph, relaying(graph.base_url) as relay:
        provider = adapter(relay.url)
        for shape in sends():
            shape.call(provider)
        bodies = [json.loads(one.body) for one in relay.exchanges]
    assert len(bodies) == len(list(sends()))
    assert all(body["messaging_product"] == "whatsapp" and body["biz_opaque_callback_data"] for body in bodies)


def test_a_wrong_request_is_reported(capsys: pytest.CaptureFixture[str]) -> None:
    with running() as graph:
        graph.refuse(100, times=1)
        _count, complaints = drive.drive(graph.base_url, list(sends())[:3])
    assert [line.partition(":")[0] for line in complaints] == ["text"]
    assert "WRONG [400] text" in capsys.readouterr().out


def test_a_field_can_be_left_out_on_the_way() -> None:
    with running() as graph, relaying(graph.base_url, ["biz_opaque_callback_data"]) as relay:
        next(iter(sends())).call(adapter(relay.url))
        assert "biz_opaque_callback_data" not in graph.accepted[0]
        assert graph.accepted[0]["text"] == {"body": "Hello", "preview_url": False}
