"""Taps from stored Receipts through routing to a queued, committed reply, by one worker process.

What is asked holds for the mix of a day: one opens the menu, two choose a row, one takes a ticket, one approves a request.
A decision writes several rows under lock and tells two people; it is shown by itself, too.
"""

from collections.abc import Sequence

from tests.bench.frame import Figure, Sort
from tests.bench.rig import Rig

ASKED, GOAL = 150, 400  # per second and worker process
ABOUT = {
    "menu": "the word menu",
    "row": "a row of the menu",
    "take": "Take under a ticket",
    "approve": "Approve under a request",
    "mix": "all of them mixed",
}


def measure(rig: Rig) -> Sequence[Figure]:
    count = 200 if rig.is_small else 1000
    figures = []
    for kind, about in ABOUT.items():
        rig.fresh()
        seen = rig.run("-m", "tests.bench.tapping", kind, str(count))
        bounds = {"asked": ASKED, "goal": GOAL} if kind in {"menu", "mix"} else {"sort": Sort.SEEN}
        figures.append(Figure(about, seen["rate"], "/s", **bounds))
        for name, cost in (("worker", seen["worker_ms"]), ("database", seen["database_ms"])):
            figures.append(Figure(f"{about}, CPU of the {name}", cost, "ms per tap", sort=Sort.SEEN))
    return figures
