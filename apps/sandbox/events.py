"""What just happened, told to open pages (server-sent events) and to long polls. In memory: one process serves all."""

import json
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

# Pages that fell further behind than this simply load everything again.
_KEPT = 500
_STREAMS_MAX = 16


class Bus:
    def __init__(self) -> None:
        self._news = threading.Condition()
        self._events: deque[tuple[int, str]] = deque(maxlen=_KEPT)
        self._last = 0
        self._streams = 0
        self._is_stopping: Callable[[], bool] = lambda: False

    def set_stopping(self, is_stopping: Callable[[], bool]) -> None:
        self._is_stopping = is_stopping

    @property
    def stopping(self) -> bool:
        return self._is_stopping()

    def publish(self, kind: str, **facts: Any) -> None:
        with self._news:
            self._last += 1
            self._events.append((self._last, json.dumps({"kind": kind, **facts})))
            self._news.notify_all()

    def wait(self, seen: int, seconds: float) -> int:
        """Sleep until something newer than `seen` was published, at most `seconds`; returns the newest number."""
        deadline = time.monotonic() + seconds
        with self._news:
            while self._last <= seen and not self.stopping:
                left = deadline - time.monotonic()
                if left <= 0:
                    break
                # Woken twice a second to notice a stopping server: SIGTERM must not wait for a poll.
                self._news.wait(min(left, 0.5))
            return self._last

    @property
    def last(self) -> int:
        return self._last

    def has_room(self) -> bool:
        return self._streams < _STREAMS_MAX

    def stream(self, seen: int | None = None) -> Iterator[str]:
        """Lines of `text/event-stream`, a comment every ten seconds so that a dead browser is noticed."""
        seen = self._last if seen is None or seen > self._last else seen
        with self._news:
            self._streams += 1
        try:
            yield "retry: 1000\n\n"
            quiet_since = time.monotonic()
            while not self.stopping:
                self.wait(seen, 0.5)
                fresh = [(number, text) for number, text in list(self._events) if number > seen]
                if fresh:
                    seen = fresh[-1][0]
                    yield "".join(f"id: {number}\ndata: {text}\n\n" for number, text in fresh)
                if fresh or time.monotonic() - quiet_since > 10:
                    quiet_since = time.monotonic()
                    yield ": still here\n\n"
        finally:
            with self._news:
                self._streams -= 1


bus = Bus()
