"""Handlers of due timers, declared in an app's `timers.py`."""

from collections.abc import Callable

from apps.core.registry import Registry
from apps.timers.models import Timer

Handler = Callable[[Timer], None]

handlers: Registry[Handler] = Registry("timer handler", module="timers")


def handles(name: str) -> Callable[[Handler], Handler]:
    """Register a function of one Timer under `name` (`<app>.<what happens>`). It runs inside the firing's transaction."""

    def register(handler: Handler) -> Handler:
        return handlers.register(name, handler)

    return register
