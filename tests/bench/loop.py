"""The whole loop: web, workers and beat as the Procfile starts them, against a carrier that answers after 50 ms and reports
sent, delivered and read of every message, one webhook each. Half the people are written to by template.

A fixed number of messages is kept on its way (written, sent, reported read); the rate is what comes out at the end of the
loop, and the ages of what waits must not rise. Carrier and producer share the two cores with the product.
"""

import json
import statistics
import time
from collections.abc import Sequence
from typing import Any

from tests.bench.frame import Figure, Sort
from tests.bench.rig import Rig
from tests.servers import free_port

PEOPLE = 4000
ON_THE_WAY = 900
"""About three seconds of work at the rate we go for: the carrier itself needs one to report a message as read."""
ASKED, GOAL = 150.0, 300.0
FLAT = 1.5
"""The second half's mean age over the first half's."""

_COUNTS = """
SELECT count(*) FILTER (WHERE state = 'read'), count(*),
       coalesce(extract(epoch FROM max(now() - created_at) FILTER (WHERE state = 'queued')), 0)
FROM outbox_outboundmessage
"""
_RECEIPTS = (
    "SELECT coalesce(extract(epoch FROM max(now() - received_at)), 0) FROM inbox_receipt WHERE state = 'received'"
)


def measure(rig: Rig) -> Sequence[Figure]:
    """One round: start, warm up, watch."""
    warm, watched = (5, 15) if rig.is_small else (10, 60)
    rig.fresh()
    port = free_port()
    carrier = rig.spawn("-m", "tests.bench.carrier", "--hook", f"http://127.0.0.1:{port}/hooks/meta_cloud/bench/",
                        "--secret", "secret")  # fmt: skip
    assert carrier.stdout is not None
    where = json.loads(carrier.stdout.readline())["port"]
    rig.run("-m", "tests.bench.producer", "prepare", f"http://127.0.0.1:{where}/v23.0", str(PEOPLE))
    address = f"http://127.0.0.1:{port}"
    stack = rig.spawn("manage.py", "up", PORT=str(port), BASE_URL=address, SANDBOX="0", OUTBOX_PERSON_PER_DAY="10000")
    assert stack.stdout is not None
    _wait_until(stack.stdout, "Recado runs")
    producer = rig.spawn("-m", "tests.bench.producer", "feed", str(ON_THE_WAY))
    with rig.database.connect("bench") as connection:
        time.sleep(warm)
        seen, began, ages = _look(connection), time.monotonic(), []
        while time.monotonic() - began < watched:
            time.sleep(1)
            ages.append(_look(connection)[2])
        end, seconds = _look(connection), time.monotonic() - began
    assert producer.poll() is None, "the producer died"
    half = len(ages) // 2
    rise = statistics.mean(ages[half:]) / max(statistics.mean(ages[:half]), 0.5)
    rate = (end[0] - seen[0]) / seconds
    _stop(producer, stack, carrier)
    return [
        Figure("messages with all their statuses", rate, "per second", ASKED, GOAL),
        Figure("rise of the oldest age, second half over first", rise, "times", FLAT, 1.1, Sort.LATENCY),
        Figure("oldest age of what waits", max(ages), "s", sort=Sort.SEEN),
    ]


def _look(connection: Any) -> tuple[int, int, float]:
    read, written, oldest = connection.execute(_COUNTS).fetchone()
    unparsed = connection.execute(_RECEIPTS).fetchone()[0]
    return int(read), int(written), max(float(oldest), float(unparsed))


def _wait_until(lines: Any, words: str) -> None:
    said = []
    for line in lines:
        said.append(line)
        if words in line:
            return
    raise AssertionError("the stack did not start:\n" + "".join(said[-30:]))


def _stop(*children: Any) -> None:
    for child in children:
        child.terminate()
    for child in children:
        child.communicate(timeout=30)
