import csv
import io
import json

import pytest
from django.db import transaction
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from apps.journal import export, sealer
from apps.journal.models import Entry
from apps.journal.services import record
from tests.factories import make_user

HOSTILE = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "'=1", '"=1', "|calc", "%0A=1"]


@pytest.mark.parametrize("text", HOSTILE)
def test_no_spreadsheet_takes_a_cell_for_a_formula(text: str) -> None:
    assert export.safe_cell(text).startswith("'")


@given(st.text(max_size=40))
def test_a_cell_never_begins_with_what_begins_a_formula(text: str) -> None:
    assert not export.safe_cell(text).startswith(("=", "+", "-", "@", "\t", "\r", "\n"))


def test_harmless_cells_stay_as_they_are() -> None:
    assert [export.safe_cell(value) for value in ("T-104", "Ana", 12, None)] == ["T-104", "Ana", "12", ""]


@pytest.mark.django_db
def test_the_csv_holds_every_entry_in_order_with_its_seal() -> None:
    with transaction.atomic():
        for n in range(3):
            record("thing.happened", after={"n": n}, body={"text": "=HYPERLINK()"})
    sealer.seal_pending()
    lines = "".join(export.as_csv(Entry.objects.all())).lstrip("\ufeff")
    rows = list(csv.DictReader(io.StringIO(lines)))
    assert [row["position"] for row in rows] == ["1", "2", "3"]
    assert all(row["seal"] and json.loads(row["body"]) == {"text": "=HYPERLINK()"} for row in rows)


@pytest.mark.django_db
def test_an_auditor_exports_what_is_filtered_and_the_export_is_in_the_log() -> None:
    with transaction.atomic():
        record("thing.happened")
        record("other.happened")
    client = Client()
    client.force_login(make_user("auditor", roles=["Auditor"]))
    answer = client.get("/admin/journal/entry/export-csv", {"name": "thing.happened"}, follow=True)
    assert answer.status_code == 200
    text = b"".join(answer.streaming_content).decode()  # type: ignore[attr-defined]
    assert "thing.happened" in text
    assert "other.happened" not in text
    exported = Entry.objects.get(name="journal.exported")
    assert (exported.actor_label, exported.after["entries"]) == ("auditor", 1)


@pytest.mark.django_db
def test_nobody_else_exports() -> None:
    client = Client()
    client.force_login(make_user("hr", roles=["HR"]))
    answer = client.get("/admin/journal/entry/export-csv", follow=True)
    assert answer.status_code == 403
    assert not Entry.objects.filter(name="journal.exported").exists()
