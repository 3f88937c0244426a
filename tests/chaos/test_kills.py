"""Workers are killed in the middle of a flood, and everything is counted afterwards.

`make chaos`: 500 incidents, 20 SIGKILLs. CHAOS_INCIDENTS and CHAOS_KILLS make it smaller.
"""

import json
import os
import random
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from portal.demo.sandbox import Sandbox
from tests.chaos.disasters import kill_one
from tests.chaos.flood import Flood
from tests.stack import Stack

pytestmark = pytest.mark.chaos

INCIDENTS = int(os.environ.get("CHAOS_INCIDENTS", "500"))
KILLS = int(os.environ.get("CHAOS_KILLS", "20"))
# Seven answers per incident: five incidents stay below the 45 messages that Meta allows one person in a burst.
PER_PERSON = 5
DRAIN_SECONDS = 300.0


@pytest.fixture
def stack() -> Iterator[Stack]:
    with tempfile.TemporaryDirectory(prefix="recado-chaos-") as folder, Stack(Path(folder) / "var") as running:
        yield running


def counted(stack: Stack) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(stack.run("tests/chaos/crowd.py", "count").splitlines()[-1])
    return found


def drained(stack: Stack, sandbox: Sandbox) -> dict[str, Any]:
    """What is counted once nothing waits any more; the clock is wound over leases and graces."""
    deadline = time.monotonic() + DRAIN_SECONDS
    while True:
        sandbox.wind(120)
        time.sleep(3)
        found = counted(stack)
        is_empty = found["open"] == 0 and sandbox.counts()["webhooks"]["queued"] == 0
        if is_empty or time.monotonic() > deadline:
            return found


def test_every_event_is_applied_once_and_every_extra_send_is_listed(stack: Stack) -> None:
    notes = stack.notes()
    people = -(-INCIDENTS // PER_PERSON)
    planted = json.loads(stack.run("tests/chaos/crowd.py", "plant", str(people), seconds=300).splitlines()[-1])
    sandbox = Sandbox(notes["sandbox_url"])
    flood = Flood(
        notes["sandbox_url"], notes["number_id"], [one["phone"] for one in planted["phones"]], incidents=INCIDENTS
    )
    dice = random.Random(20)
    killed: list[str] = []
    started = time.monotonic()
    flood.start()
    while flood.is_running:
        # Spread evenly over the flood, each a little off, so that none waits for a quiet moment.
        if len(killed) < KILLS and len(flood.done) * (KILLS + 1) >= INCIDENTS * (len(killed) + dice.random()):
            killed.append(kill_one(stack, dice))
            # The carrier has bad moments too: two messages are taken there while their answers never arrive here.
            sandbox.ask("PUT", "/api/trouble", {"lose_answers": 2})
        # What a killed worker had claimed waits for its lease and its grace; nobody needs to sit through them.
        sandbox.wind(2)
        time.sleep(0.5)
    seconds = time.monotonic() - started
    assert flood.problems == [], "\n".join(flood.problems)
    found = drained(stack, sandbox)
    counts = sandbox.counts()
    extra = {opaque: times for opaque, times in counts["per_opaque"].items() if times > 1}
    sent = sum(reporter.sent for reporter in flood.reporters)
    print(
        f"\n{INCIDENTS} incidents in {seconds:.0f} s under {len(killed)} SIGKILLs "
        f"({dict(Counter(killed))})\n"
        f"  inbound: {sent} messages sent, {found['messages']} kept, {found['receipts']} receipts, events {found['events']}\n"
        f"  tickets: {found['tickets']}, made twice: {len(found['twice'])}\n"
        f"  outbound: {found['outbound']}, accepted over there {counts['accepted']}, held {found['held']}\n"
        f"  sent twice: {sum(extra.values()) - len(extra)} extra sends of {len(extra)} messages; "
        f"listed as sent again while unsure: {len(found['resends'])}\n"
        f"  refused over there: {counts['refused']}"
    )
    assert len(killed) == KILLS
    assert found["failed"] == []
    assert found["open"] == 0
    assert found["messages"] == sent, "an inbound message was lost or kept twice"
    assert (found["tickets"], found["twice"]) == (INCIDENTS, {}), "an event was lost or applied twice"
    assert found["summaries"] == sorted(f"Flood {number:04d}" for number in range(INCIDENTS))
    assert set(extra) <= set(found["resends"]), "a message went out twice without being listed as unsure"
