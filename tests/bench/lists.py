"""The first page of the outgoing messages with a million of them, against the same page with the default paginator.

Both are measured in the same database, in turns; 200 thousand rows in a small run.
"""

import statistics
from collections.abc import Sequence

from tests.bench.fill import fill
from tests.bench.frame import Figure, Sort
from tests.bench.rig import Rig

ROUNDS = 1
ROWS, ROWS_IN_CI = 1_000_000, 200_000
TURNS, TIMES = 3, 7
ASKED = 0.6


def measure(rig: Rig) -> Sequence[Figure]:
    """Milliseconds of both, and ours over theirs."""
    rows = ROWS_IN_CI if rig.is_small else ROWS
    rig.fresh()
    rig.run("-m", "tests.bench.listing", "plant")
    with rig.database.connect("bench") as connection:
        fill(connection, rows)
    spent: dict[str, list[float]] = {"ours": [], "default": []}
    for _turn in range(TURNS):
        for paginator, found in spent.items():
            found.append(float(rig.run("-m", "tests.bench.listing", "look", paginator, str(TIMES))["ms"]))
    ours, theirs = (statistics.median(found) for found in spent.values())
    return [
        Figure(f"first page of {rows:,} messages over the default paginator’s", ours / theirs, "times", ASKED,
               sort=Sort.LATENCY),
        Figure(f"first page of {rows:,} messages", ours, "ms", sort=Sort.SEEN),
        Figure(f"the same with the default paginator, {rows:,} messages", theirs, "ms", sort=Sort.SEEN),
    ]  # fmt: skip
