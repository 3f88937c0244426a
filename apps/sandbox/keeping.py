"""Accepted messages on disk before they are answered, many to a commit.

Whoever finds the pen free writes down everything that has piled up meanwhile, by plain SQL over one connection: under
load a commit carries dozens of messages, and a lone one waits for nobody.
"""

import json
import sqlite3
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import models as django_models

from apps.sandbox import models
from apps.sandbox.writing import exclusive

_pending_lock = threading.Lock()
_pending: list["Kept"] = []
_connection: sqlite3.Connection | None = None


@dataclass
class Kept:
    """Rows to write together: plain values by table; `after` runs once they are safe."""

    bubble: models.Bubble | None = None
    webhooks: list[models.Webhook] = field(default_factory=list)
    refusal: models.Refusal | None = None
    after: Callable[[], None] = lambda: None
    is_done: bool = False
    error: Exception | None = None


def keep(kept: Kept) -> None:
    """Return when the rows are on disk; raises what went wrong."""
    with _pending_lock:
        _pending.append(kept)
    with exclusive():
        if not kept.is_done:
            with _pending_lock:
                batch = list(_pending)
                _pending.clear()
            _write(batch)
    if kept.error is not None:
        raise kept.error
    kept.after()


def _write(batch: list[Kept]) -> None:
    global _connection
    error: Exception | None = None
    try:
        if _connection is None:
            _connection = _open()
        _connection.execute("BEGIN IMMEDIATE")
        _fill(_connection, batch)
        _connection.execute("COMMIT")
    except sqlite3.Error as problem:
        error = problem
        if _connection is not None:
            _connection.close()
        _connection = None
    for kept in batch:
        kept.is_done, kept.error = True, error


def _open() -> sqlite3.Connection:
    name = settings.DATABASES["default"]["NAME"]
    # Only whoever holds the pen uses it, so it may wander between threads.
    opened = sqlite3.connect(name, timeout=20, isolation_level=None, check_same_thread=False)
    opened.execute("PRAGMA synchronous=NORMAL")
    return opened


def _fill(connection: sqlite3.Connection, batch: list[Kept]) -> None:
    bubbles = [one.bubble for one in batch if one.bubble is not None]
    _insert(connection, models.Bubble, bubbles)
    _insert(connection, models.Webhook, [row for one in batch for row in one.webhooks])
    _insert(connection, models.Refusal, [one.refusal for one in batch if one.refusal is not None])
    connection.executemany(
        "UPDATE sandbox_chat SET last_message_at = ?, unread = unread + 1 WHERE id = ?",
        [(_plain(bubble.sent_at), bubble.chat_id) for bubble in bubbles if bubble.kind != "reaction"],
    )


_columns: dict[type[django_models.Model], tuple[str, tuple[str, ...]]] = {}


def _insert(connection: sqlite3.Connection, model: type[django_models.Model], rows: Iterable[Any]) -> None:
    if model not in _columns:
        names = tuple(one.attname for one in model._meta.concrete_fields if not one.primary_key)
        marks = ", ".join("?" * len(names))
        sql = f"INSERT INTO {model._meta.db_table} ({', '.join(names)}) VALUES ({marks})"  # noqa: S608 - our own names
        _columns[model] = sql, names
    sql, names = _columns[model]
    connection.executemany(sql, [[_plain(row.__dict__[name]) for name in names] for row in rows])


def _plain(value: Any) -> Any:
    """A value as Django's SQLite backend writes it: dates as text in UTC, JSON as text."""
    if isinstance(value, dict | list):
        return json.dumps(value)
    if isinstance(value, datetime):
        return value.replace(tzinfo=None).isoformat(sep=" ", timespec="microseconds")
    return value
