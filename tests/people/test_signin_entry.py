"""The front door: one way in, nothing to learn from outside, and a lock after a few wrong passwords."""

import re
from typing import Any

import pytest
import time_machine
from allauth.urls import urlpatterns as every_page_of_allauth
from django.contrib.auth.hashers import MD5PasswordHasher
from django.test import Client
from django.urls import URLPattern

from apps.journal.models import Body, Entry
from apps.people import services
from apps.people.models import User
from apps.people.signin import lockout
from tests.factories import make_employee, make_user
from tests.signin import PASSWORD, enter, names, with_password

pytestmark = pytest.mark.django_db


@pytest.fixture
def ana() -> User:
    return with_password(make_user("ana", roles=("Manager",)))


def answer_of(page: Any) -> str:
    """What a page says, without what differs by design: tokens and the name that was typed."""
    text = page.content.decode()
    lines = [line for line in text.splitlines() if "csrfmiddlewaretoken" not in line and 'name="login"' not in line]
    return "\n".join(lines)


# --- one way in -------------------------------------------------------------------------------------------------------
def test_the_admin_s_own_sign_in_leads_to_the_one_way_in_and_keeps_where_one_was_going() -> None:
    answer = Client().get("/admin/people/employee/", follow=True)
    assert answer.redirect_chain[-1][0] == "/accounts/login/?next=%2Fadmin%2Fpeople%2Femployee%2F"
    assert answer.status_code == 200


def test_a_password_posted_to_the_admin_s_own_sign_in_opens_nothing(ana: User) -> None:
    client = Client()
    client.post("/admin/login/", {"username": "ana", "password": PASSWORD})
    assert client.get("/admin/").status_code == 302


def test_name_and_password_lead_to_where_one_was_going(ana: User) -> None:
    answer = enter(Client(), "ana", next="/admin/people/employee/")
    assert (answer.status_code, answer["Location"]) == (302, "/admin/people/employee/")


@pytest.mark.parametrize(
    "place", ["https://evil.example/", "//evil.example", "javascript:alert(1)", "https:evil.example"]
)
def test_nobody_is_sent_to_another_site(ana: User, place: str) -> None:
    assert enter(Client(), "ana", next=place)["Location"] == "/admin/"


def test_the_session_s_key_changes_when_somebody_signs_in(ana: User) -> None:
    client = Client()
    session = client.session
    session["planted"] = True
    session.save()
    planted = session.session_key
    client.cookies["recado_session"] = str(planted)
    enter(client, "ana")
    assert client.session.session_key != planted


def test_leaving_the_admin_ends_the_session_and_a_get_asks_first(ana: User) -> None:
    client = Client()
    enter(client, "ana")
    assert client.get("/admin/logout/")["Location"] == "/accounts/logout/"
    assert client.get("/admin/").status_code == 200
    assert client.post("/admin/logout/")["Location"] == "/accounts/login/"
    assert client.get("/admin/").status_code == 302
    assert names(ana)[-2:] == ["user.signed_in", "user.signed_out"]


def test_the_menu_behind_one_s_name_leads_to_one_s_sign_in(ana: User) -> None:
    client = Client()
    enter(client, "ana")
    assert 'href="/accounts/"' in client.get("/admin/").content.decode()


@pytest.mark.parametrize(
    ("language", "name"), [("en", "English"), ("pt-br", "Português Brasileiro"), ("es", "Español")]
)
def test_the_front_door_speaks_three_languages_and_says_so_in_each(language: str, name: str) -> None:
    page = Client().get("/accounts/login/", headers={"Accept-Language": language}).content.decode()
    assert f'<html lang="{language}">' in page
    assert name in page
    assert not [
        script
        for script in re.findall(r"<script(.*?)>", page)
        if "src=" not in script and "application/json" not in script
    ]


# --- nobody signs up --------------------------------------------------------------------------------------------------
def pages(patterns: list[Any], before: str = "") -> list[str]:
    found = []
    for pattern in patterns:
        here = before + str(pattern.pattern).replace("^", "").replace("$", "")
        found += [here] if isinstance(pattern, URLPattern) else pages(pattern.url_patterns, here)
    return found


@pytest.mark.parametrize(
    "page", sorted({*pages(every_page_of_allauth), "signup/", "3rdparty/signup/", "signup/passkey/"})
)
def test_no_page_of_allauth_makes_a_sign_in(page: str) -> None:
    values = {"username": "eve", "email": "eve@evil.example", "password1": PASSWORD, "password2": PASSWORD,
              "login": "eve", "password": PASSWORD}  # fmt: skip
    for method in ("get", "post"):
        getattr(Client(raise_request_exception=False), method)("/accounts/" + page, values)
    assert User.objects.count() == 0
    if "signup" in page:
        assert Client().get("/accounts/" + page).status_code == 404


# --- nothing to learn -------------------------------------------------------------------------------------------------
def test_a_wrong_password_an_unknown_name_and_somebody_who_left_get_the_same_answer(ana: User) -> None:
    left = with_password(make_user("leaver"))
    services.mark_left(employee=make_employee(user=left), by=ana)
    answers = [enter(Client(), name, word, REMOTE_ADDR=f"10.0.0.{n}")
               for n, (name, word) in enumerate([("ana", "wrong"), ("nobody", "wrong"), ("leaver", PASSWORD), ("leaver", "wrong")])]  # fmt: skip
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer_of(answer) for answer in answers}) == 1


class CountingHasher(MD5PasswordHasher):
    count = 0

    def encode(self, password: str, salt: str) -> str:
        CountingHasher.count += 1
        return str(super().encode(password, salt))


def test_an_unknown_name_costs_as_much_work_as_a_wrong_password(settings: Any) -> None:
    settings.PASSWORD_HASHERS = [f"{__name__}.CountingHasher"]
    with_password(make_user("ana"))
    spent = []
    for name in ("ana", "nobody"):
        CountingHasher.count = 0
        enter(Client(), name, "wrong")
        spent.append(CountingHasher.count)
    assert spent[0] == spent[1] > 0


# --- the lock ---------------------------------------------------------------------------------------------------------
def test_five_wrong_passwords_close_the_place_and_say_until_when(ana: User) -> None:
    for _try in range(5):
        assert "do not belong together" in enter(Client(), "ana", "wrong").content.decode()
    locked = enter(Client(), "ana").content.decode()
    assert "Too many wrong passwords. For ana this place is closed until" in locked
    assert Client().get("/admin/").status_code == 302
    assert Entry.objects.filter(name="user.sign_in_failed").count() == 5
    assert [entry.after["locked_out"] for entry in Entry.objects.filter(name="user.sign_in_failed").order_by("pk")] == [
        False
    ] * 4 + [True]


def test_the_lock_opens_by_itself(ana: User) -> None:
    with time_machine.travel("2030-05-01T10:00:00Z", tick=False) as moment:
        for _try in range(5):
            enter(Client(), "ana", "wrong")
        assert enter(Client(), "ana").status_code == 200
        moment.shift(601)
        assert enter(Client(), "ana").status_code == 302


def test_whoever_guesses_from_elsewhere_locks_nobody_out_of_the_office(ana: User) -> None:
    for _try in range(6):
        enter(Client(), "ana", "wrong", REMOTE_ADDR="203.0.113.9")
    assert enter(Client(), "ana", REMOTE_ADDR="10.0.0.7").status_code == 302
    assert enter(Client(), "ana", REMOTE_ADDR="203.0.113.9").status_code == 200


def test_the_spelling_of_a_name_does_not_buy_more_guesses(ana: User) -> None:
    for name in ("ana", "ANA", " ana", "Ana ", "aNa"):
        enter(Client(), name, "wrong")
    assert enter(Client(), "ana").status_code == 200


def test_an_unknown_name_is_locked_like_a_known_one() -> None:
    for _try in range(5):
        enter(Client(), "nobody", "wrong")
    assert "closed until" in enter(Client(), "nobody", "wrong").content.decode()


def test_success_forgets_what_was_wrong_before(ana: User) -> None:
    for _round in range(3):
        for _try in range(4):
            enter(Client(), "ana", "wrong")
        assert enter(Client(), "ana").status_code == 302


def test_a_hundred_guesses_at_the_same_moment_are_not_a_hundred_guesses() -> None:
    begun = [lockout.begin("ana", "10.0.0.1") for _try in range(100)]  # each before any has failed
    assert sum(until is None for until in begun) == 5


def test_a_forwarded_address_of_a_stranger_is_not_believed(ana: User) -> None:
    for n in range(5):
        enter(Client(), "ana", "wrong", HTTP_X_FORWARDED_FOR=f"10.1.1.{n}")
    assert enter(Client(), "ana", HTTP_X_FORWARDED_FOR="10.1.1.99").status_code == 200


# --- the journal ------------------------------------------------------------------------------------------------------
def test_the_journal_knows_who_tried_and_never_with_what(ana: User) -> None:
    enter(Client(), "ana", "my secret guess")
    enter(Client(), "x" * 150, "my secret guess")
    kept = " ".join(Body.objects.values_list("content", flat=True))
    assert "my secret guess" not in kept
    assert '"name": "ana"' in kept
    assert "x" * 60 in kept
    assert "x" * 61 not in kept
    known, unknown = Entry.objects.filter(name="user.sign_in_failed").order_by("pk")
    assert (known.subject_id, unknown.subject_id) == (str(ana.pk), "")


def test_signing_in_is_in_the_journal_with_the_factor(ana: User) -> None:
    enter(Client(), "ana")
    entry = Entry.objects.get(name="user.signed_in")
    assert entry.after == {"with": "password", "factor": "none"}
    assert entry.actor_id == str(ana.pk)


def test_names_that_break_other_programs_are_only_wrong(ana: User) -> None:
    for name in ("\x00", "' OR 1=1 --", "ана", "a" * 5000, "", "<script>alert(1)</script>"):
        page = enter(Client(), name, "wrong")
        assert page.status_code == 200
        assert "<script>alert(1)</script>" not in page.content.decode()
