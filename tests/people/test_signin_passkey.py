"""Passkeys: as a second factor, and instead of a password."""

import json
import re
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client

from apps.journal.models import Entry
from apps.people.models import User
from tests.factories import make_user
from tests.passkey import Passkey
from tests.signin import PASSWORD, enter, forget_codes, names, with_app, with_password

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _roles(settings: Any) -> None:
    settings.SECOND_FACTOR_ROLES = ["HR"]


@pytest.fixture
def hana() -> User:
    return with_password(make_user("hana", roles=("HR",)))


def browser() -> Client:
    return Client(HTTP_HOST="localhost")


def options(page: Any) -> dict[str, Any]:
    found = re.findall(r'(?s)<script id="js_data" type="application/json">(.*?)</script>', page.content.decode())
    return dict(json.loads(found[0]))


def added(client: Client, key: Passkey, name: str = "Key ring") -> Any:
    asked = options(client.get("/accounts/passkeys/add/"))["creation_options"]
    return client.post("/accounts/passkeys/add/", {"name": name, "credential": key.create(asked)})


def with_passkey(user: User) -> tuple[Client, Passkey]:
    client, key = browser(), Passkey()
    enter(client, user.username)
    assert added(client, key)["Location"] == "/accounts/recovery-codes/"
    forget_codes()
    return client, key


def test_a_passkey_opens_the_desk_and_is_written_down(hana: User) -> None:
    client, _key = with_passkey(hana)
    assert client.get("/admin/").status_code == 200
    assert names(hana).count("user.factor_added") == 2
    assert "Key ring" in client.get("/accounts/").content.decode()


def test_a_passkey_is_asked_for_after_the_password(hana: User) -> None:
    _client, key = with_passkey(hana)
    other = browser()
    assert enter(other, "hana")["Location"] == "/accounts/code/"
    asked = options(other.get("/accounts/code/"))["request_options"]
    assert other.post("/accounts/code/", {"credential": key.get(asked)})["Location"] == "/admin/"
    assert other.get("/admin/").status_code == 200
    assert Entry.objects.filter(name="user.signed_in").latest("pk").after == {"with": "password", "factor": "webauthn"}


def alone(client: Client, key: Passkey, **how: bool) -> Any:
    asked = client.get("/accounts/passkeys/login/", headers={"Accept": "application/json"}).json()["request_options"]
    return client.post("/accounts/passkeys/login/", {"credential": key.get(asked, **how)})


def test_a_passkey_alone_lets_in_as_two_factors_in_one(hana: User) -> None:
    _client, key = with_passkey(hana)
    other = browser()
    assert alone(other, key)["Location"] == "/admin/"
    assert other.get("/admin/").status_code == 200
    assert Entry.objects.filter(name="user.signed_in").latest("pk").after == {"with": "passkey", "factor": "webauthn"}


def test_a_passkey_alone_without_finger_or_pin_lets_nobody_in(hana: User) -> None:
    _client, key = with_passkey(hana)
    other = browser()
    alone(other, key, is_verified=False)
    assert other.get("/admin/").status_code == 302


def test_a_locked_sign_in_s_passkey_lets_nobody_in(hana: User) -> None:
    _client, key = with_passkey(hana)
    hana.is_active = False
    hana.save()
    other = browser()
    assert alone(other, key)["Location"] == "/accounts/inactive/"
    assert other.get("/admin/").status_code == 302


def test_another_site_s_answer_an_old_one_and_a_stranger_s_key_let_nobody_in(hana: User) -> None:
    _client, key = with_passkey(hana)
    other = browser()
    asked = other.get("/accounts/passkeys/login/", headers={"Accept": "application/json"}).json()["request_options"]
    good = key.get(asked)
    other.get(
        "/accounts/passkeys/login/", headers={"Accept": "application/json"}
    )  # a new challenge: the answer is old now
    other.post("/accounts/passkeys/login/", {"credential": good})
    assert other.get("/admin/").status_code == 302
    key.origin = "https://evil.example"
    alone(other, key)
    assert other.get("/admin/").status_code == 302
    stranger = Passkey()
    stranger.handle = key.handle
    alone(other, stranger)
    assert other.get("/admin/").status_code == 302


NONSENSE = ["", "null", "[]", "{}", "not json", '{"response": null}', '{"id": 1, "response": {"userHandle": "%%%"}}',
                                        '{"response": {"userHandle": "OTk5OTk5"}}', '{"response": {}}', '{"response": []}', '"text"']  # fmt: skip


@pytest.mark.parametrize("credential", NONSENSE)
@pytest.mark.parametrize("page", ["/accounts/passkeys/login/", "/accounts/code/"])
def test_nonsense_instead_of_a_passkey_is_only_wrong(hana: User, page: str, credential: str) -> None:
    with_passkey(hana)
    client = browser()
    if page == "/accounts/code/":
        enter(client, "hana")
        client.get(page)
    else:
        client.get(page, headers={"Accept": "application/json"})
    assert client.post(page, {"credential": credential}).status_code in {200, 302}
    assert client.get("/admin/").status_code == 302


@pytest.mark.parametrize("credential", NONSENSE)
def test_nonsense_adds_no_passkey(hana: User, credential: str) -> None:
    client = browser()
    enter(client, "hana")
    client.get("/accounts/passkeys/add/")
    assert client.post("/accounts/passkeys/add/", {"name": "x", "credential": credential}).status_code == 200
    assert not Authenticator.objects.exists()


def test_the_last_passkey_of_a_privileged_person_stays(hana: User) -> None:
    client, _key = with_passkey(hana)
    row = Authenticator.objects.get(type="webauthn")
    page = client.post(f"/accounts/passkeys/{row.pk}/remove/", follow=True)
    assert "this is your last one" in page.content.decode()
    assert Authenticator.objects.filter(type="webauthn").count() == 1
    with_app(hana)
    client.post(f"/accounts/passkeys/{row.pk}/remove/")
    assert not Authenticator.objects.filter(type="webauthn").exists()


def test_somebody_else_s_passkey_is_not_mine_to_touch(hana: User) -> None:
    with_passkey(hana)
    row = Authenticator.objects.get(type="webauthn")
    other = browser()
    enter(other, with_password(make_user("mara", roles=("Manager",))).username)
    other.post("/accounts/again/", {"password": PASSWORD})
    for verb in ("remove", "name"):
        assert other.post(f"/accounts/passkeys/{row.pk}/{verb}/", {"name": "mine"}).status_code in {302, 404}
    row.refresh_from_db()
    assert str(row) == "Key ring"


def test_a_passkey_can_be_renamed(hana: User) -> None:
    client, _key = with_passkey(hana)
    row = Authenticator.objects.get(type="webauthn")
    client.post(f"/accounts/passkeys/{row.pk}/name/", {"name": "Blue <key>"})
    page = client.get("/accounts/").content.decode()
    assert "Blue &lt;key&gt;" in page
