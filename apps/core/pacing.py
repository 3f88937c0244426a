"""How often something happened within a time: counted in the shared cache, or in this process while that is away."""

from django.core.cache import cache

from apps.core import clock

MINUTE = 60


def count(name: str, *, seconds: int) -> int:
    """One more of `name`, which is forgotten so many seconds after the first; how many there are by now."""
    for _try in range(2):
        cache.add(name, 0, timeout=seconds)
        try:
            return int(cache.incr(name))
        except ValueError:  # it ran out, or was evicted, between the two
            continue
    return 1


def minute() -> int:
    """The number of this minute, for the name of what is counted in it."""
    return int(clock.now().timestamp() // MINUTE)


def seconds_left() -> float:
    """Until the next minute begins."""
    return MINUTE - clock.now().timestamp() % MINUTE
