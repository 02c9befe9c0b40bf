"""All uses of private parts of the `limits` library: the Redis client that its storage wraps."""

import re
from collections.abc import AsyncIterator, Awaitable, Sequence
from typing import Protocol, cast

from limits.aio.storage import RedisStorage

GLOB = re.compile(r"([*?\[\]\\])")


class Script(Protocol):
    """A Lua script on the server."""

    def __call__(self, keys: Sequence[str], args: Sequence[int]) -> Awaitable[Sequence[int]]:
        """Run the script."""


class Client(Protocol):
    """The methods we use that redis.asyncio.Redis and valkey.asyncio.Valkey share."""

    def register_script(self, script: str) -> Script:
        """Return a script that is sent once, and called by its hash afterwards."""

    def scan_iter(self, match: str) -> AsyncIterator[bytes | str]:
        """Yield the matching keys without blocking the server."""

    async def exists(self, key: str) -> int:
        """Return how many of the keys there are."""

    async def aclose(self) -> None:
        """Close every connection."""


def register_script(storage: RedisStorage, script: str) -> Script:
    """Return a Lua script that runs on the storage's server."""
    return _client(storage).register_script(script)


async def scan(storage: RedisStorage, prefix: str) -> AsyncIterator[str]:
    """Yield the keys that begin with `prefix`."""
    async for key in _client(storage).scan_iter(match=GLOB.sub(r"\\\1", prefix) + "*"):
        yield key.decode() if isinstance(key, bytes) else key


async def exists(storage: RedisStorage, key: str) -> bool:
    """Return whether there is a value of any type under `key`."""
    return await _client(storage).exists(key) > 0


def error_classes(storage: RedisStorage) -> tuple[type[Exception], ...]:
    """Return the exceptions that the client raises."""
    found = storage.base_exceptions
    return (*found, OSError) if isinstance(found, tuple) else (found, OSError)


async def close(storage: RedisStorage) -> None:
    """Close every connection of the storage."""
    await _client(storage).aclose()


def _client(storage: RedisStorage) -> Client:
    return cast("Client", storage.bridge.storage)  # type: ignore[attr-defined]  # of RedispyBridge and ValkeyBridge
