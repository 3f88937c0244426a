"""On PostgreSQL: what the home and the lists behind it read of large tables where little waits."""

import re
from typing import Any

import pytest
from django.contrib import admin
from django.db import connection
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.approvals.models import Request
from apps.forms.models import Submission
from apps.inbox.models import Receipt
from apps.incidents.models import Ticket
from apps.journal import sealer
from apps.journal.models import Entry, Seal
from apps.outbox.models import OutboundMessage
from apps.people.models import Employee, User
from tests.factories import (
    expense_form,
    make_account,
    make_category,
    make_contact,
    make_employee,
    make_flow,
    make_submission,
    make_team,
    make_user,
    report_form,
    the_number,
)
from tests.plans import Reading, needs_postgresql, reading

pytestmark = [pytest.mark.django_db, needs_postgresql]

ROWS = 6_000
MOST_READ = 300
"""Rows that one query may read of a table of ROWS of which three wait."""
INDEXES = ("outbox_failed", "inbox_unreadable", "incidents_unresolved", "approvals_unsettled")
LISTS: tuple[tuple[Any, dict[str, str], int], ...] = (
    (Ticket, {"who": "nobody"}, 3), (Ticket, {"who": "open"}, 6), (Entry, {"sealed": "no"}, 0),
)  # fmt: skip


def states(usual: str, *waiting: str) -> list[str]:
    """Nearly all `usual`; three of each of `waiting`, not the newest."""
    return [usual] * (ROWS // 2) + [one for one in waiting for _number in range(3)] + [usual] * (ROWS // 2)


def fill() -> None:
    person, contact, number, account = make_employee(), make_contact(), the_number(), make_account()
    OutboundMessage.objects.bulk_create(
        OutboundMessage(key=f"key-{i}", contact=contact, number=number, kind="ticket.opened", klass="my_requests",
                        lane="reply", language="en", state=state) for i, state in enumerate(states("sent", "failed"))
    )  # fmt: skip
    Receipt.objects.bulk_create(
        Receipt(account=account, key=f"key-{i}", body=b"{}", state=state)
        for i, state in enumerate(states("parsed", "unreadable"))
    )
    category, flow = make_category(make_team()), make_flow({"approver": "manager"})
    Ticket.objects.bulk_create(
        Ticket(category=category, team=category.team, reporter=person, submission=report, summary="x", state=state)
        for state, report in reported(person, report_form(), states("resolved", "new", "taken"))
    )
    Request.objects.bulk_create(
        Request(flow=flow, requester=person, submission=report, summary="x", state=state)
        for state, report in reported(person, expense_form(), states("approved", "open", "stuck"))
    )
    entries = Entry.objects.bulk_create(
        Entry(name="ticket.taken", actor_kind="system", actor_label="x") for _one in range(ROWS)
    )
    Seal.objects.bulk_create(
        Seal(position=place, entry=entry, hash="x") for place, entry in enumerate(entries, start=1)
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def reported(person: Employee, form: Any, found: list[str]) -> list[tuple[str, Submission]]:
    first = make_submission(person, form)
    rows = Submission.objects.bulk_create(Submission(version=first.version, by=person, answers={}) for _one in found)
    return list(zip(found, rows, strict=True))


def listed(user: User, model: Any, **query: str) -> Any:
    request = RequestFactory().get("/", query)
    request.user = user  # type: ignore[attr-defined]
    screen: Any = admin.site._registry[model]
    return screen.get_changelist_instance(request).queryset


def readings() -> dict[str, Reading]:
    """What each count of an administrator's home reads, and each list that the home leads to."""
    user = make_user(is_superuser=True)
    client = Client()
    client.force_login(user)
    with CaptureQueriesContext(connection) as asked:
        assert client.get(reverse("admin:index")).status_code == 200
    # Health alone says COUNT, within bounds of its own.
    selects = [one["sql"] for one in asked.captured_queries if re.match(r"SELECT (?!COUNT)", one["sql"])]
    found = {sql: reading(sql) for sql in selects}
    for model, query, count in LISTS:
        rows = listed(user, model, **query)
        assert len(rows) == count
        # What is drawn beside each of the 51 rows does not count.
        found[f"{model.__name__} {query}"] = reading(*rows.all().select_related(None)[:51].query.sql_with_params())
    return found


def test_the_home_and_the_lists_behind_it_read_only_what_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealer, "LOOK_BACK", ROWS // 100)
    fill()
    found = readings()
    assert len(found) > 40
    assert {asked: one.rows for asked, one in found.items() if one.rows > MOST_READ} == {}
    assert set(INDEXES) <= {index for one in found.values() for index in one.indexes}
    assert "incidents_unresolved" in found["Ticket {'who': 'open'}"].indexes


def test_without_their_indexes_the_same_counts_read_the_tables() -> None:
    """So that the test above can fail."""
    fill()
    with connection.cursor() as cursor:
        for index in (*INDEXES, "incidents_by_team"):
            cursor.execute(f"DROP INDEX {index}")
    dear = " ".join(asked for asked, one in readings().items() if one.rows >= ROWS)
    for table in ("outbox_outboundmessage", "inbox_receipt", "incidents_ticket", "approvals_request"):
        assert f'FROM "{table}"' in dear
