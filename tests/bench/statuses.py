"""Statuses from stored receipts to moved rows, ended in the journal, by one worker process: one status per webhook, and a
hundred. A third each of sent, delivered and read; every tenth comes twice, every tenth before the ones it follows.
"""

from collections.abc import Sequence

from tests.bench.frame import Figure, Sort
from tests.bench.rig import Rig

ASKED, GOAL = 2000, 4000  # per second and worker process


def measure(rig: Rig) -> Sequence[Figure]:
    messages = 1000 if rig.is_small else 4000
    figures = []
    for name, per_receipt in (("one per webhook", 1), ("a hundred per webhook", 100)):
        rig.fresh()
        seen = rig.run("-m", "tests.bench.reporting", str(messages), str(per_receipt))
        figures.append(Figure(f"applied, {name}", seen["rate"], "/s", ASKED, GOAL))
        figures.append(Figure(f"worker's CPU, {name}", seen["worker_ms"], "ms per status", sort=Sort.SEEN))
    return figures
