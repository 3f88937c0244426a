"""Puts committed entries into one chain, in one order, by one writer at a time."""

from datetime import UTC
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Exists, OuterRef, QuerySet

from apps.core import clock
from apps.journal import chain
from apps.journal.models import Entry, Seal

BATCH = 500
NEAR = 500  # ids; as many as other transactions commit while one of ours is open for some seconds
LOOK_BACK = 20_000  # ids; a transaction that stays open while more entries than this commit is found by the full look
LOCK = 0x5EA1  # PostgreSQL advisory lock: one sealer in the whole cluster

FIELDS = (
    "id", "name", "subject_type", "subject_id", "subject_label", "actor_kind", "actor_id", "actor_label",
    "before", "after", "correlation_id", "body_digest",
)  # fmt: skip


def values_of(entry: Entry) -> dict[str, Any]:
    """The columns that the hash covers."""
    values: dict[str, Any] = {field: getattr(entry, field) for field in FIELDS}
    values["at"] = entry.at.astimezone(UTC).isoformat(timespec="microseconds")
    return values


def seal_pending(*, look_back: int | None = LOOK_BACK) -> int:
    """Seal all committed entries that have no seal; returns how many.

    Ids are handed out before commit, so a smaller id may appear after a larger one was sealed: the look-back, in ids,
    finds it. None looks at everything. The look after each commit is a near one, that of every beat goes further.
    """
    sealed = 0
    while True:
        with transaction.atomic():
            if not _is_only_sealer():
                return sealed
            last = Seal.objects.order_by("-position").only("position", "hash", "entry_id").first()
            pending = list(_unsealed(Entry.objects.all(), last, look_back).order_by("id")[:BATCH])
            position, previous = (last.position, last.hash) if last else (0, chain.GENESIS)
            seals = []
            for entry in pending:
                position += 1
                previous = chain.entry_hash(previous, position, values_of(entry))
                seals.append(Seal(position=position, entry=entry, hash=previous, at=clock.now()))
            Seal.objects.bulk_create(seals)
        sealed += len(pending)
        if len(pending) < BATCH:
            return sealed


def unsealed(entries: QuerySet[Entry]) -> QuerySet[Entry]:
    """Those of `entries` that wait for their seal, as far back as every beat looks: never the whole journal."""
    return _unsealed(entries, Seal.objects.order_by("-position").only("entry_id").first(), LOOK_BACK)


def _unsealed(entries: QuerySet[Entry], last: Seal | None, look_back: int | None) -> QuerySet[Entry]:
    floor = 0 if look_back is None or last is None else last.entry_id - look_back
    # The floor stands on both sides: a database would not think of it, and read all seals.
    seals = Seal.objects.filter(entry_id=OuterRef("pk"), entry_id__gt=floor)
    return entries.filter(~Exists(seals), id__gt=floor)


def _is_only_sealer() -> bool:
    """SQLite's IMMEDIATE transaction already lets one writer in; PostgreSQL needs to be asked."""
    if connection.vendor != "postgresql":
        return True
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK])
        return bool(cursor.fetchone()[0])


def anchor_file() -> Path:
    return Path(settings.VAR_DIR) / "journal.anchors"


def newest_anchor() -> str:
    """`position:hash` of the last seal: what an auditor writes down."""
    last = Seal.objects.order_by("-position").first()
    return f"{last.position}:{last.hash}" if last else f"0:{chain.GENESIS}"


def write_anchor() -> str:
    """Append the newest anchor, with its moment, to the file that lives outside the database."""
    anchor = newest_anchor()
    path = anchor_file()
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        file.write(f"{clock.now().isoformat()} {anchor}\n")
    return anchor
