"""Each team: a lead meets the rows of the own team and of the team below, and none of strangers, whichever way they ask."""

import io
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Permission
from django.db import models
from django.test import Client
from openpyxl import load_workbook

from apps.console import declared
from apps.contacts.models import Invitation
from apps.core import scope
from apps.files import services as files
from apps.incidents.models import Note, Ticket
from apps.journal.models import Entry
from apps.outbox.models import OutboundMessage
from tests.api.callers import Program, token_for
from tests.roles.company import MARKS, OF_PEOPLE, SEEN_BY_A_LEAD, Company, screens

pytestmark = pytest.mark.django_db
NARROWED = [model for model in screens() if model._meta.label_lower in OF_PEOPLE]
FAR = MARKS["far"]
EVERYBODY = {"contacts.enrolment": "?whatsapp=all"}
"""Lists that begin with a part of their rows."""
each_screen = pytest.mark.parametrize("model", NARROWED, ids=lambda model: model._meta.label_lower)


def base_of(model: type[models.Model]) -> str:
    return f"/admin/{model._meta.label_lower.replace('.', '/')}/"


def keys(page: str, base: str) -> set[str]:
    return set(re.findall(rf"{base}(\w+)/change/", page))


def raw(answer: Any) -> bytes:
    return b"".join(answer.streaming_content) if answer.streaming else bytes(answer.content)


def told(answer: Any) -> str:
    return raw(answer).decode("utf-8", "ignore")


def test_every_table_with_narrowed_rows_is_tried_here() -> None:
    narrowed = {model._meta.label_lower for model in screens() if scope.of(model).rows is not None}
    assert narrowed == set(OF_PEOPLE)


@each_screen
def test_lists_searches_and_filters_show_the_rows_of_one_s_teams_only(
    model: type[models.Model], company: Company
) -> None:
    label, base = model._meta.label_lower, base_of(model)
    seen, rows = OF_PEOPLE[label], company.rows[label]
    client = company.client("reader")
    whole = client.get(base + EVERYBODY.get(label, ""), follow=True)
    found = keys(told(whole), base)
    assert {place for place in rows if str(rows[place]) in found} == seen
    for query in ("q=qz", f"q={FAR[:-1]}", "all=", f"id__in={rows.get('far', 0)}", "e=1"):
        page = told(client.get(f"{base}?{query}", follow=True))
        assert FAR not in page or "far" in seen, query
        assert "far" in seen or str(rows.get("far", "-")) not in keys(page, base), query


@each_screen
def test_a_page_by_its_number_opens_for_rows_in_sight_only(model: type[models.Model], company: Company) -> None:
    label, base = model._meta.label_lower, base_of(model)
    client = company.client("reader")
    for place, row in company.rows[label].items():
        for what in ("change/", "history/", "delete/"):
            answer = client.get(f"{base}{row}/{what}")
            is_seen = place in OF_PEOPLE[label]
            if what != "delete/":
                assert (answer.status_code == 200) == is_seen, (place, what)
            assert is_seen or (answer.status_code in {302, 403, 404} and FAR not in told(answer)), (place, what)


@pytest.mark.parametrize("who", ["lead", "reader"])
def test_choices_offer_people_and_teams_of_one_s_own_only(who: str, company: Company) -> None:
    client, offered = company.client(who), ""
    for model, screen in admin.site._registry.items():
        for owner in (screen, *screen.inlines):
            inner = owner.model if isinstance(owner, type) else model
            for name in owner.autocomplete_fields:
                answer = client.get("/admin/autocomplete/", {
                    "app_label": inner._meta.app_label, "model_name": inner._meta.model_name, "field_name": name, "term": "qz"})  # fmt: skip
                assert answer.status_code in {200, 403}
                assert FAR not in told(answer), (inner, name)
                offered += told(answer)
    assert MARKS["own"] in offered
    assert MARKS["below"] in offered


def numbers_in(kind: str, file: bytes) -> set[str]:
    """Every text in a file of people."""
    if kind == "csv":
        return set(re.split(r"[,;\r\n\"]+", file.decode("utf-8-sig")))
    sheet = load_workbook(io.BytesIO(file)).active
    return {str(cell) for row in sheet.iter_rows(values_only=True) for cell in row}


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_an_export_holds_the_rows_in_sight(kind: str, company: Company) -> None:
    address = f"/admin/people/employee/export-{kind}/"
    numbers = {company.people[place].number: place for place in MARKS}

    def found(who: str, query: str = "") -> set[str]:
        cells = numbers_in(kind, raw(company.client(who).get(address + query)))
        return {numbers[cell] for cell in cells if cell in numbers}

    assert found("lead") == SEEN_BY_A_LEAD
    assert found("HR") == set(MARKS)
    assert found("lead", f"?q={FAR}") == set()


def test_the_journal_and_rejected_rows_of_others_leave_by_no_export(company: Company) -> None:
    client = company.client("reader")
    assert client.get("/admin/journal/entry/export-csv/").status_code == 403
    for place in MARKS:
        job = company.row("people.importjob", place)
        assert client.get(f"/admin/people/importjob/{job}/rejected/").status_code == 404
        assert client.get(f"/admin/people/importjob/{job}/progress/").status_code == 404


# --- buttons ----------------------------------------------------------------------------------------------------------

LEFT_BY_A_BUTTON = (Entry, Invitation, Note, OutboundMessage)
"""Rows that a press adds, also where the row itself stays as it was."""


def added() -> dict[str, int]:
    return {model._meta.label_lower: model._default_manager.count() for model in LEFT_BY_A_BUTTON}


def test_no_button_reaches_a_row_of_strangers(company: Company) -> None:
    """Every address under a row, posted by a lead who holds every permission but seeing everybody."""
    lead = company.users["reader"]
    lead.user_permissions.set(Permission.objects.exclude(codename__startswith="view_all"))
    client = company.client("reader")
    tried = 0
    for address in declared.BUTTONS:
        label = ".".join(address.split("/")[:2])
        place = re.search(r"<\w+:(object_id|pk)>", address)
        if place is None or OF_PEOPLE.get(label, {"far"}) & {"far"} or "<int:approval_id>" in address:
            continue
        row = company.row(label, "far")
        model = next(one for one in NARROWED if one._meta.label_lower == label)
        before, others = model._default_manager.filter(pk=row).values().get(), added()
        answer = client.post(f"/admin/{address.replace(place[0], str(row))}", {"text": "x", "reason": "x"})
        assert answer.status_code in {302, 403, 404}, address
        assert model._default_manager.filter(pk=row).values().get() == before, address
        assert added() == others, address
        tried += 1
    assert tried > 20


# --- the API ----------------------------------------------------------------------------------------------------------

PLACES: list[tuple[str, Callable[[Company, str], str]]] = [
    ("a person", lambda company, place: f"people/{company.people[place].pk}/"),
    ("absences of a person", lambda company, place: f"people/{company.people[place].pk}/absences/"),
    ("a team", lambda company, place: f"teams/{company.teams[place].pk}/"),
    ("members of a team", lambda company, place: f"teams/{company.teams[place].pk}/members/"),
]


@pytest.mark.parametrize("place", MARKS)
@pytest.mark.parametrize("what", [name for name, _address in PLACES])
def test_a_key_reads_what_its_owner_may(what: str, place: str, company: Company) -> None:
    program = Program(token_for(company.users["lead"]))
    answer = program.get(dict(PLACES)[what](company, place))
    assert answer.status_code == (200 if place in SEEN_BY_A_LEAD else 404)
    assert FAR not in answer.content.decode()


@pytest.mark.parametrize("path", ["people/", "people/?search=qz", "teams/"])
def test_pages_of_the_api_hold_the_rows_in_sight(path: str, company: Company) -> None:
    text = Program(token_for(company.users["lead"])).get(path).content.decode()
    assert [mark for mark in MARKS.values() if mark in text] == [MARKS["own"], MARKS["below"]]


def test_absences_over_the_api_are_those_in_sight(company: Company) -> None:
    program = Program(token_for(company.users["lead"]))
    shown = {row["person"] for row in program.get("absences/").json()["results"]}
    assert shown == {company.people[place].pk for place in SEEN_BY_A_LEAD}
    for place in MARKS:
        answer = program.get(f"absences/{company.row('people.absence', place)}/")
        assert answer.status_code == (200 if place in SEEN_BY_A_LEAD else 404)


def test_scim_shows_the_people_in_sight(company: Company) -> None:
    program = Program(token_for(company.users["lead"], "scim"), base="/scim/v2", kind="application/scim+json")
    for path in ("Users", "Groups", "Users?filter=displayName%20co%20%22qz%22"):
        answer = program.get(path)
        assert answer.status_code == 200
        assert FAR not in answer.content.decode()


def test_files_open_with_the_row_they_hang_on(company: Company) -> None:
    for place in MARKS:
        ticket = Ticket.objects.get(pk=company.row("incidents.ticket", place))
        row = files.store(content=b"words", name="a.txt", owner=ticket, retention_class="ticket")
        opened = company.client("lead").get(f"/admin/files/{row.pk}/")
        assert (opened.status_code == 200 and told(opened) == "words") or opened.status_code == 404
        assert opened.status_code == (200 if place in SEEN_BY_A_LEAD else 404)
        assert company.client("Responder").get(f"/admin/files/{row.pk}/").status_code == 404


def test_somebody_without_rows_of_people_finds_nobody(company: Company) -> None:
    client: Client = company.client("")
    for model in screens():
        page = client.get(base_of(model), follow=True)
        assert [mark for mark in MARKS.values() if mark in told(page)] == []
