"""The second factor: who needs one reaches nothing without it, and it cannot be taken away by accident or by stealth."""

import json
import re
from typing import Any

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import get_resolver

from apps.core.errors import InvalidInputError, NotPermittedError
from apps.journal.models import Entry
from apps.people.models import User
from apps.people.signin import policy, services
from portal.demo.codes import code
from tests.factories import make_user
from tests.signin import PASSWORD, enter, forget_codes, names, signed_in, with_app, with_codes, with_password

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _roles(settings: Any) -> None:
    settings.SECOND_FACTOR_ROLES = ["superuser", "HR", "Operator", "Auditor", "Automation owner"]


def hr(name: str = "hana") -> User:
    return with_password(make_user(name, roles=("HR",)))


# --- the rule ---------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("roles", "is_superuser", "wanted", "is_needed"), [
    (["HR"], False, ["HR"], True), (["Manager"], False, ["HR"], False), ([], True, ["superuser"], True),
    ([], True, ["HR"], False), (["Manager", "Auditor"], False, ["HR", "Auditor"], True), (["superuser"], False, ["superuser"], True),
])  # fmt: skip
def test_a_role_needs_a_factor_when_the_settings_name_it(roles: list[str], is_superuser: bool, wanted: list[str], is_needed: bool) -> None:  # fmt: skip
    assert policy.needs_factor(roles=roles, is_superuser=is_superuser, wanted=wanted) is is_needed


@pytest.mark.parametrize(("types", "removed", "is_last"), [
    (["totp", "recovery_codes"], "totp", True), (["totp", "webauthn"], "totp", False), (["webauthn", "webauthn"], "webauthn", False),
    (["webauthn"], "webauthn", True), (["totp", "recovery_codes"], "recovery_codes", False),
])  # fmt: skip
def test_recovery_codes_alone_are_no_factor(types: list[str], removed: str, is_last: bool) -> None:
    assert policy.would_be_last(types, removed) is is_last


# --- nothing before it ------------------------------------------------------------------------------------------------
def pages_of_the_desk() -> list[str]:
    """Every address without arguments, whoever mounted it."""
    found: set[str] = set()

    def walk(patterns: list[Any], before: str) -> None:
        for pattern in patterns:
            here = before + str(pattern.pattern).lstrip("^").rstrip("$")
            if hasattr(pattern, "url_patterns"):
                walk(pattern.url_patterns, here)
            elif "<" not in here and "(" not in here:
                found.add("/" + here.replace("\\", ""))

    walk(get_resolver().url_patterns, "")
    return sorted(found)


OPEN = re.compile(r"^/(accounts/|i18n/|demo/codes/$|livez$|readyz$|admin/login/$|admin/logout/$)")


def test_no_page_opens_to_a_privileged_person_before_the_factor() -> None:
    client = signed_in(hr())
    closed = [page for page in pages_of_the_desk() if not OPEN.match(page)]
    assert len(closed) > 30
    for page in closed:
        for method in ("get", "post"):
            answer = getattr(client, method)(page)
            assert answer.status_code in {302, 403}, (method, page)
            assert answer.status_code == 403 or answer["Location"].startswith("/accounts/"), (page, answer["Location"])


@pytest.mark.parametrize(
    "page", ["/admin/files/1/", "/admin/people/employee/1/change/", "/admin/people/user/1/password/"]
)
def test_a_page_of_one_row_does_not_open_either(page: str) -> None:
    assert signed_in(hr()).get(page)["Location"].startswith("/accounts/?")


def test_a_program_is_told_in_its_own_language() -> None:
    answer = signed_in(hr()).get("/admin/", headers={"Accept": "application/json"})
    assert (answer.status_code, answer["Content-Type"]) == (403, "application/problem+json")
    assert json.loads(answer.content)["code"] == "second_factor_required"


def test_pages_that_change_a_sign_in_stay_shut_too_but_for_setting_up_the_factor() -> None:
    client = signed_in(hr())
    for page in ("/accounts/password/", "/accounts/sessions/", "/accounts/recovery-codes/new/"):
        assert client.get(page)["Location"].startswith("/accounts/?"), page
    assert client.get("/accounts/app/").status_code == 200


def test_a_manager_comes_in_with_a_password_alone() -> None:
    user = with_password(make_user(roles=("Manager",)))
    assert signed_in(user).get("/admin/").status_code == 200


def test_a_role_given_later_shuts_the_desk_at_the_next_page() -> None:
    user = with_password(make_user(roles=("Manager",)))
    client = signed_in(user)
    user.groups.add(Group.objects.get(name="HR"))
    assert client.get("/admin/")["Location"].startswith("/accounts/?")


# --- setting it up ----------------------------------------------------------------------------------------------------
def set_up(client: Client) -> str:
    page = client.get("/accounts/app/").content.decode()
    secret = re.findall(r'signin-secret">([A-Z2-7]+)<', page)[0]
    assert "<svg" in page
    assert "data:image" not in page
    answer = client.post("/accounts/app/", {"code": code(secret)})
    assert answer["Location"] == "/accounts/recovery-codes/"
    forget_codes()
    return str(secret)


def test_setting_up_an_app_opens_the_desk_and_asks_for_it_from_then_on() -> None:
    user = hr()
    client = signed_in(user)
    secret = set_up(client)
    assert client.get("/admin/").status_code == 200
    other = Client()
    assert enter(other, user.username)["Location"] == "/accounts/code/"
    assert other.get("/admin/").status_code == 302
    assert other.post("/accounts/code/", {"code": code(secret)})["Location"] == "/admin/"
    assert other.get("/admin/").status_code == 200
    assert Entry.objects.filter(name="user.signed_in").latest("pk").after == {"with": "password", "factor": "totp"}
    assert names(user).count("user.factor_added") == 2  # the app and the recovery codes


def test_recovery_codes_are_shown_once_and_can_be_kept_as_a_file() -> None:
    client = signed_in(hr())
    set_up(client)
    page = client.get("/accounts/recovery-codes/").content.decode()
    codes = re.findall(r"\b\d{8}\b", page.split("</pre>")[0])
    assert len(codes) == 10
    assert 'download="recado-recovery-codes.txt" href="data:text/plain' in page
    again = client.get("/accounts/recovery-codes/").content.decode()
    assert not any(one in again for one in codes)


def test_a_wrong_code_sets_nothing_up() -> None:
    user = hr()
    client = signed_in(user)
    client.get("/accounts/app/")
    assert client.post("/accounts/app/", {"code": "000000"}).status_code == 200
    assert not Authenticator.objects.exists()
    assert client.get("/admin/").status_code == 302


def test_long_after_signing_in_the_first_factor_asks_for_the_password_again() -> None:
    client = signed_in(hr())
    with time_machine.travel("2040-01-01T10:00:00Z", tick=False) as moment:
        client = signed_in(hr("hugo"))
        moment.shift(3600)
        assert client.get("/accounts/app/")["Location"].startswith("/accounts/again/")


def test_a_session_that_began_before_the_factor_ends_when_it_is_set_up() -> None:
    user = hr()
    thief = signed_in(user)
    set_up(signed_in(user))
    assert thief.get("/admin/")["Location"].startswith("/admin/login/")


def test_a_session_that_never_showed_the_factor_is_asked_for_it() -> None:
    user = hr()
    client = signed_in(user)
    secret = with_app(user)  # not through this session
    where = client.get("/admin/people/employee/")["Location"]
    assert where.startswith("/accounts/code/again/?next=%2Fadmin%2Fpeople%2Femployee%2F")
    client.get(where)
    assert client.post(where, {"code": code(secret)})["Location"] == "/admin/people/employee/"
    assert client.get("/admin/people/employee/").status_code == 200


# --- the code ---------------------------------------------------------------------------------------------------------
def test_a_code_is_good_once_even_after_allauth_has_forgotten_it() -> None:
    user = hr()
    secret = with_app(user)
    with time_machine.travel("2030-05-01T10:00:01Z", tick=False) as moment:
        used = code(secret, steps=1)  # a phone half a minute ahead
        first = Client()
        enter(first, user.username)
        assert first.post("/accounts/code/", {"code": used}).status_code == 302
        moment.shift(45)
        second = Client()
        enter(second, user.username)
        assert second.post("/accounts/code/", {"code": f"{used[:3]} {used[3:]}"}).status_code == 200
        assert second.get("/admin/").status_code == 302


@pytest.mark.parametrize(("steps", "is_taken"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_a_phone_may_be_half_a_minute_off(steps: int, is_taken: bool) -> None:
    user = hr()
    secret = with_app(user)
    client = Client()
    with time_machine.travel("2030-05-01T10:00:15Z", tick=False):
        enter(client, user.username)
        assert (client.post("/accounts/code/", {"code": code(secret, steps=steps)}).status_code == 302) is is_taken


def test_winding_the_business_s_clock_changes_no_code(clock: Any) -> None:
    user = hr()
    secret = with_app(user)
    clock.wind(86_400)
    client = signed_in(user, secret)
    assert client.get("/admin/").status_code == 200


def test_guessing_codes_is_stopped_and_written_down() -> None:
    user = hr()
    secret = with_app(user)
    client = Client()
    enter(client, user.username)
    for n in range(5):
        client.post("/accounts/code/", {"code": f"00000{n}"})
    answer = client.post("/accounts/code/", {"code": code(secret)})
    assert "Too many wrong codes" in answer.content.decode()
    assert names(user).count("user.second_factor_failed") == 5


def test_a_recovery_code_lets_in_once() -> None:
    user = hr()
    with_app(user)
    one = with_codes(user)[3]
    for expected in (302, 200):
        client = Client()
        enter(client, user.username)
        assert client.post("/accounts/code/", {"code": one}).status_code == expected
    assert Entry.objects.filter(name="user.signed_in").latest("pk").after["factor"] == "recovery_codes"


# --- taking it away ---------------------------------------------------------------------------------------------------
def test_the_last_factor_of_a_privileged_person_stays() -> None:
    user = hr()
    secret = with_app(user)
    client = signed_in(user, secret)
    client.post("/accounts/again/", {"password": PASSWORD})
    page = client.post("/accounts/app/remove/")
    assert "this is your last one" in page.content.decode()
    assert Authenticator.objects.filter(type="totp").count() == 1


def test_somebody_who_needs_none_may_take_it_away_after_saying_who_they_are() -> None:
    user = with_password(make_user(roles=("Manager",)))
    client = signed_in(user, with_app(user))
    assert client.post("/accounts/app/remove/")["Location"].startswith("/accounts/again/")
    assert Authenticator.objects.count() == 1
    client.post("/accounts/again/", {"password": PASSWORD})
    client.post("/accounts/app/remove/")
    assert Authenticator.objects.count() == 0
    assert "user.factor_removed" in names(user)


@pytest.mark.parametrize("page", ["app/", "app/remove/", "passkeys/add/", "recovery-codes/", "recovery-codes/new/"])
def test_every_page_that_changes_a_factor_asks_who_one_is(page: str) -> None:
    user = hr()
    secret = with_app(user)
    with_codes(user)
    if page == "app/":
        Authenticator.objects.filter(type="totp").update(type="webauthn", data={})  # so that an app may be added
        user.groups.clear()
        client = Client()
        client.force_login(user)
    else:
        client = signed_in(user, secret)
    assert client.get("/accounts/" + page)["Location"].split("?")[0] == "/accounts/again/"


# --- an operator helps ------------------------------------------------------------------------------------------------
def operator() -> User:
    return with_password(make_user("otto", roles=("Operator",)))


def test_an_operator_resets_somebody_s_factors_and_that_person_is_signed_out_everywhere() -> None:
    user, helper = hr(), operator()
    theirs = signed_in(user, with_app(user))
    desk = signed_in(helper, with_app(helper))
    assert theirs.get("/admin/").status_code == 200
    page = desk.post(f"/admin/people/user/{user.pk}/reset-factors/", follow=True)
    assert "has no second factor any more" in page.content.decode()
    assert not Authenticator.objects.filter(user=user).exists()
    assert theirs.get("/admin/")["Location"].startswith("/admin/login/")
    entry = Entry.objects.get(name="user.factors_reset")
    assert (entry.actor_id, entry.before) == (str(helper.pk), {"factors": ["totp"]})
    assert "user.signed_out_everywhere" in names(user)


def test_nobody_below_resets_an_administrator_s_factors() -> None:
    boss = with_password(make_user("boss", is_superuser=True))
    with_app(boss)
    with pytest.raises(NotPermittedError):
        services.reset_factors(user=boss, by=operator())
    with pytest.raises(NotPermittedError):
        services.reset_factors(user=operator_named("second"), by=hr())
    assert Authenticator.objects.filter(user=boss).count() == 1


def operator_named(name: str) -> User:
    user = make_user(name, roles=("Operator",))
    with_app(user)
    return user


def test_nobody_resets_their_own_at_a_desk_left_open() -> None:
    helper = operator_named("otto")
    with pytest.raises(InvalidInputError):
        services.reset_factors(user=helper, by=helper)
    assert Authenticator.objects.filter(user=helper).count() == 1


def test_there_is_nothing_to_reset_where_nothing_is() -> None:
    with pytest.raises(InvalidInputError):
        services.reset_factors(user=hr(), by=operator())
