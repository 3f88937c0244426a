"""The one Redis (or Valkey) of the house, as plain commands: budgets and the pacing of nudges live there beside the broker."""

from functools import lru_cache

import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry


def address() -> str:
    """`REDIS_URL` as redis-py spells it; a unix socket has kombu's spelling in the settings."""
    return str(settings.REDIS_URL).replace("redis+socket://", "unix://", 1)


def client() -> redis.Redis:
    """A pool of connections per address. Raises redis.RedisError at the first command when nobody answers.

    Nothing is tried again below us: a server that came back may have come back empty, which callers must notice.
    """
    return _client(address())


@lru_cache(maxsize=4)
def _client(url: str) -> redis.Redis:
    return redis.Redis.from_url(
        url, socket_timeout=5, socket_connect_timeout=2, retry=Retry(NoBackoff(), 0), retry_on_error=[]
    )
