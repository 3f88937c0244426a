"""Single sign-on against a small provider on this machine: whom it lets in, and every way to be fooled that it is not."""

import json
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from django.core.checks import run_checks
from django.test import Client

from apps.journal.models import Entry
from apps.people.models import User
from apps.people.signin import oidc
from portal.demo.codes import code
from tests.factories import make_user
from tests.oidc import CLIENT_ID, OTHER_KEY, SECRET, Provider, running
from tests.signin import enter, names, with_app, with_password

pytestmark = pytest.mark.django_db


@pytest.fixture
def provider(settings: Any) -> Iterator[Provider]:
    with running() as one:
        settings.OIDC = {
            **settings.OIDC,
            "name": "Aurora ID",
            "issuer": one.issuer,
            "client_id": CLIENT_ID,
            "client_secret": SECRET,
        }
        settings.BASE_URL = "http://testserver"
        yield one


@pytest.fixture
def ana() -> User:
    return make_user("ana", roles=("Manager",), email="Ana@Aurora.example")


def come_back(client: Client, provider: Provider, **changes: str) -> Any:
    """Press the button, do what the provider wants, and come back."""
    away = client.post("/accounts/sso/", {"next": "/admin/people/employee/"})
    assert away.status_code == 302, away.content.decode()[-800:]
    return client.get("/accounts/sso/callback/", {**provider.authorize(away["Location"]), **changes})


def is_in(client: Client) -> bool:
    return client.get("/admin/").status_code == 200


# --- in ---------------------------------------------------------------------------------------------------------------
def test_a_verified_e_mail_of_an_open_sign_in_lets_in_and_is_linked(provider: Provider, ana: User) -> None:
    client = Client()
    assert "Sign in with Aurora ID" in client.get("/accounts/login/").content.decode()
    answer = come_back(client, provider)
    assert (answer.status_code, answer["Location"]) == (302, "/admin/people/employee/")
    assert is_in(client)
    account = SocialAccount.objects.get()
    assert (account.user, account.uid, account.provider, account.extra_data) == (ana, "subject-1", "company", {})
    assert not SocialToken.objects.exists()
    assert names(ana) == ["user.linked", "user.signed_in"]
    assert Entry.objects.latest("pk").after == {"with": "socialaccount", "factor": "none"}


def test_a_linked_subject_is_the_same_person_under_a_new_e_mail(provider: Provider, ana: User) -> None:
    come_back(Client(), provider)
    provider.userinfo = {"sub": "subject-1", "email": "married@aurora.example", "email_verified": False}
    client = Client()
    come_back(client, provider)
    assert is_in(client)
    assert SocialAccount.objects.count() == 1


def test_what_we_ask_has_a_state_a_nonce_and_a_challenge_and_nothing_of_the_address(provider: Provider) -> None:
    away = Client().post(
        "/accounts/sso/?auth_params=nonce%3Dx%26redirect_uri%3Dhttps://evil.example&scope=admin&process=connect&action=rerequest"
    )
    asked = {name: values[0] for name, values in parse_qs(urlsplit(away["Location"]).query).items()}
    assert asked["redirect_uri"] == "http://testserver/accounts/sso/callback/"
    assert asked["code_challenge_method"] == "S256"
    assert len(asked["nonce"]) > 20
    assert set(asked["scope"].split()) == {"openid", "profile", "email"}


def test_only_a_press_of_the_button_starts_it(provider: Provider) -> None:
    assert Client().get("/accounts/sso/").status_code == 405


# --- whom it does not let in ------------------------------------------------------------------------------------------
def refused(provider: Provider, sentence: str) -> None:
    client = Client()
    answer = come_back(client, provider)
    assert answer.status_code == 403
    assert sentence in answer.content.decode()
    assert not is_in(client)
    assert not SocialAccount.objects.exists()


def test_somebody_we_do_not_know_is_told_so_and_never_made(provider: Provider) -> None:
    refused(provider, "Nobody here has the e-mail address")
    assert not User.objects.exists()


@pytest.mark.parametrize("verified", [False, "false", "true", None, 1, "yes", [], {}])
def test_an_e_mail_counts_only_when_the_provider_says_plainly_that_it_is_verified(provider: Provider, ana: User, verified: Any) -> None:  # fmt: skip
    provider.userinfo["email_verified"] = verified
    refused(provider, "does not say that your e-mail address is verified")


def test_an_answer_without_an_e_mail_matches_nobody(provider: Provider) -> None:
    make_user("nameless", email="")
    for email in ("", None, [], {"a": 1}, 7, "ana@aurora.example\x00"):
        provider.userinfo["email"] = email
        refused(provider, "does not say")


def test_who_left_is_nobody(provider: Provider, ana: User) -> None:
    ana.is_active = False
    ana.save()
    refused(provider, "Nobody here")


def test_who_left_after_linking_does_not_come_in_either(provider: Provider, ana: User) -> None:
    come_back(Client(), provider)
    ana.is_active = False
    ana.save()
    client = Client()
    assert come_back(client, provider)["Location"] == "/accounts/inactive/"
    assert not is_in(client)


def test_an_administrator_is_never_linked_by_e_mail(provider: Provider) -> None:
    make_user("boss", is_superuser=True, email="ana@aurora.example")
    refused(provider, "An administrator’s sign-in is not linked by e-mail")


def test_two_sign_ins_with_one_address_are_nobody_s(provider: Provider, ana: User) -> None:
    make_user("other", email="ana@aurora.example")
    refused(provider, "More than one sign-in")


def test_a_second_identity_with_the_same_e_mail_does_not_take_the_sign_in_over(provider: Provider, ana: User) -> None:
    come_back(Client(), provider)
    provider.claims["sub"] = provider.userinfo["sub"] = "subject-2"
    client = Client()
    assert "linked to another identity" in come_back(client, provider).content.decode()
    assert not is_in(client)


# --- forged, mixed up, late -------------------------------------------------------------------------------------------
BENT = [
    {"nonce": "another"}, {"nonce": None}, {"iss": "https://evil.example"}, {"iss": None}, {"aud": "somebody-else"}, {"aud": None},
    {"exp": 1}, {"exp": None}, {"iat": None}, {"sub": "subject-2"}, {"sub": None}, {"aud": [CLIENT_ID, "other"]},
    {"aud": [CLIENT_ID, "other"], "azp": "other"},
]  # fmt: skip


@pytest.mark.parametrize("claims", BENT, ids=json.dumps)
def test_an_id_token_that_is_not_for_this_sign_in_lets_nobody_in(
    provider: Provider, ana: User, claims: dict[str, Any]
) -> None:
    provider.claims = claims
    distrusted(provider)


def distrusted(provider: Provider, **changes: str) -> None:
    client = Client()
    answer = come_back(client, provider, **changes)
    assert answer.status_code == 401
    assert "could not be trusted" in answer.content.decode()
    assert not is_in(client)
    assert not SocialAccount.objects.exists()


@pytest.mark.parametrize("sub", ["x" * 500, 7, [], {"a": 1}, "\x00"])
def test_a_subject_that_is_none_breaks_nothing(provider: Provider, sub: Any) -> None:
    provider.claims["sub"] = provider.userinfo["sub"] = sub
    client = Client()
    assert come_back(client, provider).status_code in {401, 403}
    assert not is_in(client)


def test_an_id_token_signed_by_another_key_lets_nobody_in(provider: Provider, ana: User) -> None:
    provider.key = OTHER_KEY
    distrusted(provider)


def test_an_id_token_signed_by_nobody_or_by_our_own_secret_lets_nobody_in(provider: Provider, ana: User) -> None:
    provider.key, provider.algorithm = None, "none"
    distrusted(provider)
    provider.key, provider.algorithm = SECRET, "HS256"
    distrusted(provider)


def test_a_state_is_good_once_and_only_in_the_browser_that_began(provider: Provider, ana: User) -> None:
    client, thief = Client(), Client()
    away = client.post("/accounts/sso/")
    back = provider.authorize(away["Location"])
    assert thief.get("/accounts/sso/callback/", back).status_code == 401
    assert client.get("/accounts/sso/callback/", back).status_code == 302
    client.post("/accounts/logout/")
    assert client.get("/accounts/sso/callback/", back).status_code == 401
    assert not is_in(client)


@pytest.mark.parametrize("changes", [{"state": "made-up"}, {"state": ""}, {"code": ""}, {"code": "made-up"}])
def test_a_made_up_way_back_lets_nobody_in(provider: Provider, ana: User, changes: dict[str, str]) -> None:
    distrusted(provider, **changes)


def test_stopping_at_the_provider_is_not_an_error(provider: Provider) -> None:
    client = Client()
    state = provider.authorize(client.post("/accounts/sso/")["Location"])["state"]
    answer = client.get("/accounts/sso/callback/", {"error": "access_denied", "state": state}, follow=True)
    assert answer.status_code == 200


NONSENSE = [(500, ""), (200, "<html>"), (200, "[]"), (200, "null"), (200, "{}"), (302, "{}"), (404, "{}")]


@pytest.mark.parametrize("answer", NONSENSE)
@pytest.mark.parametrize("path", ["/.well-known/openid-configuration", "/keys", "/token", "/userinfo"])
def test_a_provider_that_talks_nonsense_gets_a_page_that_says_so(provider: Provider, ana: User, path: str, answer: tuple[int, str]) -> None:  # fmt: skip
    client = Client()
    away = client.post("/accounts/sso/")
    back = provider.authorize(away["Location"])
    provider.bent[path] = answer
    assert client.get("/accounts/sso/callback/", back).status_code == 401
    if path.endswith("configuration"):
        assert "did not answer" in client.post("/accounts/sso/").content.decode()
    assert "/elsewhere" not in provider.asked
    assert not is_in(client)


def test_a_discovery_document_of_somebody_else_is_not_followed(provider: Provider) -> None:
    good = json.loads(provider.answer("/.well-known/openid-configuration", {})[1])
    for change in ({"issuer": "https://evil.example"}, {"token_endpoint": "http://evil.example/token"}, {"jwks_uri": "file:///etc/passwd"},
                   {"userinfo_endpoint": "http://169.254.169.254/"}, {"authorization_endpoint": "javascript:alert(1)"}):  # fmt: skip
        provider.bent["/.well-known/openid-configuration"] = (200, json.dumps({**good, **change}))
        assert Client().post("/accounts/sso/").status_code == 401, change


def test_a_provider_that_is_away_gets_a_page_that_says_so(settings: Any) -> None:
    settings.OIDC = {**settings.OIDC, "issuer": "http://127.0.0.1:9", "client_id": "a", "client_secret": "b"}
    assert "did not answer" in Client().post("/accounts/sso/").content.decode()


def test_a_provider_written_into_a_table_is_not_asked(ana: User) -> None:
    SocialApp.objects.create(provider="openid_connect", provider_id="company", name="Evil", client_id="x", secret="y",
                             settings={"server_url": "http://127.0.0.1:9"})  # fmt: skip
    assert "Evil" not in Client().get("/accounts/login/").content.decode()
    assert Client().post("/accounts/sso/").status_code == 404


# --- the second factor ------------------------------------------------------------------------------------------------
@pytest.fixture
def hana(settings: Any) -> User:
    settings.SECOND_FACTOR_ROLES = ["HR"]
    return make_user("hana", roles=("HR",), email="ana@aurora.example")


def test_the_provider_s_word_for_a_factor_is_not_taken_unless_we_are_told_to(provider: Provider, hana: User) -> None:
    provider.claims["amr"] = ["pwd", "mfa"]
    client = Client()
    come_back(client, provider)
    assert client.get("/admin/")["Location"].startswith("/accounts/?")


def test_our_own_factor_is_asked_for_after_the_provider(provider: Provider, hana: User) -> None:
    secret = with_app(hana)
    client = Client()
    assert come_back(client, provider)["Location"] == "/accounts/code/"
    assert not is_in(client)
    client.post("/accounts/code/", {"code": code(secret)})
    assert is_in(client)


@pytest.mark.parametrize(("amr", "is_trusted"), [(["pwd", "mfa"], True), (["otp"], True), (["pwd"], False), (None, False), ("mfa", False),
                                                 ([], False), ([{}], False)])  # fmt: skip
def test_with_a_trusted_provider_its_factor_opens_the_desk(settings: Any, provider: Provider, hana: User, amr: Any, is_trusted: bool) -> None:  # fmt: skip
    settings.OIDC = {**settings.OIDC, "is_second_factor": True}
    provider.claims["amr"] = amr
    client = Client()
    come_back(client, provider)
    assert is_in(client) is is_trusted
    assert Entry.objects.filter(name="user.signed_in").latest("pk").after["factor"] == (
        "provider" if is_trusted else "none"
    )


def test_a_factor_that_userinfo_speaks_of_is_not_signed_and_does_not_count(
    settings: Any, provider: Provider, hana: User
) -> None:
    settings.OIDC = {**settings.OIDC, "is_second_factor": True}
    provider.userinfo["amr"] = ["mfa"]
    client = Client()
    come_back(client, provider)
    assert not is_in(client)


def test_the_factor_of_one_sign_in_does_not_serve_the_next(settings: Any, provider: Provider, hana: User) -> None:
    settings.OIDC = {**settings.OIDC, "is_second_factor": True}
    provider.claims["amr"] = ["mfa"]
    client = Client()
    come_back(client, provider)
    with_password(hana)
    client.post("/accounts/logout/")
    enter(client, "hana")
    assert not is_in(client)


# --- the settings -----------------------------------------------------------------------------------------------------
def test_when_the_provider_is_required_only_administrators_use_a_password(
    settings: Any, provider: Provider, ana: User
) -> None:
    settings.OIDC = {**settings.OIDC, "is_required": True}
    with_password(ana)
    with_password(make_user("boss", is_superuser=True))
    client, boss = Client(), Client()
    assert "do not belong together" in enter(client, "ana").content.decode()
    assert not is_in(client)
    enter(boss, "boss")
    assert is_in(boss)


@pytest.mark.parametrize(("given", "expected"), [
    ({}, []), ({"issuer": "https://id.example"}, ["recado.E010"]), ({"is_required": True}, ["recado.E010"]), ({"client_secret": "x"}, ["recado.E010"]),
    ({"issuer": "http://id.example", "client_id": "a", "client_secret": "b"}, ["recado.E011"]),
    ({"issuer": "id.example", "client_id": "a", "client_secret": "b"}, ["recado.E011"]),
    ({"issuer": "https://id.example", "client_id": "a", "client_secret": "b"}, []),
    ({"issuer": "https://10.0.0.5/realms/a", "client_id": "a", "client_secret": "b"}, []),
])  # fmt: skip
def test_half_a_provider_is_an_error_of_the_system_check(
    settings: Any, given: dict[str, Any], expected: list[str]
) -> None:
    settings.OIDC = {**settings.OIDC, **given}
    assert [found.id for found in run_checks() if str(found.id).startswith("recado.E01")] == expected


def test_a_misspelt_role_and_a_missing_one_are_said(settings: Any) -> None:
    settings.SECOND_FACTOR_ROLES = ["HR", "Operater"]
    found = {item.id for item in run_checks(include_deployment_checks=True)}
    assert {"recado.W010", "recado.W011"} <= found


def test_without_a_provider_there_is_no_button_and_no_page() -> None:
    assert "Sign in with" not in Client().get("/accounts/login/").content.decode()
    assert Client().post("/accounts/sso/").status_code == 404
    assert not oidc.is_set_up()


def test_a_token_is_judged_by_the_machine_s_time(provider: Provider, ana: User, clock: Any) -> None:
    clock.wind(86_400)
    provider.claims["exp"] = int(time.time()) + 30
    client = Client()
    come_back(client, provider)
    assert is_in(client)
