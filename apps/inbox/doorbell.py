"""Tells the workers that something came in, without making the sender wait for the broker.

One bell per process, rung from a thread of its own: however many deliveries come, at most one nudge per `PAUSE` leaves, and
one always leaves after the last delivery. A nudge that is lost costs the sweep's two seconds, nothing else.
"""

import threading
import time

from apps.core.tasks import call
from apps.inbox import tasks

PAUSE = 0.02
"""Seconds between two nudges. UNSOURCED: short beside what a person notices, long beside what a nudge costs (1 ms)."""


class Bell:
    """`ring` returns at once; equal wishes of the same moment are one nudge."""

    def __init__(self) -> None:
        self._wanted = threading.Event()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def ring(self) -> None:
        """Ask for a look by a worker, some time after now."""
        self._wanted.set()
        if self._thread is None or not self._thread.is_alive():  # the first time here, or first since a fork
            self._start()

    def _start(self) -> None:
        with self._lock:
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="doorbell", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        while True:
            self._wanted.wait()
            # Cleared before the nudge leaves: what rings while it is under way is nudged for again.
            self._wanted.clear()
            call(tasks.process)
            time.sleep(PAUSE)


bell = Bell()
