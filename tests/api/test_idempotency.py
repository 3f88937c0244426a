"""The same request sent twice is done once."""

import pytest
from django.db import connection

from apps.api import idempotency, tasks
from apps.api.models import Answer
from apps.people import issuing
from apps.people.keys import ApiKey
from apps.people.models import Employee
from tests.api.callers import EVERY, Program, token_for
from tests.factories import make_employee, make_user
from tests.racing import race

pytestmark = pytest.mark.django_db
ANA = {"number": "17", "name": "Ana"}


@pytest.fixture
def hr() -> Program:
    return Program(token_for())


def test_a_repeat_gets_the_first_answer_and_does_nothing(hr: Program):
    first, second = (hr.post("people/", ANA, idempotency_key="one") for _twice in range(2))
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json() == second.json()
    assert (first["Location"], first["ETag"]) == (second["Location"], second["ETag"])
    assert (first.get("Idempotency-Replayed"), second["Idempotency-Replayed"]) == (None, "true")
    assert Employee.objects.count() == 1


def test_the_same_key_with_another_body_or_address_is_422(hr: Program):
    hr.post("people/", ANA, idempotency_key="one")
    for answer in (
        hr.post("people/", {**ANA, "name": "Bia"}, idempotency_key="one"),
        hr.post("teams/", {"name": "x"}, idempotency_key="one"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")
    assert Employee.objects.get().name == "Ana"


def test_a_repeat_that_comes_meanwhile_is_told_to_wait(hr: Program, clock):
    clock.stand("2026-03-02T10:00:00")
    hr.post("people/", ANA, idempotency_key="one")
    Answer.objects.update(status=None, content="")
    answer = hr.post("people/", ANA, idempotency_key="one")
    assert (answer.status_code, answer["Retry-After"]) == (409, "1")


def test_a_claim_whose_holder_died_is_taken_over(hr: Program, clock):
    clock.stand("2026-03-02T10:00:00")
    hr.post("people/", ANA, idempotency_key="one")
    Answer.objects.update(status=None, content="")
    Employee.objects.all().delete()
    clock.stand("2026-03-02T10:01:01")
    assert hr.post("people/", ANA, idempotency_key="one").status_code == 201
    assert Employee.objects.count() == 1


def test_who_lost_the_claim_meanwhile_changes_nothing(hr: Program, monkeypatch):
    keep = idempotency.Claim.keep

    def too_late(self: idempotency.Claim, response: object) -> None:
        Answer.objects.update(claim="somebody else's")
        keep(self, response)

    monkeypatch.setattr(idempotency.Claim, "keep", too_late)
    assert hr.post("people/", ANA, idempotency_key="one").status_code == 409
    assert not Employee.objects.exists()


def test_what_was_refused_is_not_remembered(hr: Program):
    assert hr.post("people/", {"number": "1"}, idempotency_key="one").status_code == 400
    assert hr.post("people/", ANA, idempotency_key="one").status_code == 201


def test_keys_belong_to_who_sends_them_and_survive_a_new_api_key(hr: Program):
    hr.post("people/", ANA, idempotency_key="one")
    stranger = Program(token_for())
    assert stranger.post("people/", ANA, idempotency_key="one").status_code == 400, "the number is taken: it was tried"
    key = ApiKey.objects.first()
    owner = ApiKey.objects.get(prefix=hr.token.split("_")[1]).owner
    _key, token = issuing.create_key(name="next", owner=owner, scopes=EVERY, by=make_user(is_superuser=True))
    assert Program(token).post("people/", ANA, idempotency_key="one")["Idempotency-Replayed"] == "true"
    assert key is not None


@pytest.mark.parametrize("key", ["", " ", "x" * 256, "ñ"])
def test_an_unusable_key_is_400(hr: Program, key: str):
    answer = hr.post("people/", ANA, idempotency_key=key)
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_idempotency_key")


def test_changes_and_removals_are_repeatable_too(hr: Program):
    ana = make_employee("Ana")
    for _twice in range(2):
        assert hr.post(f"people/{ana.pk}/leave/", idempotency_key="bye").json()["state"] == "left"
        assert hr.patch(f"people/{ana.pk}/", {"position": "x"}, idempotency_key="patch").status_code == 200


def test_answers_are_encrypted_kept_for_a_day_and_removed(hr: Program, clock):
    clock.stand("2026-03-02T10:00:00")
    hr.post("people/", {**ANA, "email": "ana@example.org"}, idempotency_key="one")
    with connection.cursor() as cursor:
        cursor.execute("SELECT content FROM api_answer")
        assert "ana@example.org" not in cursor.fetchone()[0]
    clock.stand("2026-03-03T09:59:00")
    assert tasks.clean() == 0
    clock.stand("2026-03-03T10:00:00")
    assert hr.post("people/", ANA, idempotency_key="one").status_code == 400, "done anew, a day later"
    hr.post("people/", {"number": "2", "name": "B"}, idempotency_key="two")
    clock.stand("2026-03-04T10:00:00")
    assert tasks.clean() == 1
    assert not Answer.objects.exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite in memory is one connection")
def test_of_many_at_once_one_is_done():
    token = token_for()
    answers = race(*[lambda: Program(token).post("people/", ANA, idempotency_key="one") for _each in range(6)])
    assert {answer.status_code for answer in answers} <= {201, 409}
    assert sum(answer.status_code == 201 and "Idempotency-Replayed" not in answer for answer in answers) == 1
    assert Employee.objects.count() == 1
