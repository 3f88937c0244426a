"""How many requests a minute. Counted in the shared store; when that is away nobody is held up."""

import logging
from typing import Any

import redis
from django.conf import settings
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from apps.api.callers import Caller
from apps.core import pacing, store

log = logging.getLogger("recado.api")

WRONG_KEYS = 30
"""Wrong keys from one address in a minute, before it is told to wait: a program with a stale key, or somebody guessing."""


class PerCaller(BaseThrottle):
    """So many requests as the setting says that the view names, for each key, or each person in the browser."""

    def allow_request(self, request: Request, view: Any) -> bool:
        caller = request.auth
        if not isinstance(caller, Caller):
            return True
        who = f"key:{caller.authority.key.pk}" if caller.authority.key else f"user:{caller.authority.user.pk}"
        return count(who) <= getattr(settings, view.pace)

    def wait(self) -> float:
        return pacing.seconds_left()


def count(what: str) -> int:
    """One more of `what` in this minute; 0 when the store is away."""
    name = f"{{recado}}:api:{what}:{pacing.minute()}"
    try:
        with store.client().pipeline(transaction=False) as pipe:
            pipe.incr(name)
            pipe.expire(name, 2 * pacing.MINUTE)
            return int(pipe.execute()[0])
    except redis.RedisError as error:
        log.warning("requests cannot be counted, none is held up: %s", error)
        return 0


def has_guessed(address: str) -> bool:
    """One more wrong key from this address: whether they are too many by now. Right ones open all the same."""
    return count(f"wrong:{address}") > WRONG_KEYS
