"""Counting within a time, for whoever slows down those who guess."""

import secrets
from typing import Any

import pytest
from django.core.cache import cache

from apps.core import pacing
from tests.conftest import Clock


def test_each_name_is_counted_by_itself() -> None:
    one, other = (f"test:{secrets.token_hex(8)}:{letter}" for letter in "ab")
    assert [pacing.count(one, seconds=60) for _try in range(3)] == [1, 2, 3]
    assert pacing.count(other, seconds=60) == 1


def test_a_count_that_ran_out_in_between_begins_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    name, add = f"test:{secrets.token_hex(8)}", cache.add

    def too_late(key: str, *args: Any, **values: Any) -> bool:
        monkeypatch.undo()
        return add(key, *args, **values) and cache.delete(key)

    monkeypatch.setattr(cache, "add", too_late)
    assert [pacing.count(name, seconds=60) for _try in range(2)] == [1, 2]


def test_what_is_left_of_a_minute_ends_with_it(clock: Clock) -> None:
    clock.stand("2026-03-03T02:00:48.500")
    assert pacing.seconds_left() == 11.5
    before = pacing.minute()
    clock.stand("2026-03-03T02:01:00")
    assert (pacing.minute() - before, pacing.seconds_left()) == (1, 60)
