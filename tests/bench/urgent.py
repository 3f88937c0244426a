"""The urgent lane while 100,000 messages of campaigns wait: from the moment a page is written to the carrier taking it.

The dispatcher is busy with the campaigns all the time, at a number that may send 1,000 a second; pages come one by one.
"""

import time
from collections.abc import Sequence

from tests.bench.frame import Figure, Sort, percentile
from tests.bench.rig import Rig
from tests.bench.sending import planted

WAITING, WAITING_SMALL = 100_000, 10_000
PAGES, PAGES_SMALL = 300, 60
ASKED, GOAL = 1.0, 0.3  # seconds
ROUNDS = 3

_TIMES = """
SELECT extract(epoch FROM t.at - m.created_at) FROM outbox_attempt t JOIN outbox_outboundmessage m ON m.id = t.message_id
WHERE m.key LIKE 'page:%' AND t.outcome = 'accepted'
"""
"""A try is stamped when its outcome is saved, which is a little after the carrier took it."""


def measure(rig: Rig) -> Sequence[Figure]:
    waiting, pages = (WAITING_SMALL, PAGES_SMALL) if rig.is_small else (WAITING, PAGES)
    planted(rig, waiting, per_second="1000")
    sender = rig.spawn("-m", "tests.bench.dispatching", "serve")
    time.sleep(2)
    rig.run("-m", "tests.bench.dispatching", "page", str(pages))
    with rig.database.connect("bench") as connection:
        for _try in range(100):
            seconds = [float(row[0]) for row in connection.execute(_TIMES).fetchall()]
            if len(seconds) >= pages:
                break
            time.sleep(0.1)
        left = connection.execute("SELECT count(*) FROM outbox_outboundmessage WHERE state = 'queued'").fetchone()
    assert sender.poll() is None, "the dispatcher died"
    return [
        Figure("from written to taken, 99 of 100", percentile(seconds, 0.99), "s", ASKED, GOAL, sort=Sort.LATENCY),
        Figure("from written to taken, median", percentile(seconds, 0.5), "s", sort=Sort.SEEN),
        Figure("pages that did not leave", pages - len(seconds), "", 0, sort=Sort.COUNT),
        Figure("campaign messages that still waited in the end", float((left or [0])[0]), "", sort=Sort.SEEN),
    ]
