"""What only the bare WSGI callable meets: half bodies, chunks, wrong lengths, accounts that change under it."""

import io
import json
from typing import Any

import pytest
from django.test import override_settings

from apps.inbox import door, doorkeeper
from apps.inbox.models import Receipt
from apps.providers.models import Account, Number
from tests.factories import make_number
from tests.inbox.callers import called
from tests.webhooks import inbound, sign, text

pytestmark = pytest.mark.django_db
LARGEST = 3 * 1024 * 1024


@pytest.fixture
def number() -> Number:
    return make_number()


def delivery(number: Number, words: str = "menu") -> bytes:
    return json.dumps(inbound(number, text("+5511900000001", words))).encode()


def knock(
    number: Number, body: bytes, *, secret: str | None = None, signed: bytes | None = None, **environ: Any
) -> int:
    account = number.account
    signature = sign(account.app_secret if secret is None else secret, body if signed is None else signed)
    path = f"/hooks/{account.kind}/{account.hook_key}/"
    return called("POST", path, body, {"X-Hub-Signature-256": signature}, **environ).status_code


class Wire:
    """A body that comes in pieces, and may break off with an error."""

    def __init__(self, *pieces: bytes | Exception) -> None:
        self.pieces = list(pieces)

    def read(self, _size: int) -> bytes:
        piece = self.pieces.pop(0) if self.pieces else b""
        if isinstance(piece, Exception):
            raise piece
        return piece

    readline = readlines = __iter__ = None


HTTPS: dict[str, Any] = {"wsgi.url_scheme": "https"}
CHUNKED: dict[str, Any] = {"CONTENT_LENGTH": None, "HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input_terminated": True}


def test_half_a_body_is_told_so_and_not_stored(number: Number) -> None:
    body = delivery(number)
    assert knock(number, body[:50], signed=body, CONTENT_LENGTH=str(len(body))) == 400
    broken = Wire(body[:50], ConnectionResetError("gone"))
    assert knock(number, body, **{"wsgi.input": broken}) == 400
    assert not Receipt.objects.exists()


def test_a_body_in_small_pieces_is_whole(number: Number) -> None:
    body = delivery(number)
    assert knock(number, body, **{"wsgi.input": Wire(*(body[n : n + 7] for n in range(0, len(body), 7)))}) == 200
    assert bytes(Receipt.objects.get().body) == body


@pytest.mark.parametrize("length", ["-1", "x", "1e3", "\u00b2", "0x10"])
def test_a_length_that_is_no_number_is_refused(number: Number, length: str) -> None:
    account, body = number.account, delivery(number)
    environ = {"REQUEST_METHOD": "POST", "PATH_INFO": "/", "CONTENT_LENGTH": length, "wsgi.input": io.BytesIO(body)}
    assert door.answer(environ, kind=account.kind, hook_key=account.hook_key).status in {400, 403}
    assert not Receipt.objects.exists()


def test_more_bytes_than_announced_are_not_read(number: Number) -> None:
    body = delivery(number)
    assert knock(number, body + b"and more", signed=body, CONTENT_LENGTH=str(len(body))) == 200
    assert bytes(Receipt.objects.get().body) == body


def test_chunks_are_put_together(number: Number) -> None:
    body = delivery(number)
    assert knock(number, body, **CHUNKED, **{"wsgi.input": Wire(body[:10], body[10:20], body[20:])}) == 200
    assert bytes(Receipt.objects.get().body) == body


def test_endless_chunks_are_cut_short(number: Number) -> None:
    assert knock(number, b"", **CHUNKED, **{"wsgi.input": Wire(*[b"x" * (1 << 20)] * 9)}) == 413
    assert knock(number, b"", CONTENT_LENGTH=str(LARGEST + 1), **{"wsgi.input": Wire(OSError("never read"))}) == 413
    assert knock(number, b"", CONTENT_LENGTH="9" * 400) == 413


def test_nobody_waits_for_a_body_without_an_end(number: Number) -> None:
    never = Wire(AssertionError("read"))
    assert knock(number, b"", CONTENT_LENGTH=None, **{"wsgi.input": never}) == 200  # an empty body, rightly signed
    assert knock(number, b"", CONTENT_LENGTH=None, HTTP_TRANSFER_ENCODING="chunked", **{"wsgi.input": never}) == 200
    assert bytes(Receipt.objects.get().body) == b""


def test_a_header_of_any_bytes_is_only_a_wrong_signature(number: Number) -> None:
    path, body = f"/hooks/meta_cloud/{number.account.hook_key}/", delivery(number)
    for signature in ("\xe9\xff\x00", "x" * 100_000, "sha256=" + "f" * 64 + ",sha256=" + "0" * 64):
        assert called("POST", path, body, {"X-Hub-Signature-256": signature}).status_code == 403


# --- who may come in ----------------------------------------------------------------------------------------------------


def test_a_secret_changed_behind_our_back_counts_at_once(number: Number) -> None:
    """`update` sends no signal, as another process would not."""
    accounts = Account.objects.filter(pk=number.account_id)
    old = number.account.app_secret
    assert knock(number, delivery(number, "1")) == 200
    accounts.update(app_secret="new", previous_app_secret=old)
    assert [knock(number, delivery(number, "2"), secret=secret) for secret in ("new", old)] == [200, 200]
    accounts.update(previous_app_secret="")
    assert knock(number, delivery(number, "3"), secret=old) == 403
    assert knock(number, delivery(number, "4"), secret="new") == 200
    accounts.update(app_secret="")
    assert [knock(number, delivery(number, "5"), secret=secret) for secret in ("new", old, "")] == [403] * 3
    assert Receipt.objects.count() == 4


def test_an_address_changed_behind_our_back_counts_at_once(number: Number) -> None:
    assert knock(number, delivery(number, "1")) == 200
    Account.objects.filter(pk=number.account_id).update(hook_key="elsewhere")
    assert knock(number, delivery(number, "2")) == 404
    number.account.hook_key = "elsewhere"
    assert knock(number, delivery(number, "2")) == 200


def test_a_wrong_signature_is_not_forgiven_for_what_is_remembered(number: Number) -> None:
    assert knock(number, delivery(number)) == 200
    assert doorkeeper.remembered(number.account.kind, number.account.hook_key) is not None
    assert knock(number, delivery(number), secret="guess") == 403


def test_what_is_remembered_shows_no_secret(number: Number) -> None:
    knock(number, delivery(number))
    shown = repr(doorkeeper.remembered(number.account.kind, number.account.hook_key))
    assert number.account.app_secret not in shown
    assert "gAAAA" not in shown


# --- in front of Django -------------------------------------------------------------------------------------------------


def test_other_pages_are_djangos(number: Number) -> None:
    assert called("GET", "/accounts/login/").status_code == 200
    assert called("GET", "/hooks/").status_code == 404


def moved(environ: door.Environ, start_response: door.StartResponse) -> list[bytes]:
    start_response("301 Moved Permanently", [("Content-Type", "text/plain"), ("Content-Length", "0")])
    return [b""]


@override_settings(SECURE_SSL_REDIRECT=True, SECURE_PROXY_SSL_HEADER=("HTTP_X_FORWARDED_PROTO", "https"))
def test_plain_http_is_still_djangos_where_https_is_ours(number: Number) -> None:
    ours = door.Door(moved)
    assert knock(number, delivery(number), to=ours) == 301
    assert knock(number, delivery(number), to=ours, HTTP_X_FORWARDED_PROTO="https") == 200
    assert knock(number, delivery(number, "2"), to=ours, **HTTPS) == 200


def test_a_strange_host_is_refused(number: Number) -> None:
    assert knock(number, delivery(number), HTTP_HOST="evil.example") == 400
    assert not Receipt.objects.exists()


def test_whatever_falls_is_a_500_without_a_trace(number: Number, caplog: pytest.LogCaptureFixture) -> None:
    Account.objects.filter(pk=number.account_id).update(kind="nobody")
    answer = called("POST", f"/hooks/nobody/{number.account.hook_key}/", b"{}")
    assert answer.status_code == 500
    assert b"Traceback" not in answer.content
    assert "made the door fall" in caplog.text
