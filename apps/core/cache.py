"""The shared cache: counts that every process must see. Careful where Django's own is not."""

import logging
from collections.abc import Callable
from typing import Any

import redis
from django.core.cache.backends.locmem import LocMemCache
from django.core.cache.backends.redis import RedisCache

log = logging.getLogger(__name__)


class CarefulCache(RedisCache):
    """Redis; and while nobody answers there, this process's own memory, so that counts go on and people can sign in.

    `clear` is refused: it would empty the whole server, broker and budgets included.
    """

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        self._own = LocMemCache("careful", {**params, "OPTIONS": {}})

    def add(self, key: Any, value: Any, *args: Any, **kwargs: Any) -> bool:
        return bool(self._careful("add", key, value, *args, **kwargs))

    def get(self, key: Any, *args: Any, **kwargs: Any) -> Any:
        return self._careful("get", key, *args, **kwargs)

    def set(self, key: Any, value: Any, *args: Any, **kwargs: Any) -> None:
        self._careful("set", key, value, *args, **kwargs)

    def touch(self, key: Any, *args: Any, **kwargs: Any) -> bool:
        return bool(self._careful("touch", key, *args, **kwargs))

    def delete(self, key: Any, *args: Any, **kwargs: Any) -> bool:
        return bool(self._careful("delete", key, *args, **kwargs))

    def get_many(self, keys: Any, *args: Any, **kwargs: Any) -> dict[Any, Any]:
        found: dict[Any, Any] = self._careful("get_many", keys, *args, **kwargs)
        return found

    def has_key(self, key: Any, *args: Any, **kwargs: Any) -> bool:
        return bool(self._careful("has_key", key, *args, **kwargs))

    def incr(self, key: Any, *args: Any, **kwargs: Any) -> int:
        return int(self._careful("incr", key, *args, **kwargs))

    def set_many(self, data: Any, *args: Any, **kwargs: Any) -> list[Any]:
        return list(self._careful("set_many", data, *args, **kwargs))

    def delete_many(self, keys: Any, *args: Any, **kwargs: Any) -> None:
        self._careful("delete_many", keys, *args, **kwargs)

    def clear(self) -> None:
        raise NotImplementedError("Clearing would empty the broker and the budgets too.")

    def _careful(self, verb: str, *args: Any, **kwargs: Any) -> Any:
        shared: Callable[..., Any] = getattr(super(), verb)
        try:
            return shared(*args, **kwargs)
        except redis.RedisError as error:
            log.warning("the cache does not answer, this process counts by itself: %s", type(error).__name__)
            return getattr(self._own, verb)(*args, **kwargs)
