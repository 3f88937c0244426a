"""Saved views: what is kept, for whom, what a hostile one can do (nothing), and that each reader gets their own rows."""

from typing import Any
from urllib.parse import urlencode

import pytest
from django.contrib.messages import get_messages
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.console import services
from apps.console.models import LONGEST_NAME, SavedView
from apps.journal.models import Body, Entry
from apps.people.models import Employee, User
from tests.factories import make_employee, make_team, make_user

pytestmark = pytest.mark.django_db

PEOPLE = "/admin/people/employee/"


def browser(*roles: str, employee: Employee | None = None, **values: Any) -> tuple[Client, User]:
    user = make_user(roles=roles, employee=employee or make_employee(), **values)
    client = Client()
    client.force_login(user)
    return client, user


def save(client: Client, query: str, name: str = "Mine", *, model: str = "people.employee", **values: str) -> Any:
    return client.post("/admin/views/save/", {"model": model, "query": query, "name": name, **values})


def said(answer: Any) -> str:
    return " ".join(str(message) for message in get_messages(answer.wsgi_request))


# --- saving and opening -----------------------------------------------------------------------------------------------


def test_a_view_opens_exactly_its_query_and_stands_marked_above_its_list() -> None:
    client, user = browser("HR")
    query = "o=-2&q=ana&state__exact=active"
    answer = save(client, "q=ana&state__exact=active&o=-2&after=7&p=3", "Active Anas")
    assert (answer.status_code, answer["Location"]) == (302, f"{PEOPLE}?{query}")
    view = SavedView.objects.get()
    assert (view.owner, view.model, view.query, view.is_shared) == (user, "people.employee", query, False)
    opened = client.get(f"/admin/views/{view.pk}/")
    assert (opened.status_code, opened["Location"]) == (302, f"{PEOPLE}?{query}")
    page = client.get(f"{PEOPLE}?state__exact=active&q=ana&o=-2").content.decode()
    assert f'href="/admin/views/{view.pk}/" aria-current="page"' in page
    assert 'action="/admin/views/save/"' not in page
    other = client.get(f"{PEOPLE}?state__exact=left").content.decode()
    assert f'href="/admin/views/{view.pk}/"' in other
    assert "aria-current" not in other.split("recado-views", 1)[1].split("</ul>", 1)[0]
    assert 'action="/admin/views/save/"' in other


def test_a_date_stays_the_date_it_is_and_the_form_says_so_but_today_stays_today() -> None:
    client, _user = browser("HR")
    absences, query = "/admin/people/absence/", "starts_on__gte=2026-03-02&starts_on__lt=2026-03-03"
    assert "A date stays the date it is." in client.get(f"{absences}?{query}").content.decode()
    for name, kept in (("Monday", query), ("Away", "when=today")):
        save(client, kept, name, model="people.absence")
        opened = client.get(f"/admin/views/{SavedView.objects.get(name=name).pk}/")
        assert opened["Location"] == f"{absences}?{kept}"


def test_there_is_nothing_to_save_on_a_list_as_it_is() -> None:
    client, _user = browser("HR")
    assert "recado-views" not in client.get(PEOPLE).content.decode()
    assert "There is nothing to save" in said(save(client, "after=3&p=2&_popup=1"))
    assert not SavedView.objects.exists()


def test_saving_renaming_and_deleting_is_in_the_journal_and_what_was_searched_can_be_erased() -> None:
    client, user = browser("HR")
    save(client, "q=ana", "Anas")
    view = SavedView.objects.get()
    client.post(f"/admin/views/{view.pk}/rename/", {"name": "  Our\tAnas ", "query": "q=ana"})
    view.refresh_from_db()
    assert view.name == "Our Anas"
    answer = client.post(f"/admin/views/{view.pk}/delete/", {"query": "q=ana"})
    assert answer["Location"] == f"{PEOPLE}?q=ana"
    assert not SavedView.objects.exists()
    entries = Entry.objects.filter(name__startswith="savedview.").order_by("pk")
    assert [entry.name for entry in entries] == ["savedview.added", "savedview.renamed", "savedview.removed"]
    assert {entry.actor_id for entry in entries} == {str(user.pk)}
    assert all("ana" not in f"{entry.before}{entry.after}".lower() for entry in entries)
    assert Body.objects.filter(entry__in=entries, content__contains="q=ana").count() == 2


@pytest.mark.parametrize("address", ["save/", "{}/rename/", "{}/delete/"])
def test_a_link_changes_nothing(address: str) -> None:
    client, user = browser("HR")
    view = SavedView.objects.create(owner=user, model="people.employee", name="Mine", query="q=ana")
    assert client.get(f"/admin/views/{address.format(view.pk)}").status_code == 405
    assert Client().post(f"/admin/views/{address.format(view.pk)}").status_code == 302
    view.refresh_from_db()
    assert SavedView.objects.count() == 1


# --- who sees which ---------------------------------------------------------------------------------------------------


def test_ones_own_view_does_not_exist_for_anybody_else() -> None:
    owner, _user = browser("HR")
    save(owner, "q=secret-name", "Secret")
    view = SavedView.objects.get()
    for other, _other in (browser("HR"), browser(is_superuser=True), browser("Auditor")):
        assert other.get(f"/admin/views/{view.pk}/").status_code == 404
        assert other.post(f"/admin/views/{view.pk}/rename/", {"name": "x"}).status_code == 404
        assert other.post(f"/admin/views/{view.pk}/delete/").status_code == 404
        assert "Secret" not in other.get(PEOPLE).content.decode()
    assert SavedView.objects.get().name == "Secret"


def test_a_shared_view_shows_each_reader_their_own_rows() -> None:
    hr, _user = browser("HR")
    lead, mine = make_employee("Lead"), make_employee("Anabela Mine")
    make_team("Ours", members=[mine], leads=[lead])
    make_employee("Anabela Other")
    save(hr, "q=anabela", "Anabelas", shared="1")
    view = SavedView.objects.get()
    assert view.is_shared
    manager, _manager = browser("Manager", employee=lead)
    page = manager.get(f"/admin/views/{view.pk}/", follow=True).content.decode()
    assert "Anabela Mine" in page
    assert "Anabela Other" not in page
    assert f"/admin/views/{view.pk}/rename/" not in page
    assert "belongs to somebody else" in said(manager.post(f"/admin/views/{view.pk}/delete/"))
    responder, _responder = browser("Responder")  # may not open the list at all
    assert responder.get(f"/admin/views/{view.pk}/").status_code == 404
    colleague, _colleague = browser("HR")
    colleague.post(f"/admin/views/{view.pk}/rename/", {"name": "All Anabelas"})
    assert SavedView.objects.get().name == "All Anabelas"


def test_only_who_may_share_shares() -> None:
    manager, _user = browser("Manager")
    assert "for yourself only" in said(save(manager, "q=ana", shared="1"))
    assert not SavedView.objects.exists()
    assert 'name="shared"' not in manager.get(f"{PEOPLE}?q=ana").content.decode()
    save(manager, "q=ana")
    assert not SavedView.objects.get().is_shared


def test_a_list_one_may_not_open_and_one_that_does_not_exist_look_alike() -> None:
    responder, _user = browser("Responder")
    for model in ("people.employee", "journal.entry", "no.such", "", "people.employee/../..", "x" * 5000):
        assert save(responder, "q=a", model=model).status_code == 404


# --- hostile ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "query",
    ["user__password__startswith=a", "manager__user__password__startswith=argon", "nothing=1", "state__exact__exact=1", "o=99", "o=x", "o=1.2.3.-",
     "id__in=x", "teams__id__exact=ten", "q=a%00b", "q=" + "x" * 300, "q=" + "x" * 9000, "&".join(f"p{n}=1" for n in range(99)), "q=%ff%fe",
     "://evil.example/?a=1", "?q=ana", "q=%E2%80%AE", "__proto__=1", "pk__regex=(((((((((a", "number__iregex=^(a%2B)%2B$x"],
    ids=range(20),
)  # fmt: skip
def test_what_the_list_does_not_know_is_refused(query: str) -> None:
    client, _user = browser("HR")
    make_team(), make_team()  # a filter by team is offered
    answer = save(client, query)
    assert answer.status_code == 302
    assert answer["Location"].startswith(PEOPLE)
    assert "Nothing was saved" in said(answer)
    assert not SavedView.objects.exists()


@pytest.mark.parametrize("name", ["", "   ", "\x00\x01", "x" * (LONGEST_NAME + 1), "\u202e"])
def test_a_name_that_cannot_be_shown_is_refused(name: str) -> None:
    client, _user = browser("HR")
    assert "Nothing was saved" in said(save(client, "q=ana", name))
    assert not SavedView.objects.exists()


def test_a_name_is_shown_as_text() -> None:
    client, _user = browser("HR")
    save(client, "q=<img src=x onerror=1>", "<script>alert(1)</script>")
    page = client.get(PEOPLE).content.decode()
    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_names_are_ones_own_and_views_are_bounded() -> None:
    client, user = browser("HR")
    save(client, "q=ana")
    assert "already" in said(save(client, "q=bia"))
    other, _other = browser("HR")
    save(other, "q=ana")
    assert SavedView.objects.count() == 2
    for number in range(services.MOST - 1):
        save(client, f"q={number}x", f"View {number}")
    assert SavedView.objects.filter(owner=user).count() == services.MOST
    assert "Delete one" in said(save(client, "q=one-more", "One more"))
    assert SavedView.objects.filter(owner=user).count() == services.MOST


def test_a_filter_that_is_gone_is_left_out_and_said() -> None:
    client, user = browser("HR")
    gone = urlencode({"old_filter": "1", "q": "ana", "o": "77"})
    view = SavedView.objects.create(owner=user, model="people.employee", name="Old", query=gone)
    answer = client.get(f"/admin/views/{view.pk}/")
    assert answer["Location"] == f"{PEOPLE}?q=ana"
    assert "old_filter" in said(answer)
    assert "no longer has" in said(answer)
    assert "Old" in client.get(f"{PEOPLE}?q=ana").content.decode()


def test_views_cost_a_list_one_question_however_many_there_are() -> None:
    client, user = browser("HR")
    client.get(PEOPLE)
    with CaptureQueriesContext(connection) as none:
        client.get(PEOPLE)
    for number in range(services.MOST):
        SavedView.objects.create(owner=user, model="people.employee", name=f"View {number}", query=f"q={number}")
    with CaptureQueriesContext(connection) as many:
        client.get(PEOPLE)
    assert len(many) == len(none)
    assert len([one for one in many if "console_savedview" in one["sql"]]) == 1
