"""Trouble on purpose: what the product must survive, switched on from the page or by a drill. In memory."""

import threading
import time
from dataclasses import asdict, dataclass, fields
from typing import Any

from apps.sandbox.graph_errors import GraphError

_LIMITS = {"down_seconds": 86400, "lose_answers": 10000, "slow_ms": 60000, "storm_seconds": 86400, "duplicates": 1}


@dataclass
class Trouble:
    """Seconds, counts, milliseconds; `duplicates` is the chance (0 to 1) that a webhook comes twice."""

    down_seconds: float = 0
    lose_answers: int = 0
    slow_ms: int = 0
    storm_seconds: float = 0
    duplicates: float = 0.05
    bad_token: bool = False
    hold_webhooks: bool = False
    seed: int = 7


class Board:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._now = Trouble()
        self._down_until = 0.0
        self._storm_until = 0.0

    def read(self) -> dict[str, Any]:
        with self._lock:
            shown = asdict(self._now)
        shown["down_seconds"] = round(max(0.0, self._down_until - time.monotonic()), 1)
        shown["storm_seconds"] = round(max(0.0, self._storm_until - time.monotonic()), 1)
        return shown

    def change(self, wanted: dict[str, Any]) -> None:
        """Set some of the fields; raises ValueError naming what is wrong, and then changes nothing."""
        known = {field.name: field.type for field in fields(Trouble)}
        clean: dict[str, Any] = {}
        for name, value in wanted.items():
            if name not in known:
                raise ValueError(f"There is no trouble called {name!r}; there are {', '.join(known)}.")
            clean[name] = _clean(name, known[name], value)
        with self._lock:
            for name, value in clean.items():
                setattr(self._now, name, value)
            if "down_seconds" in clean:
                self._down_until = time.monotonic() + clean["down_seconds"]
            if "storm_seconds" in clean:
                self._storm_until = time.monotonic() + clean["storm_seconds"]

    def clear(self) -> None:
        with self._lock:
            self._now = Trouble()
            self._down_until = self._storm_until = 0.0

    @property
    def current(self) -> Trouble:
        return self._now

    def strike(self) -> None:
        """Slow down, then refuse if the trouble of the moment says so. Called at the start of every Graph request."""
        if self._now.slow_ms:
            time.sleep(self._now.slow_ms / 1000)
        if time.monotonic() < self._down_until:
            raise GraphError(2, "The service is temporarily unavailable.", status=503)
        if self._now.bad_token:
            raise GraphError(190, "The access token has expired.", status=401)
        if time.monotonic() < self._storm_until:
            raise GraphError(130429, "Cloud API message throughput has been reached.", status=429)

    def loses_answer(self) -> bool:
        """Whether this answer is one of those to lose; counts it."""
        with self._lock:
            if self._now.lose_answers <= 0:
                return False
            self._now.lose_answers -= 1
            return True


def _clean(name: str, kind: Any, value: Any) -> Any:
    if kind is bool:
        if not isinstance(value, bool):
            raise ValueError(f"{name} must be true or false.")
        return value
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"{name} must be a number.")
    if value < 0 or value > _LIMITS.get(name, value):
        raise ValueError(f"{name} must be between 0 and {_LIMITS.get(name)}.")
    return int(value) if kind is int else float(value)


board = Board()
