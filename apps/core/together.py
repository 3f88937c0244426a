"""Many small effects in one transaction: what they want written is written in bulk at its end, looked up once, nudged once.

Whoever owns the transaction opens a batch with `together()`. Inside it a service hands its rows to a `Later` instead of
writing them one by one, and asks `recall` for what the batch has looked up before. Outside a batch both do nothing of their
own: the service writes at once and looks every time. What belongs to a savepoint that was rolled back is forgotten with it.
"""

import functools
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Generic, ParamSpec, TypeVar

from django.db import transaction

T = TypeVar("T")
P = ParamSpec("P")

_NEVER = object()


class _Mark:
    """Stands in the transaction's list of calls on commit, from which Django drops it with the savepoint it was set in."""

    def __call__(self) -> None:
        """Nothing is left to do."""


class _Batch:
    def __init__(self) -> None:
        self.known: dict[Hashable, Any] = {}
        self.kept: list[tuple[_Mark, Later[Any], Any]] = []
        self._marks: dict[tuple[str | None, ...], _Mark] = {}

    def keep(self, later: "Later[T]", thing: T) -> None:
        self.kept.append((self._mark(), later, thing))

    def write(self) -> None:
        """Write what is still wanted, lowest rank first; a writer may hand over more."""
        while self.kept:
            alive = {id(call) for _sids, call, _robust in transaction.get_connection().run_on_commit}
            wanted = [kept for kept in self.kept if id(kept[0]) in alive]
            rank = min((later.rank for _mark, later, _thing in wanted), default=0)
            self.kept = [kept for kept in wanted if kept[1].rank != rank]
            piles: dict[Later[Any], list[Any]] = {}
            for _mark, later, thing in wanted:
                if later.rank == rank:
                    piles.setdefault(later, []).append(thing)
            for later, things in piles.items():
                later.write(things)

    def _mark(self) -> _Mark:
        """The mark of the savepoints that are open now."""
        place = tuple(transaction.get_connection().savepoint_ids)
        mark = self._marks.get(place)
        if mark is None:
            mark = self._marks[place] = _Mark()
            transaction.on_commit(mark)
        return mark


_present: ContextVar[_Batch | None] = ContextVar("batch", default=None)


@contextmanager
def together() -> Iterator[None]:
    """A batch, inside a transaction of the caller's; what was kept is written when it ends well.

    An error ends it without writing: roll the transaction back. Inside another batch it is part of that one. Raises
    RuntimeError outside a transaction.
    """
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("A batch is written inside a transaction.")
    if _present.get() is not None:
        yield
        return
    batch = _Batch()
    token = _present.set(batch)
    try:
        yield
        batch.write()
    finally:
        _present.reset(token)


class Later(Generic[T]):
    """One sort of things to write, all of a batch in one call of `write`. Lower ranks are written first."""

    def __init__(self, write: Callable[[Sequence[T]], object], *, rank: int) -> None:
        self.write, self.rank = write, rank

    def keep(self, *things: T) -> bool:
        """True: they are written when the batch ends. False: there is none, write them now."""
        batch = _present.get()
        if batch is None:
            return False
        for thing in things:
            batch.keep(self, thing)
        return True

    def waiting(self) -> list[T]:
        """What this batch has kept so far; empty outside one."""
        batch = _present.get()
        return [thing for _mark, later, thing in batch.kept if later is self] if batch is not None else []


# --- what a batch knows -----------------------------------------------------------------------------------------------


def recall(key: Hashable, read: Callable[[], T]) -> T:
    """What the present batch knows under `key`, read once; outside a batch read every time.

    A batch lasts some hundredths of a second: what decides (a decision's own rows) is read under lock all the same.
    """
    batch = _present.get()
    if batch is None:
        return read()
    found = batch.known.get(key, _NEVER)
    if found is _NEVER:
        found = read()
        if key not in batch.known:  # a forgotten one is never kept again
            batch.known[key] = found
    return found


def note(key: Hashable, value: Any) -> None:
    """Let the present batch know something that was just read; nothing outside a batch."""
    batch = _present.get()
    if batch is not None:
        batch.known.setdefault(key, value)


def noted(key: Hashable) -> Any:
    """What `note` left; None when nobody did, it was forgotten, or there is no batch."""
    batch = _present.get()
    found = batch.known.get(key) if batch is not None else None
    return None if found is _NEVER else found


def forget(*keys: Hashable) -> None:
    """It has changed in this very batch: from now on it is read every time."""
    batch = _present.get()
    if batch is not None:
        batch.known.update(dict.fromkeys(keys, _NEVER))


# --- one transaction --------------------------------------------------------------------------------------------------


def joined(function: Callable[P, T]) -> Callable[P, T]:
    """Runs in the caller's transaction, without a savepoint of its own, or in a new one when there is none.

    For verbs that refuse before they write: a refusal then leaves nothing half done that would have to be undone.
    """

    @functools.wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> T:
        if transaction.get_connection().in_atomic_block:
            return function(*args, **kwargs)
        with transaction.atomic():
            return function(*args, **kwargs)

    return run
