"""The database itself refuses to change the log, on both databases, by ORM and by SQL."""

import pytest
from django.db import DatabaseError, connection, transaction

from apps.journal import guards, sealer
from apps.journal.actors import SYSTEM
from apps.journal.models import Body, Entry, Seal
from apps.journal.services import erase_body, record
from apps.journal.testing import unguarded

pytestmark = pytest.mark.django_db


def entry(**values: object) -> Entry:
    with transaction.atomic():
        return record("thing.happened", **values)  # type: ignore[arg-type]


@pytest.mark.parametrize("table", guards.TABLES)
@pytest.mark.parametrize("statement", ["DELETE FROM {table}", "UPDATE {table} SET {column} = {column}"])
def test_no_row_of_the_journal_can_be_changed_or_removed(table: str, statement: str) -> None:
    entry(body={"text": "secret words"})
    sealer.seal_pending()
    column = {"journal_entry": "name", "journal_seal": "hash", "journal_body": "salt"}[table]
    with pytest.raises(DatabaseError, match="refused"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement.format(table=table, column=column))


@pytest.mark.parametrize("table", guards.TABLES)
def test_no_table_of_the_journal_can_be_emptied_at_a_stroke(table: str) -> None:
    if connection.vendor != "postgresql":  # its TRUNCATE asks nobody; SQLite's is a DELETE, refused row by row
        entry(body={"text": "secret words"})
        sealer.seal_pending()
    statement = "TRUNCATE {} CASCADE" if connection.vendor == "postgresql" else "DELETE FROM {}"
    with pytest.raises(DatabaseError, match="refused"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement.format(table))


def test_a_body_is_emptied_only_by_a_lawful_erasure() -> None:
    kept = entry(body={"text": "the person's own words"})
    other = entry()
    for values in ({"content": None, "salt": None}, {"content": None, "salt": None, "erased_by": other}):
        with pytest.raises(DatabaseError, match="refused"), transaction.atomic():
            Body.objects.filter(entry=kept).update(**values)
    erasure = erase_body(kept, by=SYSTEM, reason="asked for by the person")
    body = Body.objects.get(entry=kept)
    assert (body.content, body.salt, body.erased_by) == (None, None, erasure)


def test_an_old_erasure_cannot_be_borrowed_for_a_second_body_change() -> None:
    kept = entry(body={"text": "first"})
    erasure = erase_body(kept, by=SYSTEM, reason="asked for")
    sealer.seal_pending()
    with pytest.raises(DatabaseError, match="refused"), transaction.atomic():
        Body.objects.filter(entry=kept).update(content="written back", salt="x", erased_by=erasure)


def test_the_named_way_round_closes_behind_itself() -> None:
    kept = entry()
    with unguarded():
        Entry.objects.filter(pk=kept.pk).update(name="thing.tampered")
    with pytest.raises(DatabaseError, match="refused"), transaction.atomic():
        Entry.objects.filter(pk=kept.pk).update(name="thing.tampered.again")
    assert Seal.objects.count() == 0
