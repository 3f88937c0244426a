"""Messages leave while everything breaks, and afterwards what WhatsApp took is compared with what was wanted.

`make chaos`: 10,000 messages, 50 SIGKILLs, Redis away for a minute. CHAOS_MESSAGES and CHAOS_KILLS make it smaller.
"""

import os
import random
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from portal.demo.sandbox import Sandbox, SandboxError
from tests.chaos.disasters import NOISE, Disasters
from tests.chaos.office import Office
from tests.servers import PostgreSQL, Valkey, servers
from tests.stack import Stack

pytestmark = pytest.mark.chaos

MESSAGES = int(os.environ.get("CHAOS_MESSAGES", "10000"))
KILLS = int(os.environ.get("CHAOS_KILLS", "50"))
HAS_TIER = os.environ.get("CHAOS_TIER", "1") == "1"
IS_FULL = MESSAGES >= 10_000
CROWD = max(30, MESSAGES // 20)
STALLED_SECONDS = 12.0
DRAIN_SECONDS = 1800.0 if IS_FULL else 400.0
DAY = 24 * 3600
OPEN_STATES = ("queued", "sending", "unsure", "sent", "held")
Both = tuple[PostgreSQL, Valkey]


@pytest.fixture
def both() -> Iterator[Both]:
    with servers() as found:
        yield found


@pytest.fixture
def stack(both: Both) -> Iterator[Stack]:
    database, broker = both
    env = {
        "DATABASE_URL": database.create("recado"), "REDIS_URL": broker.url,
        "DJANGO_SETTINGS_MODULE": "tests.chaos.settings", "SENDER_CONCURRENCY": "2",
    }  # fmt: skip
    with tempfile.TemporaryDirectory(prefix="recado-chaos-") as folder, Stack(Path(folder) / "var", env=env) as running:
        yield running


def taken(sandbox: Sandbox) -> int:
    try:
        return int(sandbox.ask("GET", "/api/counts?brief=1")["accepted"])
    except SandboxError:
        return -1


def break_everything(disasters: Disasters, office: Office, before: int) -> list[str]:
    """Strike at even steps of the flow, or when nothing flows for a while; returns what did not come to pass."""
    coming = disasters.schedule(KILLS)
    steps, latest, moved_at = len(coming) + 1, before, time.monotonic()
    pouring = office.pour(MESSAGES)
    while coming and (pouring.is_alive() or latest - before < MESSAGES * 0.97):
        now = taken(disasters.sandbox)
        if now > latest:
            latest, moved_at = now, time.monotonic()
        is_due = (latest - before) * steps >= MESSAGES * (steps - len(coming))
        if is_due or time.monotonic() - moved_at > STALLED_SECONDS:
            disasters.strike(coming.pop())
            moved_at = time.monotonic()
        disasters.sandbox.wind(2)  # leases and pauses pass without anybody sitting through them
        time.sleep(0.2)
    pouring.join()
    disasters.finish()
    return coming


def drained(office: Office, sandbox: Sandbox) -> dict[str, Any]:
    """What is counted once nothing waits any more. Reports come in first: what they settle need not be sent again."""
    deadline = time.monotonic() + DRAIN_SECONDS
    calm = {"chances": {}, "hold_webhooks": False, "status_shuffle_seconds": 0, "status_late_seconds": 0}
    sandbox.ask("PUT", "/api/trouble", calm)
    while True:
        until = time.monotonic() + 30
        while sandbox.counts()["webhooks"]["queued"] and time.monotonic() < until:
            time.sleep(0.5)
        found = office.insist("tally")
        is_done = not any(found["states"].get(state) for state in OPEN_STATES)
        if is_done or time.monotonic() > deadline:
            return found
        if found["account"] == "broken":
            office.new_token()
        if found["unsure"]:
            office.insist("decide")
        # Straight to the next moment at which anything may happen: places of the tier are free again only after a day.
        sandbox.wind(max(5.0, min(found["next_in"] + 5.0, DAY)))
        time.sleep(3)


def report(found: dict[str, Any], counts: dict[str, Any], disasters: Disasters, seconds: float) -> None:
    extra = counts["twice"]
    print(
        f"\n{MESSAGES} messages to {CROWD} people in {seconds:.0f} s\n"
        f"  what happened: {dict(disasters.happened.most_common())}\n"
        f"  rows: {found['rows']} {found['states']}; waiting: {found['waits']}; errors: {found['errors']}\n"
        f"  accepted over there: {counts['accepted']}, refused {counts['refused']}, answered wrongly {counts['answered']}\n"
        f"  sent twice: {sum(extra.values()) - len(extra)} extra sends of {len(extra)} messages; "
        f"listed as sent again while unsure: {len(found['resends'])}; still unsure: {len(found['unsure'])}\n"
        f"  most people outside windows in any 24 hours: {counts['most_people']}"
    )


def test_every_message_is_accepted_once_whatever_breaks(stack: Stack, both: Both) -> None:
    sandbox = Sandbox(stack.notes()["sandbox_url"])
    office = Office(stack, sandbox, CROWD)
    gathered = office.gather()
    limit = max(3, gathered["closed"] // 2) if HAS_TIER else CROWD
    office.ask("tier", limit)
    sandbox.put_account(office.waba, people_per_day=limit)
    noise = {"chances": NOISE, "duplicates": 0.1, "status_shuffle_seconds": 2, "status_late_seconds": 1, "reads": 0.5}
    sandbox.ask("PUT", "/api/trouble", {**noise, "seed": 20})
    disasters = Disasters(
        stack, sandbox, office, *both, dice=random.Random(20), away_seconds=60.0 if IS_FULL else 8.0
    )  # fmt: skip
    before = taken(sandbox)
    started = time.monotonic()
    left = break_everything(disasters, office, before)
    found = drained(office, sandbox)
    counts = sandbox.counts()
    report(found, counts, disasters, time.monotonic() - started)
    assert (left, office.problems) == ([], [])
    assert sum(times for name, times in disasters.happened.items() if name.startswith("kill")) == KILLS
    assert found["rows"] == MESSAGES
    judge(found, counts)
    assert max(counts["most_people"].values(), default=0) <= limit, "more people than the tier allows"
    assert "The journal is whole" in stack.run("manage.py", "verify_journal", seconds=300)


def judge(found: dict[str, Any], counts: dict[str, Any]) -> None:
    """Accepted = wanted; nothing twice but what is listed."""
    marks, accepted = found["marks"], Counter(counts["per_opaque"])
    lost = [mark for mark in marks if not accepted[mark]]
    twice = {mark for mark in marks if accepted[mark] > 1}
    assert lost == [], f"{len(lost)} messages never reached WhatsApp: {Counter(marks[mark] for mark in lost)}"
    assert twice <= set(found["resends"]), "a message went out twice without being listed as sent again while unsure"
    assert set(marks.values()) <= {"delivered", "read"}, found["states"]
