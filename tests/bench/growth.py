"""What each piece of work costs with 10 thousand rows in every growing table, and with a million (people: a tenth of it).

Counted, not timed: pages that the database touches, rows that it reads and writes, Python's CPU as multiples of a fixed piece
of work measured beside it, since the cores of a shared machine change their speed from one minute to the next; medians of
seven (of three, and up to 200 thousand rows, in a small run).
A million bulk messages wait while the urgent one is claimed. What a process costs that only starts is taken off.
"""

import json
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass

from tests.bench.fill import copy, fill
from tests.bench.frame import Figure, Sort
from tests.bench.rig import Rig

ROUNDS = 1
SEVEN, THREE = 7, 3
SMALL, LARGE, LARGE_IN_CI = 10_000, 1_000_000, 200_000
OPS = ("door", "statuses", "taps", "sending", "journal", "urgent")
NOTHING = "nothing"
ASKED, GOAL = 1.2, 1.05

_TOUCHED = """
SELECT sum(blks_hit + blks_read), sum(tup_returned + tup_fetched + tup_inserted + tup_updated + tup_deleted)
FROM pg_stat_database WHERE datname = 'bench'
"""
_FILLED = """
SELECT (SELECT max(id) FROM outbox_outboundmessage), count(*) FROM contacts_contact WHERE phone LIKE '+5521%'
"""
_CONTACTS = "(SELECT array_agg(id ORDER BY id) FROM contacts_contact WHERE phone LIKE '+5521%')"
_BUSY = "SELECT count(*) FROM pg_stat_activity WHERE datname = 'bench' AND pid <> pg_backend_pid()"
# What the newest row of each waiting bulk message differs in from the others; nobody is written to twice in one lane.
_WAITING = {"key": "'wait:' || g", "state": "'queued'", "lane": "'bulk'", "lane_rank": "4", "campaign": "'c' || g % 7",
            "held_reason": "''", "remote_id": "''", "not_before": "now() - interval '1 minute'"}  # fmt: skip


@dataclass(frozen=True)
class Cost:
    pages: float
    rows: float
    cpu: float


def measure(rig: Rig) -> Sequence[Figure]:
    """Both sizes, and what the second costs more."""
    large = LARGE_IN_CI if rig.is_small else LARGE
    few, many = _costs(rig, SMALL), _costs(rig, large)
    figures = []
    for op in OPS:
        for part in ("pages", "rows", "cpu"):
            times = getattr(many[op], part) / max(getattr(few[op], part), 1e-9)
            name = f"{op}, {'Python CPU' if part == 'cpu' else part}, {large:,} rows over {SMALL:,}"
            figures.append(Figure(name, times, "times", ASKED, GOAL, Sort.GROWTH))
        figures.append(Figure(f"{op}, pages with {large:,} rows", many[op].pages, "pages", sort=Sort.SEEN))
    return figures


def _costs(rig: Rig, size: int) -> dict[str, Cost]:
    rig.fresh()
    carrier = rig.spawn("-m", "tests.bench.carrier", "--delay", "0.001")
    assert carrier.stdout is not None
    port = json.loads(carrier.stdout.readline())["port"]
    _child(rig, "plant", f"http://127.0.0.1:{port}/v23.0")
    with rig.database.connect("postgres") as desk:
        desk.execute("ALTER SYSTEM SET autovacuum = off")  # it would count as ours
        desk.execute("SELECT pg_reload_conf()")
    with rig.database.connect("bench") as connection:
        fill(connection, size)
    found = {}
    for op in (NOTHING, *OPS):
        if op == "urgent":
            _let_wait(rig, size)
        costs = [_once(rig, op, number) for number in range(THREE if rig.is_small else SEVEN)]
        found[op] = Cost(*(statistics.median(getattr(one, part) for one in costs) for part in ("pages", "rows", "cpu")))
    idle = found.pop(NOTHING)
    with rig.database.connect("postgres") as desk:
        desk.execute("ALTER SYSTEM RESET autovacuum")
        desk.execute("SELECT pg_reload_conf()")
    rig.stop_children()
    return {op: Cost(one.pages - idle.pages, one.rows - idle.rows, one.cpu) for op, one in found.items()}


def _let_wait(rig: Rig, size: int) -> None:
    with rig.database.connect("bench") as connection:
        last, people = connection.execute(_FILLED).fetchone() or (0, 1)
        values = {"id": f"{last} + g", "contact_id": f"{_CONTACTS}[1 + g % {people}]", **_WAITING}
        copy(connection, "outbox_outboundmessage", size, values)
        connection.execute(
            "SELECT setval(pg_get_serial_sequence('outbox_outboundmessage', 'id'), %s)", [last + size + 1]
        )
        connection.execute("VACUUM ANALYZE outbox_outboundmessage")


def _once(rig: Rig, op: str, number: int) -> Cost:
    _child(rig, "prepare", op, str(number))
    pages, rows = _touched(rig)
    cpu = float(_child(rig, "work", op)["cpu"])
    after_pages, after_rows = _touched(rig)
    return Cost(after_pages - pages, after_rows - rows, cpu)


def _child(rig: Rig, *arguments: str) -> dict[str, float]:
    found: dict[str, float] = rig.run("-m", "tests.bench.grown", *arguments)
    return found


def _touched(rig: Rig) -> tuple[int, int]:
    """Read once every connection to the measured database has gone: backends hand in their counts as they end."""
    with rig.database.connect("postgres") as desk:
        while (desk.execute(_BUSY).fetchone() or (0,))[0]:
            time.sleep(0.01)
        pages, rows = desk.execute(_TOUCHED).fetchone() or (0, 0)
        return int(pages), int(rows)
