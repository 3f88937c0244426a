"""The screen of API keys."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from apps.api import health
from apps.core import clock as core_clock
from apps.core.findings import Level
from apps.journal.models import Body, Entry
from apps.people import issuing
from apps.people.keys import ApiKey
from tests.api.callers import Program, token_for
from tests.factories import make_user

pytestmark = pytest.mark.django_db
LIST, ADD = reverse("admin:people_apikey_changelist"), reverse("admin:people_apikey_add")


def signed_in(user=None, **values) -> Client:
    client = Client()
    client.force_login(user or make_user(is_superuser=True, **values))
    return client


def page_of(key: ApiKey) -> str:
    return reverse("admin:people_apikey_change", args=[key.pk])


def shown(page: str) -> str:
    return page.split('<code id="token">')[1].split("</code>", maxsplit=1)[0]


def filled(acts_for, **values) -> dict:
    end = (core_clock.now() + timedelta(days=100)).date().isoformat()
    return {
        "name": "Payroll",
        "owner": acts_for.pk,
        "scopes": ["people:read"],
        "ends_on": end,
        "networks": "",
        **values,
    }


def test_a_key_is_made_shown_once_and_works():
    owner = make_user(roles=["HR"])
    client = signed_in()
    assert client.get(ADD).status_code == 200
    answer = client.post(ADD, filled(owner, networks="127.0.0.0/8\n10.0.0.0/8"))
    token = shown(answer.content.decode())
    assert "no-store" in answer["Cache-Control"]
    assert Program(token).get("people/").status_code == 200
    key = ApiKey.objects.get()
    assert (key.scopes, key.networks) == (["people:read"], ["127.0.0.0/8", "10.0.0.0/8"])
    secret = token.split("_")[2]
    for address in (LIST, page_of(key)):
        page = client.get(address).content.decode()
        assert (f"rcd_{key.prefix}" in page, secret in page, key.digest in page) == (True, False, False)
    assert secret not in str([*Entry.objects.values(), *Body.objects.values()])
    assert secret not in str(dict(client.session))


@pytest.mark.parametrize(
    ("values", "words"),
    [({"scopes": []}, "required"), ({"ends_on": "2001-01-01"}, "must end in the future"), ({"networks": "here"}, "not a network"),
     ({"scopes": ["root"]}, "valid choice"), ({"name": ""}, "required"), ({"owner": ""}, "required")],
)  # fmt: skip
def test_a_wrong_field_says_so_and_nothing_is_made(values: dict, words: str):
    answer = signed_in().post(ADD, filled(make_user(), **values))
    assert words in answer.content.decode()
    assert not ApiKey.objects.exists()


def test_an_operator_makes_no_key_that_can_do_more():
    client = signed_in(make_user(roles=["Operator"]))
    answer = client.post(ADD, filled(make_user(roles=["HR"])))
    assert "may do more than you" in answer.content.decode()
    assert not ApiKey.objects.exists()


def test_replacing_is_a_post_and_shows_the_new_key():
    owner = make_user(roles=["HR"])
    token_for(owner)
    key, client = ApiKey.objects.get(), signed_in()
    address = page_of(key).replace("change/", "rotate/")
    assert "<form" in client.get(address).content.decode()
    assert ApiKey.objects.count() == 1
    assert Program(shown(client.post(address).content.decode())).get("people/").status_code == 200
    issuing.revoke_key(key=key, by=owner)
    assert "has ended already" in client.post(address, follow=True).content.decode()
    assert ApiKey.objects.count() == 2


def test_withdrawing_kills_it():
    token = token_for()
    key, client = ApiKey.objects.get(), signed_in()
    client.post(page_of(key).replace("change/", "revoke/"))
    assert Program(token).get("people/").status_code == 401
    assert "withdrawn" in client.get(LIST).content.decode()


def test_who_is_no_manager_of_keys_sees_their_own_only():
    owner = make_user(roles=["HR"])
    token_for(owner)
    key, own, stranger = ApiKey.objects.get(), signed_in(owner), signed_in(make_user(roles=["Manager"]))
    assert (own.get(page_of(key)).status_code, own.get(ADD).status_code) == (200, 403)
    assert stranger.get(LIST).status_code == 403
    assert stranger.get(page_of(key)).status_code in {302, 403}
    stranger.post(page_of(key).replace("change/", "rotate/"))
    stranger.post(page_of(key).replace("change/", "revoke/"))
    own.post(page_of(key).replace("change/", "revoke/"))
    key.refresh_from_db()
    assert (key.revoked_at is not None, ApiKey.objects.count()) == (True, 1)


def test_health_names_the_keys_in_use_that_end_soon(clock):
    clock.stand("2026-03-02T10:00:00")
    for days in (10, 20):
        token = token_for(None, expires_at=core_clock.now() + timedelta(days=days))
        assert [finding.level for finding in health.ending_keys()] == [Level.AMBER if days == 20 else Level.GREEN]
        Program(token).get("people/")
    (finding,) = health.ending_keys()
    assert (finding.level, finding.seen.count("rcd_")) == (Level.AMBER, 1)
