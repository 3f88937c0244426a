"""Sending by one worker process at a carrier that answers after 50 ms, next to Celery with gevent 100 and one task per message.

Both have 100 messages in the air. Ours plans every message again, asks every budget, keeps every try; the other does none of
it. CPU is the worker's and the database's together.
"""

import json
import time
from collections.abc import Sequence

from tests.bench.frame import Figure, Sort
from tests.bench.rig import Rig, cpu_of

CONCURRENCY = 100
ASKED_TIMES, GOAL_RATE = 5.0, 1000.0
ASKED_SHARE, GOAL_SHARE = 1 / 5, 1 / 10


def measure(rig: Rig) -> Sequence[Figure]:
    """One round: theirs and ours, one after the other."""
    theirs, ours = (300, 2000) if rig.is_small else (1500, 10_000)
    their_rate, their_cpu = _one_by_one(rig, theirs)
    our_rate, our_cpu, database_cpu = _ours(rig, ours)
    return [
        Figure("messages sent, against one task per message", our_rate / their_rate, "times", ASKED_TIMES),
        Figure("messages sent", our_rate, "/s", None, GOAL_RATE),
        Figure("CPU of worker and database, against one task per message", our_cpu / their_cpu, "of it", ASKED_SHARE,
               GOAL_SHARE, sort=Sort.LATENCY),
        Figure("CPU of worker and database", 1000 * our_cpu, "ms per message", sort=Sort.SEEN),
        Figure("CPU of the database alone", 1000 * database_cpu, "ms per message", sort=Sort.SEEN),
        Figure("one task per message: sent", their_rate, "/s", sort=Sort.SEEN),
        Figure("one task per message: CPU", 1000 * their_cpu, "ms per message", sort=Sort.SEEN),
    ]  # fmt: skip


def planted(rig: Rig, count: int, **values: str) -> int:
    """A fresh database with `count` messages that wait, and a carrier; returns the carrier's port."""
    rig.fresh()
    carrier = rig.spawn("-m", "tests.bench.carrier", "--delay", "0.05")
    assert carrier.stdout is not None
    port = int(json.loads(carrier.stdout.readline())["port"])
    rig.run("-m", "tests.bench.dispatching", "plant", f"http://127.0.0.1:{port}/v23.0", str(count), *values.values())
    return port


def _one_by_one(rig: Rig, count: int) -> tuple[float, float]:
    planted(rig, count)
    worker = rig.spawn("-m", "celery", "--quiet", "-A", "tests.bench.one_by_one", "worker", "--pool", "gevent",
                       "--concurrency", str(CONCURRENCY), "--without-gossip", "--without-mingle")  # fmt: skip
    time.sleep(4)  # up, so that its start is in neither figure
    worker_cpu, database_cpu = cpu_of(worker.pid), rig.database_cpu()
    seconds = rig.run("-m", "tests.bench.one_by_one", str(count))["seconds"]
    spent = cpu_of(worker.pid) - worker_cpu + rig.database_cpu() - database_cpu
    return count / seconds, spent / count


def _ours(rig: Rig, count: int) -> tuple[float, float, float]:
    planted(rig, count)
    before = rig.database_cpu()
    seen = rig.run("-m", "tests.bench.dispatching", "send", str(count))
    database_cpu = rig.database_cpu() - before
    assert seen["left"] == 0, "not everything left"
    return count / seen["seconds"], (seen["worker_cpu"] + database_cpu) / count, database_cpu / count
