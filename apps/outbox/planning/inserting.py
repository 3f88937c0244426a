"""New rows in one statement, which also says which of them were new: what makes a repeated key cost nothing and hurt nobody.

Django's own `bulk_create` either fails on a taken key or does not say which rows it left out.
"""

from collections.abc import Sequence

from django.db import connection

from apps.outbox.bulk import placeholders
from apps.outbox.models import OutboundMessage

MOST = 500
"""Rows per statement: SQLite takes 32,766 values in one, and a row has under 50."""


def insert_new(messages: Sequence[OutboundMessage]) -> list[OutboundMessage]:
    """Insert these rows in their order, `MOST` per statement; returns those that were new, with their ids.

    A row whose key is taken, by a committed row or by one before it in `messages`, is left out and stays unsaved. Another
    transaction that is writing the same key is waited for.
    """
    return [row for start in range(0, len(messages), MOST) for row in _insert(messages[start : start + MOST])]


def _insert(messages: Sequence[OutboundMessage]) -> list[OutboundMessage]:
    meta, quote = OutboundMessage._meta, connection.ops.quote_name
    fields = [field for field in meta.concrete_fields if not field.primary_key]
    row = f"({placeholders(len(fields))})"
    sql = (
        f"INSERT INTO {quote(meta.db_table)} ({', '.join(quote(str(field.column)) for field in fields)}) "  # noqa: S608 - names of columns
        f"VALUES {', '.join([row] * len(messages))} "
        f"ON CONFLICT ({quote('key')}) DO NOTHING RETURNING {quote('id')}, {quote('key')}"
    )
    values = [
        field.get_db_prep_save(field.pre_save(message, add=True), connection)
        for message in messages
        for field in fields
    ]
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        ids = {key: pk for pk, key in cursor.fetchall()}
    new = []
    for message in messages:
        pk = ids.pop(message.key, None)
        if pk is not None:
            message.pk = pk
            message._state.adding, message._state.db = False, connection.alias
            new.append(message)
    return new
