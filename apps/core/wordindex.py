"""Indexes for searching texts by a part of them (PostgreSQL's pg_trgm), declared by each app in its `wordindex.py`.

They are made after each `migrate` instead of by a migration: where the database's owner may not create the extension, migrating
still succeeds, the health page says so, and the next `migrate` makes them. SQLite has no such index and needs none.
"""

import logging
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db import DatabaseError, connections, transaction

from apps.core.registry import Registry

log = logging.getLogger("recado.search")


@dataclass(frozen=True)
class WordIndex:
    """One index over the columns of one table that its list searches with `icontains`."""

    name: str
    table: str
    columns: tuple[str, ...]

    @property
    def sql(self) -> str:
        # As Django compiles `icontains`: UPPER(column::text) LIKE UPPER(pattern). Anything else would never be used.
        columns = ", ".join(f'UPPER("{column}"::text) gin_trgm_ops' for column in self.columns)
        # Without the list of pending entries: while it waits for a vacuum, the planner finds reading the table cheaper.
        return (
            f'CREATE INDEX IF NOT EXISTS "{self.name}" ON "{self.table}" USING gin ({columns}) WITH (fastupdate = off)'
        )


indexes: Registry[WordIndex] = Registry("word index", module="wordindex")


def search_words(label: str, *fields: str) -> None:
    """Declare the text columns of a model ("people.employee") that are searched by a part of them."""
    meta = apps.get_model(label)._meta
    columns = tuple(meta.get_field(name).column for name in fields)
    indexes.register(label, WordIndex(f"{meta.db_table}_words", meta.db_table, columns))


def missing(using: str = "default") -> list[WordIndex]:
    """The declared indexes that the database lacks; none on a database that knows no such thing."""
    if connections[using].vendor != "postgresql":
        return []
    declared = [index for _label, index in indexes]
    with connections[using].cursor() as cursor:
        cursor.execute("SELECT indexname FROM pg_indexes WHERE indexname = ANY(%s)", [[one.name for one in declared]])
        present = {name for (name,) in cursor.fetchall()}
    return [one for one in declared if one.name not in present]


def make(using: str = "default") -> list[WordIndex]:
    """Make what is missing; returns what could not be made. Takes one look when nothing is missing."""
    wanted = missing(using)
    if not wanted:
        return []
    tables = set(connections[using].introspection.table_names())
    try:
        with transaction.atomic(using), connections[using].cursor() as cursor:
            cursor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
            for index in wanted:
                if index.table in tables:  # `migrate` of one app alone leaves others' tables for later
                    cursor.execute(index.sql)
    except DatabaseError as error:
        log.warning("searching by words has no index: %s", error)
    return missing(using)


def make_after_migrate(sender: Any, **signal: Any) -> None:
    """Receiver of post_migrate."""
    make(signal.get("using", "default"))
