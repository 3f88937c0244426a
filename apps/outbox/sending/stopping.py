"""How a dispatcher learns that it should stop: by SIGTERM, or because its worker is shutting down.

Celery's main process waits for its children and tells them nothing, so a byte of memory that they share says it. It is
made before the children are forked.
"""

import mmap
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from celery.signals import worker_init, worker_shutting_down

_shared = mmap.mmap(-1, 1)


@worker_init.connect
def _begin(**_: Any) -> None:
    _shared[0] = 0


@worker_shutting_down.connect
def tell_everybody(**_: Any) -> None:
    """The worker takes no more tasks; what runs should end."""
    _shared[0] = 1


class Stop:
    """True once somebody asked this process to stop."""

    def __init__(self) -> None:
        self.is_asked = False

    def __bool__(self) -> bool:
        return self.is_asked or bool(_shared[0])

    def ask(self, *_signal: object) -> None:
        self.is_asked = True


@contextmanager
def listening() -> Iterator[Stop]:
    """While inside, SIGTERM asks to stop instead of killing between a send and its save."""
    stop = Stop()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return
    before = signal.signal(signal.SIGTERM, stop.ask)
    try:
        yield stop
    finally:
        signal.signal(signal.SIGTERM, before)
        if stop.is_asked and callable(before):
            before(signal.SIGTERM, None)
