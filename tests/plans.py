"""What a query read, measured by PostgreSQL itself."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.conf import settings
from django.db import connection

needs_postgresql = pytest.mark.skipif(
    "sqlite" in settings.DATABASES["default"]["ENGINE"], reason="SQLite has no trigrams and no EXPLAIN ANALYZE"
)


@dataclass(frozen=True)
class Reading:
    """Rows that a query took from its tables, those thrown away included, and the indexes that led to them."""

    rows: int
    indexes: frozenset[str]


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for below in plan.get("Plans", []):
        yield from _nodes(below)


def reading(sql: str, values: Any = None) -> Reading:
    """Runs the query once."""
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}", values)
        ((found,),) = cursor.fetchall()
    nodes = list(_nodes(found[0]["Plan"]))
    rows = sum(
        (scan["Actual Rows"] + scan.get("Rows Removed by Filter", 0) + scan.get("Rows Removed by Index Recheck", 0)) * scan["Actual Loops"]
        for scan in nodes if "Relation Name" in scan
    )  # fmt: skip
    return Reading(rows, frozenset(node["Index Name"] for node in nodes if "Index Name" in node))


def read(queryset: Any, most: int = 51) -> int:
    """Rows that the first `most` (a page of a list) took from their tables."""
    return reading(*queryset.all()[:most].query.sql_with_params()).rows
