"""Where somebody is signed in: seen, ended from elsewhere, and over at once when the person leaves."""

from typing import Any

import pytest
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.people import services, tasks
from apps.people.models import User
from apps.people.signin import sessions
from tests.factories import make_employee, make_user
from tests.signin import PASSWORD, enter, forget_codes, names, signed_in, with_password

pytestmark = pytest.mark.django_db

PHONE = "Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0 Mobile Safari/537.36"


@pytest.fixture
def ana() -> User:
    return with_password(make_user("ana", roles=("Manager",)))


def on_a_phone(user: User) -> Client:
    client = Client(headers={"User-Agent": PHONE})
    enter(client, user.username, REMOTE_ADDR="203.0.113.9")
    return client


def test_the_list_says_which_device_from_where_and_which_is_this_one(ana: User) -> None:
    on_a_phone(ana)
    page = signed_in(ana).get("/accounts/sessions/").content.decode()
    assert "Chrome, Android" in page
    assert "From 203.0.113.9" in page
    assert page.count("this one") == 1


def test_signing_out_elsewhere_ends_the_others_and_keeps_this_one(ana: User) -> None:
    phone, here = on_a_phone(ana), signed_in(ana)
    assert here.post("/accounts/sessions/", {"session": ""}, follow=True).status_code == 200
    assert phone.get("/admin/").status_code == 302
    assert here.get("/admin/").status_code == 200
    assert Session.objects.count() == 1
    assert names(ana)[-1] == "user.signed_out_elsewhere"


def test_one_session_can_be_ended_by_itself(ana: User) -> None:
    phone, third, here = on_a_phone(ana), signed_in(ana), signed_in(ana)
    row = UserSession.objects.get(ip="203.0.113.9")
    here.post("/accounts/sessions/", {"session": str(row.pk)})
    assert phone.get("/admin/").status_code == 302
    assert third.get("/admin/").status_code == here.get("/admin/").status_code == 200


@pytest.mark.parametrize("session", ["999999", "1 OR 1=1", "-1", "²", "9" * 30])
def test_nonsense_ends_nothing(ana: User, session: str) -> None:
    phone, here = on_a_phone(ana), signed_in(ana)
    assert (
        "nothing left to sign out"
        in here.post("/accounts/sessions/", {"session": session}, follow=True).content.decode()
    )
    assert phone.get("/admin/").status_code == 200


def test_somebody_else_s_session_is_not_mine_to_end(ana: User) -> None:
    other = with_password(make_user("other", roles=("Manager",)))
    theirs = signed_in(other)
    row = UserSession.objects.get(user=other)
    signed_in(ana).post("/accounts/sessions/", {"session": str(row.pk)})
    assert theirs.get("/admin/").status_code == 200


def test_a_leaver_is_out_at_once_and_not_back_in_when_the_sign_in_is_opened_again(ana: User) -> None:
    employee = make_employee(user=ana)
    client = signed_in(ana)
    assert client.get("/admin/").status_code == 200
    services.mark_left(employee=employee, by=make_user("hr", roles=("HR",)))
    assert client.get("/admin/").status_code == 302
    assert (Session.objects.count(), UserSession.objects.count()) == (0, 0)
    ana.refresh_from_db()
    ana.is_active = True
    ana.save()
    assert client.get("/admin/").status_code == 302


def test_unticking_active_on_the_screen_ends_the_sessions_too(ana: User) -> None:
    client = signed_in(ana)
    boss = Client()
    boss.force_login(make_user(is_superuser=True))
    page = boss.get(f"/admin/people/user/{ana.pk}/change/")
    fields = {name: value for name, value in page.context["adminform"].form.initial.items() if isinstance(value, str)}
    answer = boss.post(
        f"/admin/people/user/{ana.pk}/change/", {**fields, "date_joined_0": "2026-01-01", "date_joined_1": "10:00:00"}
    )
    assert answer.status_code == 302, answer.context["adminform"].form.errors
    assert client.get("/admin/").status_code == 302
    assert not UserSession.objects.filter(user=ana).exists()


def test_a_new_password_ends_the_other_sessions(ana: User) -> None:
    phone, here = on_a_phone(ana), signed_in(ana)
    new = "another long enough phrase"
    page = here.post("/accounts/password/", {"oldpassword": PASSWORD, "password1": new, "password2": new})
    assert page.status_code == 302
    assert phone.get("/admin/").status_code == 302
    assert here.get("/admin/").status_code == 200
    assert "user.password_changed" in names(ana)


def test_the_admin_s_password_page_is_the_one_of_the_sign_in(ana: User) -> None:
    assert signed_in(ana).get("/admin/password_change/")["Location"] == "/accounts/password/"


def test_last_seen_is_written_once_in_a_while_however_busy_the_pages_are(ana: User) -> None:
    client = signed_in(ana)
    client.get("/accounts/")
    with CaptureQueriesContext(
        connection,
    ) as queries:
        client.get("/accounts/")
    assert not [query for query in queries if query["sql"].startswith(("UPDATE", "INSERT"))]
    forget_codes()
    UserSession.objects.update(ip="192.0.2.1")
    client.get("/accounts/")
    assert UserSession.objects.get().ip == "127.0.0.1"


@pytest.mark.parametrize(("program", "shown"), [
    (PHONE, "Chrome, Android"), ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1", "Safari, iPhone"),
    ("Mozilla/5.0 (Windows NT 10.0) Chrome/150 Safari/537.36 Edg/150", "Edge, Windows"), ("", "Another program"), ("curl/8", "Another program"),
])  # fmt: skip
def test_a_device_is_named_in_words(program: str, shown: str) -> None:
    assert sessions.device(program) == shown


def test_a_page_of_one_s_own_is_not_kept_by_the_browser(ana: User) -> None:
    client = signed_in(ana)
    for page in ("/accounts/", "/accounts/sessions/"):
        assert "no-store" in client.get(page)["Cache-Control"]


def test_a_stranger_sees_none_of_it() -> None:
    for page in (
        "/accounts/",
        "/accounts/sessions/",
        "/accounts/app/",
        "/accounts/recovery-codes/",
        "/accounts/password/",
        "/accounts/passkeys/add/",
    ):
        answer: Any = Client().get(page)
        assert answer["Location"].startswith("/accounts/login/"), page


def test_sessions_that_ran_out_are_forgotten_and_the_others_stay(ana: User) -> None:
    old, here = on_a_phone(ana), signed_in(ana)
    key = UserSession.objects.get(ip="203.0.113.9").session_key
    Session.objects.filter(session_key=key).update(expire_date="2020-01-01T00:00:00Z")
    assert tasks.clean_sessions() == 2
    assert old.get("/admin/").status_code == 302
    assert here.get("/admin/").status_code == 200
    assert UserSession.objects.count() == 1
