"""What every test may rely on: a stopped network, a clock of its own, a journal that tests can empty."""

import importlib.util
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime
from pathlib import Path

import pytest
import redis
import time_machine
from django.conf import settings
from django.core.cache import cache
from django.test import TransactionTestCase
from django.utils import translation

from apps.core import clock as core_clock
from portal import places, valkey

_flush = TransactionTestCase._fixture_teardown


def _unguarded() -> AbstractContextManager[object]:
    """The journal's one named way round its triggers."""
    if importlib.util.find_spec("apps.journal.testing") is None:
        return nullcontext()
    from apps.journal import testing

    return testing.unguarded()


def _flush_with_journal(self: TransactionTestCase) -> None:
    with _unguarded():
        _flush(self)


def pytest_configure(config: pytest.Config) -> None:
    # Transactional tests empty every table afterwards, which the journal's triggers forbid to everybody else.
    TransactionTestCase._fixture_teardown = _flush_with_journal  # type: ignore[method-assign]


def pytest_unconfigure(config: pytest.Config) -> None:
    folder = Path(os.environ.get("VAR_DIR", ""))
    if folder.name.startswith("recado-tests-"):
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(autouse=True)
def _house_language() -> Iterator[None]:
    """A page asked for in Portuguese leaves the thread in Portuguese; the next test reads English again."""
    with translation.override(settings.LANGUAGE_CODE):
        yield


class Clock:
    """The business's clock in a test's hand. Winding moves it on; `stand` stops the machine's clock under it."""

    def __init__(self, traveller: Callable[[datetime], None]) -> None:
        self._stand = traveller

    def wind(self, seconds: float) -> datetime:
        """Move `core.clock` forward by `seconds`; returns the new moment."""
        core_clock.wind(seconds)
        return core_clock.now()

    def stand(self, moment: datetime | str) -> datetime:
        """Stop time at `moment` (aware, or ISO text taken as UTC); winding still moves the business's clock."""
        parsed = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
        self._stand(parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC))
        return core_clock.now()


@pytest.fixture
def clock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Clock]:
    """A clock of this test alone: its offset lives in the test's folder and is gone afterwards."""
    monkeypatch.setenv("VAR_DIR", str(tmp_path))
    monkeypatch.setenv("SANDBOX", "1")
    monkeypatch.setattr(core_clock, "_cached", (-1, 0.0))
    travels: list[time_machine.travel] = []

    def stand(moment: datetime) -> None:
        travels.append(time_machine.travel(moment, tick=False))
        travels[-1].start()

    yield Clock(stand)
    for travel in reversed(travels):
        travel.stop()


@pytest.fixture(scope="session")
def redis_server() -> Iterator[redis.Redis]:
    """The Redis of REDIS_URL, else the embedded server of a demo, started for this run."""
    client = redis.Redis.from_url(settings.REDIS_URL.replace("redis+socket://", "unix://"))
    if os.environ.get("REDIS_URL"):
        yield client
        return
    folder = places.var_dir()
    server = subprocess.Popen(valkey.command(folder, places.valkey_socket(folder)), stdout=subprocess.DEVNULL)
    try:
        for _try in range(200):
            try:
                client.ping()
                break
            except redis.ConnectionError:
                time.sleep(0.02)
        yield client
    finally:
        client.close()
        server.terminate()
        server.wait(10)


@pytest.fixture(autouse=True)
def _fresh_counts() -> None:
    """Nobody has typed a wrong password yet."""
    cache.clear()


@pytest.fixture(autouse=True)
def _fresh_budgets(redis_server: redis.Redis) -> None:
    """Nothing has been sent yet, and the store knows it: no test waits for budgets to be counted from rows."""
    redis_server.flushdb()
    redis_server.set("{recado}:budget:epoch", redis_server.info("server")["run_id"])
