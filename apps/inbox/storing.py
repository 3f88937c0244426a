"""Deliveries into rows: one statement, one commit, however many deliveries wait for it.

Django's `create` of the same row builds a model, quotes the body into the text of a statement that is planned anew each
time, and opens and ends a transaction around it. On PostgreSQL even psycopg's cursor costs more than the server's own work,
so that the statement, prepared once per connection, goes straight to libpq (docs/decisions/0009 has the figures).
"""

import threading
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import psycopg
from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, DatabaseError, OperationalError, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg.pq import ConnStatus, ExecStatus
from psycopg.pq.abc import PGconn, PGresult

from apps.core import clock


class Delivery(NamedTuple):
    """One request, verified. `hook_key` and `seal` are the account's as they were when its secrets were taken."""

    account_id: int
    hook_key: str
    seal: str
    key: str
    body: bytes
    query: str
    headers: str
    """JSON"""


# `times_received` tells a new row from a repeated one. The account is part of the statement: nothing is stored for one whose
# secrets have changed since they were read (doorkeeper). In one order, so that two statements with the same repeated
# deliveries never wait for each other.
_INSERT = """
WITH came (account_id, hook_key, seal, key, body, query, headers, at) AS (VALUES {rows})
INSERT INTO inbox_receipt (account_id, key, body, query, headers, state, error, times_received, received_at)
SELECT known.id, came.key, came.body, came.query, came.headers, 'received', '', 1, came.at
FROM came JOIN providers_account known ON known.id = came.account_id
WHERE known.hook_key = came.hook_key AND known.app_secret || '|' || known.previous_app_secret = came.seal
ORDER BY came.account_id, came.key
ON CONFLICT (account_id, key) DO UPDATE SET times_received = inbox_receipt.times_received + 1
RETURNING account_id, key, times_received
"""
_CASTS = ("bigint", "varchar", "text", "varchar", "bytea", "text", "jsonb", "timestamptz")
_IS_BINARY = [int(cast == "bytea") for cast in _CASTS]
_NO_SUCH_STATEMENT = "26000"

Told = dict[tuple[int, str], int]
"""(account, key) -> how often it was received. Who is missing was not stored: the account is not what it was."""


def insert(deliveries: Sequence[Delivery]) -> Told:
    """Store deliveries of different keys, or count them where they are known, all or none of them.

    Raises DatabaseError. A connection that has died since the last delivery is opened again, once.
    """
    database = connections[DEFAULT_DB_ALIAS]
    at = clock.now()
    if database.vendor == "postgresql" and not database.in_atomic_block:
        moment = at.isoformat().encode()
        values: list[bytes | None] = []
        for one in deliveries:
            values += (b"%d" % one.account_id, one.hook_key.encode(), one.seal.encode(), one.key.encode(), one.body,
                       one.query.encode(), one.headers.encode(), moment)  # fmt: skip
        # Filled up with rows that join nothing, so that a few statements are prepared instead of one for each count.
        values += [None] * (len(_CASTS) * ((1 << (len(deliveries) - 1).bit_length()) - len(deliveries)))
        return _directly(database, values)
    stamp = database.ops.adapt_datetimefield_value(at)
    with database.cursor() as cursor:
        cursor.execute(
            _through_django(len(deliveries), database.vendor), [value for one in deliveries for value in (*one, stamp)]
        )
        return {(account_id, key): times for account_id, key, times in cursor.fetchall()}


@lru_cache(maxsize=64)
def _through_django(count: int, vendor: str) -> str:
    row = ", ".join(f"%s::{cast}" if vendor == "postgresql" else "%s" for cast in _CASTS)
    return _INSERT.format(rows=", ".join([f"({row})"] * count))


# --- PostgreSQL, outside a transaction ---------------------------------------------------------------------------------


class _Known(threading.local):
    """The connection of this thread, and for how many deliveries its statement is prepared there."""

    by: Any = None
    counts: frozenset[int] = frozenset()


_known = _Known()


@lru_cache(maxsize=64)
def _at_libpq(count: int) -> bytes:
    width = len(_CASTS)
    rows = (", ".join(f"${row * width + n}::{cast}" for n, cast in enumerate(_CASTS, start=1)) for row in range(count))
    return _INSERT.format(rows=", ".join(f"({row})" for row in rows)).encode()


def _directly(database: BaseDatabaseWrapper, values: Sequence[bytes | None]) -> Told:
    words = ""
    for _try in range(2):
        database.ensure_connection()
        server: PGconn = database.connection.pgconn
        try:
            result = _execute(database.connection, server, values)
        except psycopg.OperationalError as error:  # there was nobody to ask
            words = str(error)
        else:
            if result.status == ExecStatus.TUPLES_OK:
                return _told(result)
            words = result.error_message.decode("utf-8", "replace")
            if server.status != ConnStatus.BAD and _code(result) != _NO_SUCH_STATEMENT:
                raise DatabaseError(words)
        _known.by = None  # a pooler or an operator may have made it forget our statement
        if server.status == ConnStatus.BAD:
            database.close()
    raise OperationalError(words)


def _execute(connection: Any, server: PGconn, values: Sequence[bytes | None]) -> PGresult:
    """Blocks without holding the interpreter's lock, as every call of libpq does."""
    count = len(values) // len(_CASTS)
    formats = _IS_BINARY * count
    if not settings.DATABASE_PREPARED:
        return server.exec_params(_at_libpq(count), values, None, formats)
    if _known.by is not connection:
        _known.by, _known.counts = connection, frozenset()
    name = b"recado_door_%d" % count
    if count not in _known.counts:
        made = server.prepare(name, _at_libpq(count))
        if made.status != ExecStatus.COMMAND_OK:
            return made
        _known.counts |= {count}
    # Its annotation forgets that None is NULL here, too.
    return server.exec_prepared(name, values, formats)  # type: ignore[arg-type]


def _told(result: PGresult) -> Told:
    found = {}
    for row in range(result.ntuples):
        account_id, key, times = (result.get_value(row, column) or b"" for column in range(3))
        found[int(account_id), key.decode()] = int(times)
    return found


def _code(result: PGresult) -> str:
    return (result.error_field(ord("C")) or b"").decode()
