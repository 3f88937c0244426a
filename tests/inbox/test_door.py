"""The door: who may come in, what is kept, what the sender is told."""

import json

import pytest

from apps.inbox.models import InboundEvent, Receipt
from apps.providers.models import Number
from tests.factories import make_number
from tests.inbox.callers import WAYS, Caller
from tests.webhooks import inbound, sign, text

pytestmark = pytest.mark.django_db


@pytest.fixture(params=WAYS)
def caller(request: pytest.FixtureRequest) -> Caller:
    """Once through Django's handler and once through the callable that the web server gets."""
    return Caller(request.param)


@pytest.fixture
def number() -> Number:
    return make_number()


def test_a_signed_delivery_is_stored_byte_for_byte_before_the_answer(caller: Caller, number: Number) -> None:
    body = json.dumps(inbound(number, text("+5511900000001", "olá"))).encode() + b"  "
    assert caller.post(number.account, body).status_code == 200
    receipt = Receipt.objects.get()
    assert bytes(receipt.body) == body
    assert receipt.state == "received"
    assert not InboundEvent.objects.exists()


@pytest.mark.parametrize("signature", [None, "", "sha256=", "sha256=00", "sha1=abc", "sha256=" + "0" * 64, "\u00e9"])
def test_an_unsigned_or_forged_delivery_is_refused_and_not_stored(
    caller: Caller, number: Number, signature: str | None
) -> None:
    answer = caller.post(number.account, inbound(number, text("+5511900000001", "menu")), signature=signature)
    assert answer.status_code == 403
    assert not Receipt.objects.exists()


def test_a_body_changed_by_one_space_is_refused(caller: Caller, number: Number) -> None:
    body = json.dumps(inbound(number, text("+5511900000001", "menu"))).encode()
    signature = sign(number.account.app_secret, body)
    assert caller.post(number.account, body + b" ", signature=signature).status_code == 403


def test_another_accounts_signature_does_not_open_this_door(caller: Caller, number: Number) -> None:
    body = json.dumps(inbound(number, text("+5511900000001", "menu"))).encode()
    assert caller.post(number.account, body, signature=sign("another secret", body)).status_code == 403


def test_the_previous_secret_still_signs_while_it_rotates(caller: Caller, number: Number) -> None:
    account = number.account
    body = json.dumps(inbound(number, text("+5511900000001", "menu"))).encode()
    old = sign(account.app_secret, body)
    account.previous_app_secret, account.app_secret = account.app_secret, "the new secret"
    account.save()
    assert caller.post(account, body, signature=old).status_code == 200
    account.previous_app_secret = ""
    account.save()
    assert caller.post(account, body, signature=old).status_code == 403


def test_an_account_without_a_secret_lets_nobody_in(caller: Caller, number: Number) -> None:
    account = number.account
    account.app_secret = ""
    account.save()
    body = json.dumps(inbound(number, text("+5511900000001", "menu"))).encode()
    assert caller.post(account, body, signature=sign("", body)).status_code == 403


def test_a_repeated_delivery_is_thanked_for_and_stored_once(caller: Caller, number: Number) -> None:
    body = inbound(number, text("+5511900000001", "menu"))
    assert [caller.post(number.account, body).status_code for _ in range(3)] == [200, 200, 200]
    assert Receipt.objects.get().times_received == 3


def test_three_megabytes_are_accepted_and_one_byte_more_is_not(caller: Caller, number: Number) -> None:
    body = json.dumps(inbound(number, text("+5511900000001", "x"))).encode()
    largest = body + b" " * (3 * 1024 * 1024 - len(body))
    assert caller.post(number.account, largest).status_code == 200
    assert caller.post(number.account, largest + b" ").status_code == 413
    assert Receipt.objects.count() == 1


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b'"text"', b"\xff\xfe", b'{"object": "page"}', b"<html>"])
def test_a_signed_body_that_cannot_be_read_is_kept(caller: Caller, number: Number, body: bytes) -> None:
    assert caller.post(number.account, body).status_code == 200
    assert bytes(Receipt.objects.get().body) == body


def test_the_handshake_is_answered_with_the_challenge_alone(caller: Caller, number: Number) -> None:
    url = f"/hooks/meta_cloud/{number.account.hook_key}/"
    token = number.account.verify_token
    query = {"hub.mode": "subscribe", "hub.challenge": "1158201444", "hub.verify_token": token}
    answer = caller.get(url, query)
    assert (answer.status_code, answer.content) == (200, b"1158201444")
    assert caller.get(url, {**query, "hub.verify_token": "guess"}).status_code == 403
    assert caller.get(url).status_code == 400


def test_a_challenge_is_never_served_as_a_page(caller: Caller, number: Number) -> None:
    query = {
        "hub.mode": "subscribe",
        "hub.challenge": "<script>1</script>",
        "hub.verify_token": number.account.verify_token,
    }
    answer = caller.get(f"/hooks/meta_cloud/{number.account.hook_key}/", query)
    assert answer["Content-Type"].startswith("text/plain")


def test_an_unknown_address_is_not_found(caller: Caller, number: Number) -> None:
    for path in ("/hooks/meta_cloud/nobody/", f"/hooks/twilio/{number.account.hook_key}/", "/hooks/meta_cloud/a%00b/"):
        assert caller.call("POST", path, b"{}").status_code == 404
    for path in ("/hooks/", "/hooks/meta_cloud/", f"/hooks/meta_cloud/{number.account.hook_key}/x/", "/hooks/a/b/c/d/"):
        assert caller.call("POST", path, b"{}").status_code == 404
    answer = caller.call("PUT", f"/hooks/meta_cloud/{number.account.hook_key}/", b"{}")
    assert (answer.status_code, answer["Allow"]) == (405, "GET, POST")


def test_a_paused_account_still_keeps_what_comes_in(caller: Caller, number: Number) -> None:
    number.account.state = "broken"
    number.account.save()
    assert caller.post(number.account, inbound(number, text("+5511900000001", "menu"))).status_code == 200
