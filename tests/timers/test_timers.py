from datetime import timedelta

import pytest

from apps.core import clock as core_clock
from apps.timers import registry, sweeper
from apps.timers.models import Timer
from apps.timers.services import cancel_timer, set_timer
from tests.conftest import Clock

pytestmark = pytest.mark.django_db

fired: list[str] = []


def note(timer: Timer) -> None:
    fired.append(timer.key)
    if timer.data.get("again"):
        set_timer(handler="tests.note", key=timer.key, due_at=core_clock.now() + timedelta(hours=1))
    if timer.data.get("fails"):
        raise RuntimeError("cannot")


@pytest.fixture(autouse=True)
def handler(monkeypatch: pytest.MonkeyPatch) -> None:
    fired.clear()
    monkeypatch.setattr(sweeper, "handlers", {"tests.note": note})


def soon(seconds: float = 60, key: str = "a", **data: object) -> Timer:
    return set_timer(handler="tests.note", key=key, due_at=core_clock.now() + timedelta(seconds=seconds), data=data)


def test_a_timer_fires_once_when_it_is_due_and_not_before(clock: Clock) -> None:
    soon(60)
    assert sweeper.sweep() == 0
    clock.wind(61)
    assert sweeper.sweep() == 1
    assert sweeper.sweep() == 0
    assert fired == ["a"]


def test_setting_the_same_key_moves_the_timer(clock: Clock) -> None:
    soon(60)
    soon(600)
    clock.wind(61)
    assert sweeper.sweep() == 0
    assert Timer.objects.count() == 1


def test_a_cancelled_timer_does_not_fire(clock: Clock) -> None:
    soon(60)
    assert cancel_timer(handler="tests.note", key="a")
    assert not cancel_timer(handler="tests.note", key="a")
    clock.wind(61)
    assert sweeper.sweep() == 0


def test_a_handler_may_set_its_own_timer_again(clock: Clock) -> None:
    soon(1, again=True)
    clock.wind(2)
    sweeper.sweep()
    assert Timer.objects.get(state="set").key == "a"
    clock.wind(3601)
    assert sweeper.sweep() == 1


def test_a_failing_handler_is_tried_again_later_and_its_effects_are_undone(clock: Clock) -> None:
    soon(1, fails=True, again=True)
    clock.wind(2)
    assert sweeper.sweep() == 0
    timer = Timer.objects.get()
    assert (timer.state, timer.attempts) == ("set", 1)
    for _try in range(sweeper.TRIES):
        clock.wind(3601)
        sweeper.sweep()
    timer.refresh_from_db()
    assert timer.state == "failed"
    assert "cannot" in timer.error


def test_one_broken_timer_does_not_hold_up_the_others(clock: Clock) -> None:
    soon(1, key="bad", fails=True)
    soon(2, key="good")
    clock.wind(3)
    assert sweeper.sweep() == 1
    assert "good" in fired


def test_every_registered_handler_is_named_after_its_app() -> None:
    assert all("." in name for name, _handler in registry.handlers)
