"""How many requests a minute a page takes: from one address, and for one link. Counted in the shared cache."""

import math

from django.core.cache import cache

from apps.core import pacing

PER_ADDRESS = 120
WRONG_TOKENS = 20
"""Addresses that open nothing, from one place in a minute: somebody guesses, or a mail program looks at old mails."""
POSTS_PER_LINK = 30


def is_too_much(what: str, most: int) -> bool:
    """One more of `what` in this minute: whether that is more than `most`."""
    return _count(what) > most


def has_guessed(address: str) -> bool:
    """Whether this address has tried too many wrong tokens in this minute; asking does not count."""
    return int(cache.get(_name(f"wrong:{address}")) or 0) > WRONG_TOKENS


def note_guess(address: str) -> None:
    _count(f"wrong:{address}")


def seconds_left() -> int:
    """Until the next minute begins, as the page says it."""
    return math.ceil(pacing.seconds_left())


def _count(what: str) -> int:
    return pacing.count(_name(what), seconds=2 * pacing.MINUTE)


def _name(what: str) -> str:
    return f"web:{what}:{pacing.minute()}"
