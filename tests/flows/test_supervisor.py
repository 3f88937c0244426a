"""`manage.py up`: restarts what dies, stops in order, leaves no orphans, keeps its secrets to itself."""

import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
import requests

from tests.stack import BASE_DIR, Stack, wait_until

pytestmark = pytest.mark.flows


@pytest.fixture
def plain() -> Iterator[Stack]:
    """A stack without the demo: it starts in half the time."""
    with tempfile.TemporaryDirectory(prefix="recado-plain-") as folder:
        stack = Stack(Path(folder) / "var", is_demo=False)
        stack.make_database()
        yield stack
        stack.drop_database()


@pytest.mark.parametrize("name", ["web", "worker", "sender", "beat", "sandbox", "valkey"])
def test_what_is_killed_comes_back(stack: Stack, name: str) -> None:
    if name not in stack.notes()["pids"]:
        pytest.skip("the broker is not ours here")
    before = stack.notes()["pids"][name]
    psutil.Process(before).kill()
    wait_until(f"{name} runs again", lambda: stack.notes()["pids"].get(name) not in {None, before}, seconds=30)
    base_url = stack.notes()["base_url"]

    def is_ready() -> bool:
        try:
            return requests.get(f"{base_url}/readyz", timeout=5).status_code == 200
        except requests.ConnectionError:
            return False

    wait_until("everything is ready again", is_ready, seconds=30)


def test_a_second_supervisor_on_the_same_folder_is_refused(stack: Stack) -> None:
    done = subprocess.run(
        [sys.executable, "manage.py", "up"],
        cwd=BASE_DIR,
        env=stack.env,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode != 0
    assert "already runs" in done.stderr


def test_it_stops_in_order_within_ten_seconds(plain: Stack) -> None:
    plain.start()
    children = plain.children()
    started = time.monotonic()
    assert plain.stop(signal.SIGINT) == 0
    assert time.monotonic() - started < 10
    assert not any(_is_alive(child) for child in children)


def test_nothing_is_left_when_the_supervisor_is_killed(plain: Stack) -> None:
    plain.start()
    children = plain.children()
    assert len(children) >= 5
    plain.process.kill()
    plain.process.wait()
    try:
        wait_until("no orphan", lambda: not any(_is_alive(child) for child in children), seconds=10)
    finally:
        for child in children:
            if _is_alive(child):
                child.kill()


def test_secrets_are_readable_by_their_owner_alone(stack: Stack) -> None:
    for name in (".env", "demo.json"):
        assert stat.S_IMODE((stack.folder / name).stat().st_mode) == 0o600


def _is_alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
