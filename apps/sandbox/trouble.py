"""Trouble on purpose: what the product must survive, switched on from the page or by a drill. In memory."""

import random
import threading
import time
from collections import Counter
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from apps.core import clock
from apps.sandbox.graph_errors import GraphError
from apps.sandbox.oddities import ODDITIES, Odd

DAY = 86400
_LIMITS: dict[str, float] = {
    "down_seconds": DAY, "lose_answers": 100_000, "slow_ms": 60_000, "storm_seconds": DAY, "duplicates": 1,
    "storm_retry_after": DAY, "answer_late_ms": 60_000, "revoke_after": 1_000_000, "status_late_seconds": DAY,
    "status_shuffle_seconds": 3600, "batch": 1000, "gather_ms": 10_000, "reads": 1, "media_slow_ms": 60_000,
    "media_damaged": 10_000, "media_gone": 10_000,
}  # fmt: skip
SHAPES = ("mixed", "values", "changes", "entries")


@dataclass
class Trouble:
    """Seconds, counts, milliseconds, and chances from 0 to 1.

    `chances` and `next_answers` name wrong answers to a send (`oddities.py`): how probable, or how many to come. `people`
    names phones that are answered 131056 and until when on the demo's clock (Unix seconds).
    """

    down_seconds: float = 0
    lose_answers: int = 0
    slow_ms: int = 0
    answer_late_ms: int = 0
    storm_seconds: float = 0
    storm_retry_after: int = 0
    chances: dict[str, float] = field(default_factory=dict)
    next_answers: dict[str, int] = field(default_factory=dict)
    people: dict[str, float] = field(default_factory=dict)
    bad_token: bool = False
    revoke_after: int = 0
    duplicates: float = 0.05
    hold_webhooks: bool = False
    status_late_seconds: float = 0
    status_shuffle_seconds: float = 0
    batch: int = 100
    batch_shape: str = "mixed"
    gather_ms: int = 50
    reads: float = 0
    media_slow_ms: int = 0
    media_damaged: int = 0
    media_gone: int = 0
    seed: int = 7


class Board:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._now = Trouble()
        self._dice = random.Random(self._now.seed)
        self._down_until = 0.0
        self._storm_until = 0.0
        self.answered: Counter[str] = Counter()

    def read(self) -> dict[str, Any]:
        with self._lock:
            shown = asdict(self._now)
        shown["down_seconds"] = round(max(0.0, self._down_until - time.monotonic()), 1)
        shown["storm_seconds"] = round(max(0.0, self._storm_until - time.monotonic()), 1)
        return shown

    def change(self, wanted: dict[str, Any]) -> None:
        """Set some of the fields; raises ValueError naming what is wrong, and then changes nothing."""
        known = {one.name: one.type for one in fields(Trouble)}
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
            if "seed" in clean:
                self._dice = random.Random(clean["seed"])

    def clear(self) -> None:
        with self._lock:
            self._now = Trouble()
            self._dice = random.Random(self._now.seed)
            self._down_until = self._storm_until = 0.0
            self.answered.clear()

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
            raise GraphError(
                130429,
                "Cloud API message throughput has been reached.",
                status=429,
                retry_after=self._now.storm_retry_after,
            )

    def person(self, number: str) -> None:
        """Refuse what goes to somebody who is to get no more for a while."""
        until = self._now.people.get(number, 0.0)
        if until and clock.now().timestamp() < until:
            raise GraphError(131056, "Too many messages sent from this number to the same recipient in a short time.")

    def odd(self) -> Odd | None:
        """The wrong answer that this send gets, if any: those ordered by number first, then by chance. Counts it."""
        trouble = self._now
        if not (trouble.lose_answers or trouble.next_answers or trouble.chances):
            return None
        with self._lock:
            name = self._pick()
            if name:
                self.answered[name] += 1
        return ODDITIES[name] if name else None

    def _pick(self) -> str:
        trouble = self._now
        if trouble.lose_answers > 0:
            trouble.lose_answers -= 1
            return "lost"
        for name, left in trouble.next_answers.items():
            if left > 0:
                trouble.next_answers[name] = left - 1
                return name
        thrown = self._dice.random()
        for name, chance in trouble.chances.items():
            if thrown < chance:
                return name
            thrown -= chance
        return ""

    def accepted(self) -> None:
        """One more send was taken: perhaps the last one before the token is revoked."""
        if self._now.revoke_after:
            with self._lock:
                self._now.revoke_after = max(0, self._now.revoke_after - 1)
                self._now.bad_token = self._now.bad_token or self._now.revoke_after == 0

    def media(self) -> str:
        """What happens to this download: "", damaged or gone. Slow ones sleep here."""
        if self._now.media_slow_ms:
            time.sleep(self._now.media_slow_ms / 1000)
        with self._lock:
            for name in ("media_gone", "media_damaged"):
                if getattr(self._now, name) > 0:
                    setattr(self._now, name, getattr(self._now, name) - 1)
                    return name.partition("_")[2]
        return ""

    def read_soon(self) -> bool:
        """Whether this message is read by itself a moment later."""
        if not self._now.reads:
            return False
        with self._lock:
            return self._dice.random() < self._now.reads

    def doubles(self) -> bool:
        """Whether this webhook comes twice."""
        if not self._now.duplicates:
            return False
        with self._lock:
            return self._dice.random() < self._now.duplicates

    def shuffled(self) -> float:
        """Seconds by which one status comes out of its turn."""
        if not self._now.status_shuffle_seconds:
            return 0.0
        with self._lock:
            return self._dice.random() * self._now.status_shuffle_seconds


def _clean(name: str, kind: Any, value: Any) -> Any:
    if name in {"chances", "next_answers", "people"}:
        return _clean_map(name, value)
    if name == "batch_shape":
        if value not in SHAPES:
            raise ValueError(f"batch_shape must be one of {', '.join(SHAPES)}.")
        return value
    if kind is bool:
        if not isinstance(value, bool):
            raise ValueError(f"{name} must be true or false.")
        return value
    longest = _LIMITS.get(name, value)
    _check_number(name, value, longest)
    if name == "batch" and value < 1:
        raise ValueError("batch must be between 1 and 1000.")
    return int(value) if kind is int else float(value)


def _check_number(name: str, value: Any, most: float) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"{name} must be a number.")
    if value < 0 or value > most:
        raise ValueError(f"{name} must be between 0 and {most:g}.")


def _clean_map(name: str, value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError(f"{name} must be an object of names and numbers.")
    for key, one in value.items():
        if name != "people" and key not in ODDITIES:
            raise ValueError(f"There is no answer called {key!r}; there are {', '.join(ODDITIES)}.")
        _check_number(f"{name}.{key}", one, {"chances": 1, "next_answers": 100_000}.get(name, 1e11))
    if name == "chances" and sum(value.values()) > 1:
        raise ValueError("The chances add up to more than 1.")
    return dict(value)


board = Board()
