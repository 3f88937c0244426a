"""Many rows in one statement, on PostgreSQL and SQLite. Django's own `bulk_update` grows by rows times columns."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connection, models
from django.db.models.expressions import RawSQL

CHUNK = 200


def placeholders(count: int) -> str:
    """
    >>> placeholders(3)
    '%s, %s, %s'
    """
    return ", ".join(["%s"] * count)


def lock(model: type[models.Model], ids: Iterable[int], columns: Sequence[str]) -> dict[int, tuple[Any, ...]]:
    """Lock rows in the order of their ids, as everybody who locks several does, and read some columns as they are now.

    Last comes where the row lies (PostgreSQL's ctid), which holds as long as the lock: writing there needs no look-up
    through an index that grows with the table. None elsewhere.
    """
    rows = model._default_manager.filter(pk__in=ids).order_by("pk")
    place: Any = models.Value(None, output_field=models.TextField())
    if connection.vendor == "postgresql":
        rows = rows.select_for_update(no_key=True)
        place = RawSQL("ctid::text", ())
    return {row[0]: row[1:] for row in rows.annotate(place=place).values_list("pk", *columns, "place")}


def update(rows: Sequence[models.Model], fields: Sequence[str]) -> None:
    """Save these fields of these rows, which the caller holds: one statement per 200 rows. No signals."""
    for start in range(0, len(rows), CHUNK):
        _update(rows[start : start + CHUNK], fields)


def _update(rows: Sequence[models.Model], names: Sequence[str]) -> None:
    if not rows:
        return
    meta = type(rows[0])._meta
    fields: list[Any] = [meta.get_field(name) for name in names]
    is_postgresql = connection.vendor == "postgresql"
    values = [
        value
        for row in rows
        for value in (row.pk, *(field.get_db_prep_save(getattr(row, field.attname), connection) for field in fields))
    ]
    casts = [f"%s::{field.db_type(connection)}" if is_postgresql else "%s" for field in (meta.pk, *fields)]
    first = f"({', '.join(casts)})"
    others = f"({placeholders(len(casts))})" if is_postgresql else first
    table = connection.ops.quote_name(meta.db_table)
    changes = ", ".join(f'"{field.column}" = v.column{place}' for place, field in enumerate(fields, start=2))
    tuples = ", ".join([first, *[others] * (len(rows) - 1)])
    sql = f"UPDATE {table} SET {changes} FROM (VALUES {tuples}) AS v WHERE {table}.id = v.column1"  # noqa: S608 - names of ours
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
