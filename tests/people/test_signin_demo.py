"""The page with the demo's codes: for this machine alone, for the demo's own sign-ins alone."""

from typing import Any

import pytest
from allauth.mfa.totp.internal.auth import TOTP
from django.test import Client

from portal.demo import codes, company
from tests.factories import make_user
from tests.signin import enter, with_app, with_password

pytestmark = pytest.mark.django_db

ADMIN = company.LOGINS[0]


def here(**extra: str) -> Any:
    return Client(HTTP_HOST="127.0.0.1:8000").get("/demo/codes/", **extra)


def test_it_shows_the_present_code_of_a_demo_sign_in_and_of_nobody_else(settings: Any) -> None:
    user = with_password(make_user(ADMIN.username, is_superuser=True))
    TOTP.activate(user, ADMIN.secret)
    stranger = make_user("somebody")
    secret = with_app(stranger)
    page = here().content.decode()
    assert codes.code(ADMIN.secret) in page
    assert codes.code(secret) not in page
    assert "somebody" not in page
    client = Client()
    enter(client, ADMIN.username)
    assert client.post("/accounts/code/", {"code": codes.code(ADMIN.secret)})["Location"] == "/admin/"


def test_it_is_not_there_without_the_sandbox_from_elsewhere_or_under_another_name(settings: Any) -> None:
    assert here().status_code == 200
    settings.ALLOWED_HOSTS = ["*"]
    assert here(REMOTE_ADDR="192.0.2.7").status_code == 404
    assert Client(HTTP_HOST="portal.example").get("/demo/codes/").status_code == 404
    settings.SANDBOX = False
    assert here().status_code == 404


def test_every_demo_sign_in_has_its_own_secret() -> None:
    secrets = [login.secret for login in company.LOGINS]
    assert len(set(secrets)) == len(secrets)
    assert {len(secret) for secret in secrets} == {32}
