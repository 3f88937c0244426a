"""A reaction reads every entry it wants once, in order, and one that fails does not stop the others for ever."""

import pytest
from django.db import transaction

from apps.core.errors import RecadoError
from apps.core.registry import Registry
from apps.journal import reactor, sealer
from apps.journal.models import Cursor, Entry, SetAside
from apps.journal.services import record
from tests.conftest import Clock

pytestmark = pytest.mark.django_db

seen: list[int] = []
broken: set[int] = set()


def watch(entry: Entry) -> None:
    if entry.after["n"] in broken:
        raise RuntimeError("cannot")
    seen.append(entry.after["n"])


@pytest.fixture(autouse=True)
def reaction(monkeypatch: pytest.MonkeyPatch) -> None:
    seen.clear()
    broken.clear()
    registry: Registry[reactor.Reaction] = Registry("reaction", module="no_such_module")
    registry.register("tests.watch", reactor.Reaction("tests.watch", frozenset({"thing.happened"}), watch))
    monkeypatch.setattr(reactor, "reactions", registry)


def write(*numbers: int, name: str = "thing.happened") -> None:
    with transaction.atomic():
        for n in numbers:
            record(name, after={"n": n})
    sealer.seal_pending()


def test_each_wanted_entry_is_handled_once_and_in_order() -> None:
    write(1, 2)
    write(7, name="other.happened")
    write(3)
    assert reactor.run_all() == 3
    assert reactor.run_all() == 0
    assert seen == [1, 2, 3]


def test_an_entry_that_is_not_sealed_yet_waits() -> None:
    with transaction.atomic():
        record("thing.happened", after={"n": 1})
    assert reactor.run_all() == 0


def test_a_failing_entry_is_tried_again_later_and_then_set_aside(clock: Clock) -> None:
    broken.add(1)
    write(1, 2)
    for _try in range(reactor.TRIES):
        assert 2 not in seen
        reactor.run_all()
        clock.wind(700)
    reactor.run_all()
    assert seen == [2]
    aside = SetAside.objects.get()
    assert "cannot" in aside.error
    with pytest.raises(RecadoError, match="cannot"):
        reactor.retry(aside)
    broken.clear()
    reactor.retry(aside)
    assert seen == [2, 1]
    assert SetAside.objects.filter(resolved_at=None).count() == 0


def test_a_put_off_entry_is_not_tried_before_its_time() -> None:
    broken.add(1)
    write(1)
    reactor.run_all()
    reactor.run_all()
    assert Cursor.objects.get().attempts == 1
