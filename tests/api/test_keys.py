"""Keys: who may make them, what opens, what does not, and that the secret is nowhere."""

from datetime import timedelta

import pytest
from django.test import override_settings

from apps.core import clock as core_clock
from apps.core.errors import InvalidInputError, NotPermittedError
from apps.journal.models import Body, Entry
from apps.people import issuing, services
from apps.people.keys import ApiKey
from apps.people.models import User
from tests.api.callers import Program, token_for
from tests.factories import make_employee, make_user

pytestmark = pytest.mark.django_db


def manager_of_keys(**values: object) -> User:
    return make_user(roles=["Operator"], **values)


def test_a_key_opens_and_notes_its_use_once_a_minute(clock):
    clock.stand("2026-03-02T10:00:00")
    token = token_for()
    assert Program(token).get("people/").status_code == 200
    first = ApiKey.objects.get().last_used_at
    clock.stand("2026-03-02T10:00:30")
    Program(token).get("people/")
    assert ApiKey.objects.get().last_used_at == first
    clock.stand("2026-03-02T10:01:01")
    Program(token).get("people/")
    assert ApiKey.objects.get().last_used_at > first


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        "x",
        "rcd_",
        "rcd_abcdefgh_",
        "rcd_abcdefgh_" + "a" * 40,
        "rcd_" + "a" * 5000,
        "Rcd_\x00",
        "rcd_ñbcdefgh_" + "a" * 40,
    ],
)
def test_a_forged_key_is_401_and_says_nothing(wrong: str):
    token_for()
    answer = Program(wrong).get("people/")
    assert answer.status_code == 401
    assert answer["Content-Type"] == "application/problem+json"
    assert answer["WWW-Authenticate"].startswith("Bearer")


def test_the_right_prefix_with_another_secret_is_401():
    token = token_for()
    forged = token[:-1] + ("a" if token[-1] != "a" else "b")
    assert Program(forged).get("people/").status_code == 401


def test_no_key_and_another_kind_of_key_are_401():
    assert Program().get("people/").status_code == 401
    assert Program().get("people/", authorization="Basic YTpi").status_code == 401


def test_an_ended_key_is_dead(clock):
    clock.stand("2026-03-02T10:00:00")
    token = token_for(None, expires_at=core_clock.now() + timedelta(days=1))
    assert Program(token).get("people/").status_code == 200
    clock.stand("2026-03-03T10:00:00")
    answer = Program(token).get("people/")
    assert (answer.status_code, "ended" in answer.json()["detail"]) == (401, True)


def test_a_withdrawn_key_is_dead_at_once():
    owner = make_user(roles=["HR"])
    token = token_for(owner)
    issuing.revoke_key(key=ApiKey.objects.get(), by=owner)
    assert Program(token).get("people/").status_code == 401


def test_the_key_of_a_locked_sign_in_is_dead():
    owner = make_user(roles=["HR"])
    token = token_for(owner)
    User.objects.filter(pk=owner.pk).update(is_active=False)
    assert Program(token).get("people/").status_code == 401


def test_the_key_of_a_leaver_is_dead_even_when_the_sign_in_is_opened_again():
    owner = make_user(roles=["HR"], employee=make_employee())
    token = token_for(owner)
    services.mark_left(employee=owner.employee, by=make_user())
    User.objects.filter(pk=owner.pk).update(is_active=True)
    assert Program(token).get("people/").status_code == 401


@pytest.mark.parametrize(
    ("networks", "status"),
    [([], 200), (["127.0.0.0/8"], 200), (["10.0.0.0/8", "2001:db8::/32"], 401), (["127.0.0.1"], 200)],
)
def test_a_key_opens_from_its_networks_only(networks: list[str], status: int):
    assert Program(token_for(None, networks=networks)).get("people/").status_code == status


def test_a_forwarded_address_is_believed_only_from_our_own_proxies():
    program = Program(token_for(None, networks=["203.0.113.0/24"]))
    forged = {"X_FORWARDED_FOR": "203.0.113.9"}
    assert program.get("people/", **forged).status_code == 401
    with override_settings(TRUSTED_PROXIES=1):
        assert program.get("people/", **forged).status_code == 200
        assert program.get("people/", X_FORWARDED_FOR="203.0.113.9, 198.51.100.1").status_code == 401


def test_a_scope_that_is_missing_is_403_and_named():
    answer = Program(token_for(None, "teams:read")).get("people/")
    assert (answer.status_code, "people:read" in answer.json()["detail"]) == (403, True)


def test_a_key_never_may_more_than_its_owner():
    owner = make_user(roles=["Manager"], employee=make_employee())
    program = Program(token_for(owner))
    assert program.post("people/", {"number": "1", "name": "New"}).status_code == 403
    nobody = Program(token_for(make_user()))
    assert nobody.get("people/").status_code == 403


def test_the_secret_is_nowhere_but_in_the_hand_that_got_it(caplog):
    token = token_for()
    secret = token.split("_")[2]
    Program(token).get("people/")
    Program(token + "x").get("people/")
    kept = " ".join(str(row) for model in (ApiKey, Entry, Body) for row in model.objects.values())
    assert secret not in kept
    assert ApiKey.objects.get().digest not in " ".join(
        str(row) for row in (*Entry.objects.values(), *Body.objects.values())
    )
    assert secret not in caplog.text


def test_who_does_not_manage_keys_makes_none():
    with pytest.raises(NotPermittedError):
        issuing.create_key(name="x", owner=make_user(), scopes=["scim"], by=make_user(roles=["HR"]))


def test_nobody_makes_a_key_that_can_do_more_than_they_can():
    by = manager_of_keys()
    for owner in (make_user(roles=["HR"]), make_user(is_superuser=True)):
        with pytest.raises(NotPermittedError):
            issuing.create_key(name="x", owner=owner, scopes=["people:write"], by=by)
    issuing.create_key(name="x", owner=by, scopes=["people:read"], by=by)
    issuing.create_key(name="x", owner=make_user(), scopes=["people:read"], by=by)


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"scopes": []}, "scopes"), ({"scopes": ["people:everything"]}, "scopes"), ({"name": " "}, "name"),
        ({"networks": ["somewhere"]}, "networks"), ({"networks": [f"10.0.{n}.0/24" for n in range(30)]}, "networks"),
        ({"expires_at": timedelta(days=-1)}, "expires_at"), ({"expires_at": timedelta(days=800)}, "expires_at"),
    ],
)  # fmt: skip
def test_a_key_needs_a_name_scopes_and_an_end(values: dict, field: str):
    by = make_user(is_superuser=True)
    if "expires_at" in values:
        values = {"expires_at": core_clock.now() + values["expires_at"]}
    with pytest.raises(InvalidInputError) as error:
        issuing.create_key(**{"name": "x", "owner": by, "scopes": ["scim"], "by": by, **values})
    assert field in error.value.fields
    assert not ApiKey.objects.exists()


def test_a_key_for_a_locked_sign_in_is_not_made():
    with pytest.raises(InvalidInputError):
        issuing.create_key(name="x", owner=make_user(is_active=False), scopes=["scim"], by=make_user(is_superuser=True))


def test_a_replaced_key_opens_for_one_more_day(clock):
    clock.stand("2026-03-02T10:00:00")
    owner = make_user(roles=["HR"])
    old = token_for(owner)
    _key, new = issuing.rotate_key(key=ApiKey.objects.get(), by=owner)
    assert [Program(token).get("people/").status_code for token in (old, new)] == [200, 200]
    clock.stand("2026-03-03T10:00:01")
    assert [Program(token).get("people/").status_code for token in (old, new)] == [401, 200]
    assert set(Entry.objects.values_list("name", flat=True)) >= {"apikey.created", "apikey.replaced"}


def test_another_persons_key_is_neither_replaced_nor_withdrawn():
    token_for()
    key, stranger = ApiKey.objects.get(), make_user(roles=["HR"])
    for act in (issuing.rotate_key, issuing.revoke_key):
        with pytest.raises(NotPermittedError):
            act(key=key, by=stranger)
    assert issuing.revoke_key(key=key, by=manager_of_keys()).revoked_at is not None
    issuing.revoke_key(key=key, by=manager_of_keys())
    assert Entry.objects.filter(name="apikey.revoked").count() == 1


def test_whoever_guesses_keys_is_told_to_wait(clock):
    clock.stand("2026-03-02T10:00:00")
    token = token_for()
    for _each in range(30):
        assert Program("rcd_wrong").get("people/").status_code == 401
    answer = Program("rcd_wrong").get("people/")
    assert answer.status_code == 429
    assert Program(token).get("people/").status_code == 200, (
        "one stale program must not lock out the others behind its address"
    )
    assert 1 <= int(answer["Retry-After"]) <= 60
