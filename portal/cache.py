"""The cache of the sign-in pages (used codes, counted tries): Redis, and this process alone while Redis is away.

Without the stand-in nobody could sign in during an outage; without Redis a second web process would accept a used code.
"""

from collections.abc import Callable
from typing import Any

from django.core.cache.backends.base import DEFAULT_TIMEOUT, BaseCache
from django.core.cache.backends.locmem import LocMemCache
from django.core.cache.backends.redis import RedisCache
from redis.exceptions import RedisError


class SharedCache(BaseCache):
    """Django's Redis cache, whose every operation falls back to memory where Redis does not answer."""

    def __init__(self, location: str, params: dict[str, Any]) -> None:
        super().__init__(params)
        self._shared = RedisCache(location, params)
        self._alone = LocMemCache("sign-in", {})

    def add(self, key: Any, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        """Set the value where there is none; whether it was set."""
        return bool(self._either(lambda cache: cache.add(key, value, timeout, version)))

    def get(self, key: Any, default: Any = None, version: int | None = None) -> Any:
        """The value, or the default."""
        return self._either(lambda cache: cache.get(key, default, version))

    def set(self, key: Any, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> None:
        """Keep the value for `timeout` seconds."""
        self._either(lambda cache: cache.set(key, value, timeout, version))

    def touch(self, key: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        """Keep the value for longer; whether there was one."""
        return bool(self._either(lambda cache: cache.touch(key, timeout, version)))

    def delete(self, key: Any, version: int | None = None) -> bool:
        """Forget the value; whether there was one."""
        return bool(self._either(lambda cache: cache.delete(key, version)))

    def clear(self) -> None:
        """Forget what this process holds. What Redis holds is not ours alone, and expires by itself."""
        self._alone.clear()

    def _either(self, operation: Callable[[BaseCache], Any]) -> Any:
        try:
            return operation(self._shared)
        except RedisError:
            return operation(self._alone)
