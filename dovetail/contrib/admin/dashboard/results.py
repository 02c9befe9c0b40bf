"""A cache of query results in this process; of several equal queries at once only one is run."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable, Sequence
from dataclasses import dataclass
from time import monotonic
from weakref import WeakValueDictionary

MOST = 1000  # cached results; the least recently used one is dropped
FAILED_FOR = 10.0  # seconds for which a failure is cached


@dataclass(frozen=True)
class Result:
    """The rows of a query; None if it failed."""

    rows: Sequence[Sequence[object]] | None


class Results:
    """A cache of results by query, with their expiry."""

    def __init__(self, most: int = MOST, clock: Callable[[], float] = monotonic) -> None:
        self._most, self._clock = most, clock
        self._kept: OrderedDict[Hashable, tuple[float, Result]] = OrderedDict()
        self._locks: WeakValueDictionary[Hashable, asyncio.Lock] = WeakValueDictionary()

    async def get(self, key: Hashable, seconds: float, find: Callable[[], Awaitable[Result]]) -> Result:
        """Return the cached result, or else that of `find`, which is cached for `seconds`.

        Failures are cached for FAILED_FOR seconds; errors that `find` raises are not cached.
        """
        lock = self._locks.setdefault(key, asyncio.Lock())
        async with lock:
            found = self._fresh(key)
            if found is None:
                found = await find()
                self._keep(key, FAILED_FOR if found.rows is None else seconds, found)
            return found

    def _fresh(self, key: Hashable) -> Result | None:
        until, found = self._kept.get(key, (0.0, None))
        if found is None or until <= self._clock():
            return None
        self._kept.move_to_end(key)
        return found

    def _keep(self, key: Hashable, seconds: float, found: Result) -> None:
        if seconds <= 0:
            return
        self._kept[key] = self._clock() + seconds, found
        self._kept.move_to_end(key)
        while len(self._kept) > self._most:
            self._kept.popitem(last=False)
