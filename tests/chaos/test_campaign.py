"""A campaign ends when the arithmetic says that it must, nobody is written to twice, and pages leave at once all along.

`make chaos`: 100,000 people under a tier of 2,000. CHAOS_PEOPLE and CHAOS_PEOPLE_TIER make it smaller.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import requests

from tests.servers import servers
from tests.stack import BASE_DIR, NOT_INHERITED

pytestmark = pytest.mark.chaos

PEOPLE = int(os.environ.get("CHAOS_PEOPLE", "100000"))
TIER = int(os.environ.get("CHAOS_PEOPLE_TIER", "2000"))
RESERVE_PERCENT = 10
PATIENCE_SECONDS = 2400.0
MARGIN_DAYS = 1 / 24
"""An hour in two months: each day begins a few seconds after its promised moment."""
HELD_DAYS = 1 + 120 / 86400
"""How long a place is held: the carrier counts from accepting, we from asking."""


DAY_SECONDS = 86400
ON_THE_WAY_SECONDS = 120
"""A place counts from the moment it was asked for; the message is accepted a little later, on a busy machine a minute."""


@contextmanager
def carrier() -> Iterator[str]:
    """Takes every message after 10 ms and says nothing afterwards; counts how often each of our ids came."""
    command = [sys.executable, "-m", "tests.bench.carrier", "--delay", "0.01"]
    with subprocess.Popen(
        command, cwd=BASE_DIR, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:  # fmt: skip
        assert process.stdout is not None
        port = json.loads(process.stdout.readline())["port"]
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


def run(carrier_url: str) -> dict[str, Any]:
    with servers() as (database, broker), tempfile.TemporaryDirectory(prefix="recado-campaign-") as folder:
        env = {name: value for name, value in os.environ.items() if name not in NOT_INHERITED}
        env |= {
            "DATABASE_URL": database.create("campaign"), "REDIS_URL": broker.url, "VAR_DIR": folder, "SANDBOX": "1",
            "SECRET_KEY": "a key for one campaign only, long enough to please everybody who looks at it",
            "ENCRYPTION_KEYS": "dGVzdHMtb25seS0tdGVzdHMtb25seS0tdGVzdHMtb28=",
            "DJANGO_SETTINGS_MODULE": "tests.chaos.settings",
        }  # fmt: skip
        arguments = [str(PEOPLE), str(TIER), f"{carrier_url}/v23.0", str(PATIENCE_SECONDS)]
        done = subprocess.run(
            [sys.executable, "-m", "tests.chaos.campaign", *arguments],
            cwd=BASE_DIR, env=env, capture_output=True, text=True, check=False, timeout=PATIENCE_SECONDS + 600,
        )  # fmt: skip
    assert done.returncode == 0, done.stderr[-4000:]
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def test_a_campaign_under_a_small_tier_ends_when_it_must() -> None:
    with carrier() as url:
        found = run(url)
        taken = requests.get(f"{url}/counts", timeout=10).json()
    places = TIER - TIER * RESERVE_PERCENT // 100
    # The first lot leaves at once, the next when its places are free again a day later, and so on.
    soonest = (-(-PEOPLE // places) - 1) * HELD_DAYS
    latest = (-(-PEOPLE // (places - found["duty"])) - 1) * HELD_DAYS
    print(
        f"\n{PEOPLE} people, tier {TIER}, {places} places a day for a campaign: out after {found['days']:.3f} days on the "
        f"fast clock; must be {soonest:.3f} to {latest:.3f}, promised {found['promised_days']:.3f}\n"
        f"  most people in any 24 hours: {found['most']}; {places + 1} of the campaign within {found['tightest']:.0f} s at least; taken over there: {taken}\n"
        f"  pages: {found['pages']}, accepted after {found['page_median'] * 1000:.0f} ms (median), "
        f"{found['page_p99'] * 1000:.0f} ms (p99), {found['page_worst'] * 1000:.0f} ms (worst)\n"
        f"  real time: {found['seconds']}, clock wound {found['winds']} times; rows {found['states']}"
    )
    assert found["complaints"] == []
    assert found["people"] == PEOPLE
    assert (taken["twice"], taken["taken"]) == (0, PEOPLE + found["paged"] + found["duty"])
    assert soonest <= found["days"] <= latest + MARGIN_DAYS
    assert abs(found["promised_days"] - soonest) <= MARGIN_DAYS
    assert found["most"] <= TIER
    assert found["tightest"] >= DAY_SECONDS - ON_THE_WAY_SECONDS
    assert found["pages"] > 5
    assert found["page_p99"] < 1.0
