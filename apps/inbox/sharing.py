"""Deliveries that wait for the database at the same time share one statement and one commit.

The first to come goes at once; who comes while it is under way waits, and the first of those takes all the others along.
Nobody waits for company: alone, a delivery is stored as if this module were not there. Each is answered only after the
commit that holds it.
"""

import threading
from collections.abc import Callable, Sequence

from django.db import OperationalError

from apps.inbox.storing import Delivery, Told

MOST = 16
"""Deliveries in one statement: as many as a process has threads (Procfile)."""
ABREAST = 2
"""Statements under way at the same time: one that is held up, by a lock or a busy machine, holds up only its own company."""


class _Waiting:
    """One delivery and the thread behind it."""

    __slots__ = ("company", "delivery", "error", "times", "turn")

    def __init__(self, delivery: Delivery) -> None:
        self.delivery = delivery
        self.turn = threading.Lock()
        self.turn.acquire()
        self.company: list[_Waiting] = []
        """Not empty: it is this thread's turn to store them, itself the first."""
        self.times = 0
        self.error: Exception | None = None


class SharedCommit:
    """`store` may be called by many threads; `insert` is called by at most `abreast` of them at a time."""

    def __init__(self, insert: Callable[[Sequence[Delivery]], Told], *, abreast: int = ABREAST) -> None:
        self._insert = insert
        self._lock = threading.Lock()
        self._queue: list[_Waiting] = []
        self._free = abreast

    def store(self, delivery: Delivery) -> int:
        """How often this delivery was received, this time included; 0: not stored, the account is not what it was.

        Raises what `insert` raises for it.
        """
        own = _Waiting(delivery)
        with self._lock:
            if self._free:
                self._free -= 1
                own.company = [own]
            else:
                self._queue.append(own)
        if not own.company:
            own.turn.acquire()  # until it is stored, or until it is this thread's turn to store
        if own.company:
            try:
                self._run(own.company)
            finally:
                self._pass_on(own)
        if own.error is not None:
            raise own.error
        return own.times

    def _run(self, company: Sequence[_Waiting]) -> None:
        try:
            told = self._insert([one.delivery for one in company])
        except Exception as error:
            # Of data, one may be to blame for all; without a database nobody need try again.
            if len(company) > 1 and not isinstance(error, OperationalError):
                for one in company:
                    self._run([one])
            else:
                for one in company:
                    one.error = error
            return
        for one in company:
            one.times = told.get((one.delivery.account_id, one.delivery.key), 0)

    def _pass_on(self, own: _Waiting) -> None:
        with self._lock:
            following = self._next()
            self._free += 0 if following else 1
        if following:
            following[0].company = following
            following[0].turn.release()
        for one in own.company[1:]:
            one.turn.release()

    def _next(self) -> list[_Waiting]:
        """The next to go: no key twice, since one statement cannot touch a row twice."""
        taken: dict[tuple[int, str], _Waiting] = {}
        left = []
        for one in self._queue:
            key = (one.delivery.account_id, one.delivery.key)
            if len(taken) < MOST and key not in taken:
                taken[key] = one
            else:
                left.append(one)
        self._queue = left
        return list(taken.values())
