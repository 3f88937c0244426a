"""The shared cache counts in one place, and goes on by itself while that place is away."""

from typing import Any

import pytest
import redis
from django.conf import settings

from apps.core.cache import CarefulCache


def made(location: str, prefix: str = "t") -> CarefulCache:
    return CarefulCache(location, {"KEY_PREFIX": prefix, "OPTIONS": {"socket_timeout": 2, "socket_connect_timeout": 1}})


@pytest.fixture
def shared(redis_server: redis.Redis) -> CarefulCache:
    return made(settings.REDIS_URL.replace("redis+socket://", "unix://"))


@pytest.fixture
def alone(tmp_path: Any) -> CarefulCache:
    return made(f"unix://{tmp_path}/nobody.sock", prefix=str(tmp_path))


@pytest.mark.parametrize("which", ["shared", "alone"])
def test_what_counts_rely_on_works_with_a_server_and_without(which: str, request: pytest.FixtureRequest) -> None:
    cache: CarefulCache = request.getfixturevalue(which)
    assert cache.add("tries", 0, 60) is True
    assert cache.add("tries", 0, 60) is False
    assert [cache.incr("tries"), cache.incr("tries")] == [1, 2]
    cache.set("times", [1.5, 2.5], 60)
    assert cache.get("times") == [1.5, 2.5]
    assert cache.get_many(["tries", "times", "none"]) == {"tries": 2, "times": [1.5, 2.5]}
    assert cache.delete("tries") is True
    assert cache.get("tries", "gone") == "gone"
    with pytest.raises(ValueError, match="not found"):
        cache.incr("tries")


def test_two_processes_count_together(shared: CarefulCache) -> None:
    other = made(settings.REDIS_URL.replace("redis+socket://", "unix://"))
    shared.add("tries", 0, 60)
    other.incr("tries")
    assert shared.incr("tries") == 2


def test_emptying_it_is_refused_since_the_broker_lives_there_too(shared: CarefulCache) -> None:
    with pytest.raises(NotImplementedError):
        shared.clear()
