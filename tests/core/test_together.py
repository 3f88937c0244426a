"""A batch writes at its end, forgets with its savepoints, and looks things up once."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

import pytest
from django.db import transaction

from apps.core.together import Later, forget, joined, note, noted, recall, together
from apps.journal.models import Entry
from apps.journal.services import record, record_many

pytestmark = pytest.mark.django_db


class UndoneError(Exception):
    pass


@contextmanager
def undone() -> Iterator[None]:
    """A savepoint that comes to nothing."""
    with suppress(UndoneError), transaction.atomic():
        yield
        raise UndoneError


@pytest.fixture
def written() -> list[list[str]]:
    return []


@pytest.fixture
def words(written: list[list[str]]) -> Later[str]:
    def write(things: Sequence[str]) -> None:
        written.append(list(things))

    return Later(write, rank=1)


def test_what_is_kept_is_written_once_at_the_end(words: Later[str], written: list[list[str]]) -> None:
    assert not words.keep("outside")
    with transaction.atomic(), together():
        assert words.keep("one")
        assert words.keep("two", "three")
        assert (words.waiting(), written) == (["one", "two", "three"], [])
    assert written == [["one", "two", "three"]]
    assert not words.keep("outside again")


def test_a_batch_inside_a_batch_is_part_of_it(words: Later[str], written: list[list[str]]) -> None:
    with transaction.atomic(), together():
        words.keep("one")
        with together():
            words.keep("two")
        assert written == []
    assert written == [["one", "two"]]


def test_what_a_savepoint_undoes_is_not_written(words: Later[str], written: list[list[str]]) -> None:
    with transaction.atomic(), together():
        words.keep("before")
        with undone():
            words.keep("inside")
            with transaction.atomic():
                words.keep("deeper, released")
        with transaction.atomic():
            words.keep("kept inside")
            with undone():
                words.keep("deeper, undone")
        words.keep("after")
    assert written == [["before", "kept inside", "after"]]


def test_a_failed_batch_writes_nothing(words: Later[str], written: list[list[str]]) -> None:
    with undone(), together():
        words.keep("one")
        raise UndoneError
    assert written == []
    assert not words.keep("outside")


def test_lower_ranks_are_written_first_and_may_hand_over_more(words: Later[str], written: list[list[str]]) -> None:
    first: Later[str] = Later(lambda things: words.keep(*(f"from {thing}" for thing in things)), rank=0)
    with transaction.atomic(), together():
        words.keep("own")
        first.keep("a", "b")
    assert written == [["own", "from a", "from b"]]


def test_a_batch_needs_a_transaction() -> None:
    connection = transaction.get_connection()
    was, connection.in_atomic_block = connection.in_atomic_block, False
    try:
        with pytest.raises(RuntimeError, match="transaction"), together():
            pass
    finally:
        connection.in_atomic_block = was


def test_entries_of_a_batch_are_written_at_its_end_in_their_order() -> None:
    with transaction.atomic(), together():
        record("thing.one", after={"n": 1})
        with undone():
            record("thing.undone")
        record("thing.two", body={"text": "kept"})
        assert not Entry.objects.exists()
    names = list(Entry.objects.order_by("id").values_list("name", flat=True))
    assert names == ["thing.one", "thing.two"]
    assert Entry.objects.get(name="thing.two").body.content == '{"text": "kept"}'
    assert record_many([]) == []


def test_something_is_looked_up_once_in_a_batch_and_never_again_when_it_changed() -> None:
    looks: list[int] = []

    def look() -> int:
        looks.append(1)
        return len(looks)

    assert [recall("it", look), recall("it", look)] == [1, 2]
    with transaction.atomic(), together():
        assert [recall("it", look), recall("it", look)] == [3, 3]
        forget("it")
        assert [recall("it", look), recall("it", look)] == [4, 5]
        note("it", "too late")
        assert noted("it") is None
        note("other", "known")
        assert noted("other") == "known"
    assert noted("other") is None
    assert recall("it", look) == 6


@pytest.mark.django_db(transaction=True)
def test_joined_runs_in_the_callers_transaction_or_in_its_own() -> None:
    @joined
    def work() -> int:
        connection = transaction.get_connection()
        assert connection.in_atomic_block
        return len(connection.savepoint_ids)

    assert work() == 0
    with transaction.atomic(), transaction.atomic():
        assert work() == 1
