"""Every list pages by key, counts within bounds, and asks the database no more than is written down."""

import json
import os
import re
from pathlib import Path

import pytest
from django.contrib import admin
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.contacts.models import InvitationBatch
from apps.core import clock as core_clock
from apps.journal import paging
from apps.journal.models import Entry
from apps.people.models import Employee, Team
from tests.conftest import Clock
from tests.factories import make_category, make_deputy, make_employee, make_outbound, make_team, make_user

pytestmark = pytest.mark.django_db

PINNED = Path(__file__).with_name("query_counts.json")
JOURNAL = reverse("admin:journal_entry_changelist")


def signed_in() -> Client:
    client = Client()
    client.force_login(make_user("boss", is_superuser=True))
    return client


def write(count: int) -> list[int]:
    rows = Entry.objects.bulk_create(
        Entry(
            name="ticket.taken", subject_label=f"T-{number}", actor_kind="system", actor_label="x", at=core_clock.now()
        )
        for number in range(count)
    )
    return [row.pk for row in rows]


def keys(page: str) -> list[int]:
    found = [int(key) for key in re.findall(r"journal/entry/(\d+)/change", page)]
    return list(dict.fromkeys(found))


def link(page: str, rel: str) -> str:
    found = re.search(rf'href="([^"]+)" rel="{rel}"', page)
    return found[1].replace("&amp;", "&") if found else ""


def test_pages_by_key_lead_through_all_rows_once_and_back() -> None:
    client = signed_in()
    made = write(120)
    first = client.get(JOURNAL).content.decode()
    second = client.get(JOURNAL + link(first, "next")).content.decode()
    third = client.get(JOURNAL + link(second, "next")).content.decode()
    seen = keys(first) + keys(second) + keys(third)
    assert [key for key in seen if key in made] == sorted(made, reverse=True)
    assert (link(first, "prev"), link(third, "next")) == ("", "")
    back = client.get(JOURNAL + link(third, "prev")).content.decode()
    assert keys(back) == keys(second)
    assert keys(client.get(JOURNAL + link(back, "prev")).content.decode()) == keys(first)


def test_a_page_stays_where_it_is_when_rows_come_in_front_of_it() -> None:
    client = signed_in()
    write(120)
    address = JOURNAL + link(client.get(JOURNAL).content.decode(), "next")
    before = keys(client.get(address).content.decode())
    write(30)
    assert keys(client.get(address).content.decode()) == before


def test_rows_of_equal_rank_are_neither_lost_nor_shown_twice() -> None:
    client = signed_in()
    for _number in range(120):
        make_employee("Ana Lima")
    list_page = reverse("admin:people_employee_changelist")
    seen: list[str] = []
    address = list_page
    for _page in range(9):
        page = client.get(address).content.decode()
        seen += dict.fromkeys(re.findall(r"people/employee/(\d+)/change", page))
        if not link(page, "next"):
            break
        address = list_page + link(page, "next")
    assert sorted(map(int, seen)) == sorted(Employee.objects.values_list("pk", flat=True))


@pytest.mark.parametrize(
    "place", ["after=x", "before=", "after=999999999", "before=999999999999999999999999", "after=-1"]
)
def test_a_place_that_is_gone_or_forged_shows_the_first_page(place: str) -> None:
    client = signed_in()
    made = write(60)
    answer = client.get(f"{JOURNAL}?{place}")
    assert answer.status_code == 200
    assert keys(answer.content.decode())[0] == max(made)


def test_a_filter_and_a_search_keep_working_and_start_at_the_first_row() -> None:
    client = signed_in()
    write(70)
    Entry.objects.create(name="account.paused", actor_kind="system", actor_label="x")
    page = client.get(f"{JOURNAL}?name=ticket.taken&after={max(write(1))}").content.decode()
    assert "name=ticket.taken" in link(page, "next")
    links = set(re.findall(r'href="(\?[^"]*)"', page)) - {link(page, "next").replace("&", "&amp;")}
    assert [one for one in links if "after=" in one] == []
    assert len(keys(client.get(f"{JOURNAL}?q=account.paused").content.decode())) == 1


def test_sorting_by_a_column_without_a_key_pages_by_number() -> None:
    client = signed_in()
    write(120)
    page = client.get(f"{JOURNAL}?o=4").content.decode()
    assert link(page, "next") or link(page, "prev") == ""
    far = client.get(f"{JOURNAL}?o=4&p=99999999999")
    assert far.status_code == 200


def test_the_last_page_by_number_leads_nowhere_and_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paging, "EXACT", {"sqlite": 100, "postgresql": 100})
    client, address = signed_in(), reverse("admin:people_employee_changelist")
    for _number in range(102):
        make_employee("Ana Lima")
    first, last = (client.get(f"{address}?o=5&p={page}").content.decode() for page in (1, 2))  # by manager
    assert (link(first, "next"), link(last, "next")) == ("?o=5&p=2", "")
    assert link(last, "prev") == "?o=5&p=1"
    assert ("first 100 rows" in first, "first 100 rows" in last) == (False, True)


def test_many_rows_are_counted_to_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paging, "EXACT", {"sqlite": 50, "postgresql": 50})
    client = signed_in()
    write(50 - Entry.objects.count())
    assert "50 journal" in client.get(JOURNAL).content.decode()
    write(1)
    with CaptureQueriesContext(connection) as asked:
        page = client.get(JOURNAL).content.decode()
    assert "more than 50" in page or "about" in page
    assert all("LIMIT 51" in one["sql"] for one in asked if "COUNT(" in one["sql"] and "journal_entry" in one["sql"])


def test_the_messages_list_reads_what_it_shows_and_asks_as_much_for_more_rows() -> None:
    client, address = signed_in(), reverse("admin:outbox_outboundmessage_changelist")
    make_outbound()
    client.get(address)
    asked = []
    for _round in range(2):
        with CaptureQueriesContext(connection) as queries:
            assert client.get(address).status_code == 200
        asked.append(queries.captured_queries)
        for state in ("held", "failed", "unsure", "read"):
            make_outbound(state=state, how="template")
    assert len(asked[0]) == len(asked[1])
    heavy = ('outbox_outboundmessage"."content', 'providers_account"."access_token')
    assert not [one["sql"] for one in asked[1] if any(column in one["sql"] for column in heavy)]


def test_all_rows_of_a_filter_are_said_honestly_and_taken_all_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paging, "EXACT", {"sqlite": 50, "postgresql": 50})
    client = signed_in()
    inside = [make_employee() for _number in range(60)]
    make_team(members=inside)
    make_employee("Outside")
    address = reverse("admin:contacts_enrolment_changelist") + f"?teams__id__exact={Team.objects.get().pk}"
    first = client.get(address).content.decode()
    assert "Select all, more than 50" in first
    assert "All selected, more than 50" in first
    assert "Select all 50" not in first
    next_page = address.partition("?")[0] + link(first, "next")
    data = {"action": "invite_many", "_selected_action": [inside[0].pk], "select_across": "1", "index": "0"}
    asked = client.post(next_page, data).content.decode()
    assert "60 to invite" in asked
    client.post(next_page, {**data, "confirmed": "yes", "way": "link", "days": "7"})
    assert set(InvitationBatch.objects.get().employee_ids) == {one.pk for one in inside}


def test_few_rows_are_said_exactly() -> None:
    client = signed_in()
    for _number in range(60):
        make_employee()
    page = client.get(reverse("admin:contacts_enrolment_changelist")).content.decode()
    assert "Select all 60" in page
    assert "more than" not in page


def test_every_list_asks_the_database_no_more_than_is_written_down(clock: Clock) -> None:
    """With `PIN=1` in the environment the file is written anew: look at its difference before it is committed."""
    clock.stand(core_clock.now())  # a slow machine would count the badges anew on whichever list comes next
    for _number in range(3):
        make_team()
        make_category(make_team())
        make_deputy(make_employee(manager=make_employee()), make_employee())
    write(3)
    client = signed_in()
    client.get("/admin/")
    found = {}
    for model in admin.site._registry:
        name = f"{model._meta.app_label}.{model._meta.model_name}"
        address = reverse(f"admin:{name.replace('.', '_')}_changelist")
        client.get(address)  # what is asked once per process is not the list's
        with CaptureQueriesContext(connection) as asked:
            assert client.get(address).status_code in {200, 302}
        found[name] = len(asked)
    if os.environ.get("PIN"):
        PINNED.write_text(json.dumps(found, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    pinned = json.loads(PINNED.read_text(encoding="utf-8"))
    assert set(found) == set(pinned), "A list is not in query_counts.json, or one there is gone: run this with PIN=1."
    assert {name: count for name, count in found.items() if count > pinned[name]} == {}
