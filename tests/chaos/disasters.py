"""What goes wrong while messages leave, and a schedule that spreads it over the drill. All dice are seeded."""

import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import psutil

from portal.demo.sandbox import Sandbox
from tests.chaos.office import Office
from tests.servers import PostgreSQL, Valkey
from tests.stack import Stack

NOISE = {"lost": 0.004, "lost_html": 0.002, "lost_half": 0.002, "lost_empty": 0.002, "lost_error": 0.002, "cut": 0.004,
         "error_500": 0.01, "error_503": 0.005, "html_502": 0.004, "garbage": 0.002, "error_in_200": 0.004,
         "throttled": 0.001, "too_many_to_person": 0.004}  # fmt: skip
"""Chances of wrong answers all along."""


def kill_one(stack: Stack, dice: random.Random) -> str:
    """SIGKILL a sender or a worker, now and then its head, which takes all its hands along; returns who it was."""
    for _attempt in range(20):
        name = dice.choice(["sender", "sender", "worker"])
        try:
            head = psutil.Process(stack.notes()["pids"][name])
            hands = head.children()
            # A supervisor that restarts a head again and again waits longer and longer, so mostly hands.
            victim = head if not hands or dice.random() < 0.15 else dice.choice(hands)
            victim.send_signal(signal.SIGKILL)
        except (psutil.NoSuchProcess, KeyError):
            time.sleep(0.3)  # just dead, not yet back: somebody else's turn
            continue
        return f"kill {name} {'head' if victim is head else 'hand'}"
    raise AssertionError("nobody was left to kill")


@dataclass
class Disasters:
    """One drill's bad luck: `queue` is what is still to come, `happened` what came."""

    stack: Stack
    sandbox: Sandbox
    office: Office
    database: PostgreSQL
    broker: Valkey
    dice: random.Random
    away_seconds: float
    happened: Counter[str] = field(default_factory=Counter)

    def schedule(self, kills: int) -> list[str]:
        """All that is to happen, kills among it, well mixed."""
        once = ["redis_flushed", "redis_restarted", "redis_gone", "database_restarted", "token_revoked", "storm",
                "storm_patient", "people_limited", "late_answers", "down", "clock_jump", "webhooks_held"]  # fmt: skip
        coming = [*once, *["kill"] * kills]
        self.dice.shuffle(coming)
        return coming

    def strike(self, name: str) -> None:
        told: Any = getattr(self, name)()
        self.happened[told or name] += 1

    # --- processes ----------------------------------------------------------------------------------------------------
    def kill(self) -> str:
        return kill_one(self.stack, self.dice)

    # --- servers ------------------------------------------------------------------------------------------------------
    def redis_flushed(self) -> None:
        self.broker.flush()

    def redis_restarted(self) -> None:
        self.broker.restart()

    def redis_gone(self) -> None:
        self.broker.restart(seconds_away=self.away_seconds)

    def database_restarted(self) -> None:
        self.database.restart()

    # --- the carrier --------------------------------------------------------------------------------------------------
    def token_revoked(self) -> None:
        """After a few more sends nothing goes any more, until the operator has entered a new token."""
        self._trouble(revoke_after=5)
        self._later(6.0, self.office.new_token)

    def storm(self) -> None:
        self._trouble(storm_seconds=3, storm_retry_after=0)

    def storm_patient(self) -> None:
        self._trouble(storm_seconds=3, storm_retry_after=2)

    def people_limited(self) -> None:
        for phone in self.dice.sample(self.office.phones, max(1, len(self.office.phones) // 50)):
            self.sandbox.ask("POST", f"/api/phones/{phone}/limit", {"seconds": 30})

    def late_answers(self) -> None:
        """Messages are taken and their statuses told before their answers are given."""
        self._trouble(answer_late_ms=400)
        self._later(3.0, lambda: self._trouble(answer_late_ms=0))

    def down(self) -> None:
        self._trouble(down_seconds=4)

    def webhooks_held(self) -> None:
        self._trouble(hold_webhooks=True)
        self._later(4.0, lambda: self._trouble(hold_webhooks=False))

    def clock_jump(self) -> None:
        self.sandbox.wind(200)

    def _trouble(self, **wanted: Any) -> None:
        self.sandbox.ask("PUT", "/api/trouble", wanted)

    def _later(self, seconds: float, act: Callable[[], Any]) -> None:
        timer = threading.Timer(seconds, act)
        timer.daemon = True
        timer.start()
        self._timers.append(timer)

    _timers: list[threading.Timer] = field(default_factory=list)

    def finish(self) -> None:
        """Wait for what was to be mended later; a stopped token must not stay stopped."""
        for timer in self._timers:
            timer.join()
