"""The journal as files: streamed, in order, and safe to open in a spreadsheet."""

import csv
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from django.db.models import QuerySet

from apps.journal.models import Entry

COLUMNS = (
    "position", "entry", "at", "name", "actor_kind", "actor_id", "actor", "subject_type", "subject_id", "subject",
    "before", "after", "body", "body_erased_by", "correlation_id", "body_digest", "seal",
)  # fmt: skip
_DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%")


def safe_cell(value: Any) -> str:
    """A cell that no spreadsheet takes for a formula (OWASP, CSV injection): a leading quote where one could begin."""
    text = "" if value is None else str(value)
    stripped = text.lstrip(" \u00a0\ufeff'\"")
    return f"'{text}" if text.startswith(_DANGEROUS) or stripped.startswith(_DANGEROUS) else text


def rows(entries: QuerySet[Entry]) -> Iterator[dict[str, Any]]:
    """One dict per entry in COLUMNS, oldest first; `position` and `seal` are empty until it is sealed."""
    for entry in entries.order_by("id").select_related("seal", "body").iterator(chunk_size=2000):
        seal, body = getattr(entry, "seal", None), getattr(entry, "body", None)
        yield {
            "position": seal.position if seal else "",
            "entry": entry.pk,
            "at": entry.at.isoformat(),
            "name": entry.name,
            "actor_kind": entry.actor_kind,
            "actor_id": entry.actor_id,
            "actor": entry.actor_label,
            "subject_type": entry.subject_type,
            "subject_id": entry.subject_id,
            "subject": entry.subject_label,
            "before": json.dumps(entry.before, ensure_ascii=False) if entry.before else "",
            "after": json.dumps(entry.after, ensure_ascii=False) if entry.after else "",
            "body": (body.content or "") if body else "",
            "body_erased_by": (body.erased_by_id or "") if body else "",
            "correlation_id": entry.correlation_id,
            "body_digest": entry.body_digest,
            "seal": seal.hash if seal else "",
        }


class _Echo:
    """A file that hands back what is written: csv into a stream."""

    def write(self, value: str) -> str:
        return value


def as_csv(entries: QuerySet[Entry]) -> Iterator[str]:
    """CSV lines with a header, as `as_lines`."""
    return as_lines(COLUMNS, ([row[column] for column in COLUMNS] for row in rows(entries)))


def as_lines(
    header: Sequence[Any], cells: Iterable[Sequence[Any]], guard: Callable[[Any], str] = safe_cell
) -> Iterator[str]:
    """CSV lines, every cell guarded; UTF-8 with a byte order mark, since Excel guesses wrong without it."""
    writer = csv.writer(_Echo())
    yield "\ufeff" + writer.writerow([guard(name) for name in header])
    for row in cells:
        yield writer.writerow([guard(cell) for cell in row])


def as_json_lines(entries: QuerySet[Entry]) -> Iterable[str]:
    """One JSON object a line, unquoted and exact: for machines."""
    return (json.dumps(row, ensure_ascii=False) + "\n" for row in rows(entries))
