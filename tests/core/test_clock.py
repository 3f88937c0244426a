import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from apps.core import clock as core_clock
from tests.conftest import Clock


def test_winding_moves_every_process_that_reads_the_file(clock: Clock, tmp_path: Path) -> None:
    before = core_clock.now()
    core_clock.wind(3600)
    assert (core_clock.now() - before).total_seconds() >= 3600
    (tmp_path / "clock").write_text("7200.0")  # another process wound it further
    os.utime(tmp_path / "clock", (2_000_000_000, 2_000_000_000))
    assert core_clock.offset() == 7200


def test_the_clock_never_winds_back(clock: Clock) -> None:
    with pytest.raises(ValueError, match="forward"):
        core_clock.wind(-1)


def test_outside_the_sandbox_there_is_no_offset_even_with_a_file(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    core_clock.wind(3600)
    monkeypatch.setenv("SANDBOX", "0")
    assert core_clock.offset() == 0
    with pytest.raises(RuntimeError):
        core_clock.wind(1)


def test_it_is_aware_and_utc(clock: Clock) -> None:
    assert clock.stand("2026-11-22T10:00:00") == datetime(2026, 11, 22, 10, tzinfo=UTC)
