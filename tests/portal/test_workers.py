"""Each worker of a parallel run has a Redis database of its own, or the run does not start."""

import pytest

from tests.workers import redis_of


def test_no_two_workers_share_a_database_nor_the_callers_own() -> None:
    addresses = [redis_of(f"gw{number}", "redis://127.0.0.1:6379/9") for number in range(6)]
    assert addresses == [f"redis://127.0.0.1:6379/{number}" for number in range(10, 16)]


@pytest.mark.parametrize(
    ("url", "own"),
    [
        ("redis://:p%2Fw@host:6379/3", "redis://:p%2Fw@host:6379/5"),
        ("rediss://user:secret@host/3?ssl_cert_reqs=none", "rediss://user:secret@host/5?ssl_cert_reqs=none"),
        ("redis://host:6379/0?path=/7", "redis://host:6379/2?path=/7"),
        ("redis://host:6379", "redis://host:6379/2"),
    ],
)
def test_a_password_and_a_query_stay_as_they_are(url: str, own: str) -> None:
    assert redis_of("gw1", url) == own


def test_a_number_that_redis_has_not_got_stops_the_run_with_a_sentence() -> None:
    with pytest.raises(SystemExit, match="Worker gw6 needs Redis database 16, and the last one is 15"):
        redis_of("gw6", "redis://:secret@127.0.0.1:6379/9")


@pytest.mark.parametrize("url", ["redis://127.0.0.1:6379/nine", "unix:///run/redis.sock", "redis://host/1/2"])
def test_an_address_without_a_number_stops_the_run_and_no_password_is_told(url: str) -> None:
    with pytest.raises(SystemExit, match="REDIS_URL must end in the number of a database"):
        redis_of("gw0", url)
