"""Nothing that signs somebody in stands in a table or a page in plain."""

import base64
import json
import re
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP
from cryptography.fernet import Fernet
from django.apps import apps
from django.core import mail
from django.db import connection
from django.test import Client

from apps.people.models import User
from apps.people.signin import services
from portal.demo.codes import code
from tests.factories import make_user
from tests.signin import enter, names, signed_in, with_app, with_codes, with_password

pytestmark = pytest.mark.django_db


def every_value() -> str:
    """Every column of every table, as it lies on the disk; signed and packed texts unpacked."""
    found = []
    with connection.cursor() as cursor:
        for model in apps.get_models(include_auto_created=True):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(model._meta.db_table)}")  # noqa: S608 - our own names
            found += [str(value) for row in cursor.fetchall() for value in row]
    unpacked = []
    for value in found:
        for part in re.split(r"[:.]", value):
            try:
                unpacked.append(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)).decode("latin-1"))
            except ValueError:
                continue
    return "\n".join([*found, *unpacked])


def test_planted_secrets_are_in_no_table(settings: Any) -> None:
    user = with_password(make_user("ana", roles=("Manager",)))
    secret, codes = with_app(user), with_codes(user)
    client = signed_in(user, secret)
    Authenticator.objects.filter(type="totp").delete()
    page = client.get("/accounts/app/", follow=True).content.decode()
    if "signin-secret" not in page:  # who has had a factor says once more who it is
        client.post("/accounts/again/", {"password": "a long enough phrase"})
        page = client.get("/accounts/app/").content.decode()
    pending = re.findall(r'signin-secret">([A-Z2-7]+)<', page)[0]
    on_disk = every_value()
    assert user.username in on_disk  # the search does find things
    for planted in (secret, pending, *codes, "a long enough phrase"):
        assert planted not in on_disk, planted


def test_the_seed_of_recovery_codes_is_encrypted() -> None:
    user = make_user()
    with_codes(user)
    stored = Authenticator.objects.get(type="recovery_codes").data["seed"]
    assert stored.startswith("gAAAA")
    assert not re.fullmatch(r"[0-9a-f]+", stored)


def test_factors_survive_a_rotation_of_keys(settings: Any) -> None:
    old, new = settings.ENCRYPTION_KEYS[0], Fernet.generate_key().decode()
    user = with_password(make_user("ana", roles=("Manager",)))
    secret, codes = with_app(user), with_codes(user)
    settings.ENCRYPTION_KEYS = [new, old]
    factor = Authenticator.objects.get(type="totp").wrap()
    assert factor.validate_code(code(secret))
    assert Authenticator.objects.get(type="recovery_codes").wrap().generate_codes() == codes
    TOTP.activate(make_user(), secret)
    settings.ENCRYPTION_KEYS = [new]
    assert Authenticator.objects.latest("pk").wrap().validate_code(code(secret))


def test_a_session_that_no_key_opens_is_signed_out_and_breaks_nothing(settings: Any) -> None:
    client = signed_in(with_password(make_user("ana", roles=("Manager",))))
    settings.ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
    assert client.get("/admin/").status_code == 302


# --- a forgotten password ---------------------------------------------------------------------------------------------
@pytest.fixture
def post(settings: Any) -> None:
    settings.EMAIL_IS_SET_UP = True
    settings.BASE_URL = "https://portal.example"


def ask(email: str) -> Any:
    return Client().post("/accounts/password/forgotten/", {"email": email}, HTTP_HOST="localhost")


def test_known_and_unknown_addresses_get_one_answer_and_the_look_up_is_a_worker_s(post: None) -> None:
    with_password(make_user("ana", email="ana@aurora.example"))
    answers = [ask(email) for email in ("ana@aurora.example", "nobody@aurora.example")]
    assert [(answer.status_code, answer["Location"]) for answer in answers] == [
        (302, "/accounts/password/forgotten/sent/")
    ] * 2
    assert mail.outbox == []


def test_the_link_leads_to_a_new_password_once(post: None) -> None:
    user = with_password(make_user("ana", email="Ana@aurora.example", roles=("Manager",)))
    with_app(user)
    assert services.send_password_mail(email="ana@AURORA.example") == 1
    link = re.findall(r"https://portal\.example(\S+)", str(mail.outbox[0].body))[0]
    client = Client()
    page = client.get(link)["Location"]
    new = "quite another phrase"
    assert client.post(page, {"password1": new, "password2": new}).status_code == 302
    assert "already" in Client().get(link, follow=True).content.decode()
    assert "user.password_changed" in names(user)
    fresh = Client()
    assert enter(fresh, "ana", new)["Location"] == "/accounts/code/"  # the mail replaces no second factor


@pytest.mark.parametrize("values", [{"is_active": False}, {"password": "!"}])
def test_who_cannot_sign_in_by_password_gets_no_link(post: None, values: dict[str, Any]) -> None:
    user = make_user("ana", email="ana@aurora.example")
    User.objects.filter(pk=user.pk).update(**values)
    assert services.send_password_mail(email="ana@aurora.example") == 0


def test_an_unknown_address_gets_no_mail(post: None) -> None:
    make_user("nameless")
    assert services.send_password_mail(email="eve@evil.example") == services.send_password_mail(email="") == 0
    assert mail.outbox == []


def test_without_a_mail_server_the_page_says_whom_to_ask(settings: Any) -> None:
    settings.EMAIL_IS_SET_UP = False
    assert "Ask an operator" in Client().get("/accounts/password/forgotten/").content.decode()


def test_entries_hold_no_secret() -> None:
    user = with_password(make_user("ana", roles=("Manager",)))
    secret = with_app(user)
    signed_in(user, secret)
    assert secret not in json.dumps(names(user))
