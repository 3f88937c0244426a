"""Every error in one shape, whatever was sent."""

import json

import pytest
import redis
from django.test import Client, override_settings
from redis.backoff import NoBackoff
from redis.retry import Retry

from apps.api import problems, views_people
from apps.core import errors, store
from tests.api.callers import Program, token_for
from tests.factories import make_employee, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def hr() -> Program:
    return Program(token_for())


def check(answer, status: int) -> dict:
    assert answer.status_code == status, answer.content
    assert answer["Content-Type"] == "application/problem+json"
    told = answer.json()
    assert told["status"] == status
    assert {"type", "title", "detail", "code"} <= set(told)
    return told


@pytest.mark.parametrize(
    "body",
    [
        b"{", b"", b"[1]", b'"text"', b"null", b"\xff\xfe", b'{"name": NaN}', b"[" * 100_000, b'{"a":' * 3000 + b"1" + b"}" * 3000,
        b'{"name": "a\\u0000b", "number": "1"}', b'{"name": "\\ud800", "number": "1"}', b'{"number": ' + b"9" * 5000 + b"}",
        b'{"number": {"a": 1}, "name": [1]}',
    ],
)  # fmt: skip
def test_a_bad_body_is_400(hr: Program, body: bytes):
    check(hr.send("POST", "people/", body), 400)


def test_a_huge_body_is_413_before_it_is_read(hr: Program):
    check(hr.send("POST", "people/", b"x" * (1024 * 1024 + 1)), 413)
    with override_settings(API_LARGEST_BODY=10):
        check(hr.post("people/", {"number": "1", "name": "Ana"}), 413)


def test_another_media_type_is_415(hr: Program):
    hr.kind = "application/x-www-form-urlencoded"
    check(hr.send("POST", "people/", b"number=1&name=Ana"), 415)


def test_another_method_is_405(hr: Program):
    answer = hr.put("people/", {})
    check(answer, 405)
    assert "GET" in answer["Allow"]
    check(hr.delete("teams/"), 405)


@pytest.mark.parametrize(
    "path", ["/api/v1/nothing/", "/api/v2/people/", "/api/", "/api/v1/people/x/", "/api/v1/people/0" + "9" * 30 + "/"]
)
def test_an_address_that_leads_nowhere_is_404(hr: Program, path: str):
    check(hr.get(path), 404)


def test_a_missing_slash_is_explained(hr: Program):
    assert "slash" in check(hr.post("/api/v1/people", {}), 404)["detail"]


def test_an_answer_that_nobody_can_read_is_406(hr: Program):
    check(hr.get("people/", accept="text/csv"), 406)


def test_what_breaks_on_our_side_says_nothing_of_it(hr: Program, monkeypatch, caplog):
    def broken(*args: object) -> None:
        raise RuntimeError("a secret of the house")

    monkeypatch.setattr(views_people, "filtered", broken)
    answer = hr.get("people/")
    check(answer, 500)
    assert "secret" not in answer.content.decode()
    assert "a secret of the house" in caplog.text


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (errors.NotPermittedError("no"), 403), (errors.InvalidInputError("no", fields={"a": "b"}), 400),
        (errors.MoveNotAllowedError("no"), 409), (errors.StaleVersionError("no"), 409), (errors.Refused("no"), 409),
        (errors.TryLater("no", after=7), 503), (errors.Misconfigured("no"), 503), (errors.LostAnswerError("no"), 502),
    ],
)  # fmt: skip
def test_each_of_our_errors_has_one_status(error: errors.RecadoError, status: int):
    problem = problems.describe(error)
    assert (problem.status, problem.code, problem.detail) == (status, error.code, "no")
    assert problem.headers == ({"Retry-After": "7"} if status == 503 and error.code == "try_later" else {})


def test_too_many_requests_are_told_when_to_come_again(hr: Program, clock):
    clock.stand("2026-03-02T10:00:50")
    with override_settings(API_PER_MINUTE=2):
        assert [hr.get("people/").status_code for _each in range(2)] == [200, 200]
        answer = hr.get("people/")
        check(answer, 429)
        assert answer["Retry-After"] == "10"
        clock.stand("2026-03-02T10:01:00")
        assert hr.get("people/").status_code == 200


def test_nobody_is_held_up_when_the_store_is_away(hr: Program, monkeypatch):
    gone = redis.Redis(host="127.0.0.1", port=9, socket_connect_timeout=0.2, retry=Retry(NoBackoff(), 0))
    monkeypatch.setattr(store, "client", lambda: gone)
    with override_settings(API_PER_MINUTE=1):
        assert [hr.get("people/").status_code for _each in range(3)] == [200, 200, 200]
    gone.close()


def test_a_person_in_the_browser_needs_the_pages_token_for_changes():
    client = Client(enforce_csrf_checks=True)
    client.force_login(make_user(roles=["HR"]))
    assert client.get("/api/v1/people/").status_code == 200
    body = json.dumps({"number": "1", "name": "Ana"})
    check(client.post("/api/v1/people/", body, content_type="application/json"), 403)
    client.get("/admin/people/employee/add/")
    token = client.cookies["recado_csrf"].value
    done = client.post("/api/v1/people/", body, content_type="application/json", headers={"X-CSRFToken": token})
    assert done.status_code == 201


def test_details_are_told_in_the_readers_language(hr: Program):
    answers = {hr.get("people/999999/", accept_language=language).json()["code"] for language in ("en", "pt-br", "es")}
    assert answers == {"not_found"}


def test_no_answer_is_kept_by_a_cache(hr: Program):
    assert hr.get(f"people/{make_employee().pk}/")["Cache-Control"] == "no-store"
