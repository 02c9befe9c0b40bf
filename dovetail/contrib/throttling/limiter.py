"""The rate limiter of a site: it counts requests in Redis if REDIS_URL is set, and otherwise in the database."""

import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncSession

from dovetail.api.throttling.rates import LIMITER, Charge, ChargeResult
from dovetail.contrib.throttling.circuit_breaker import CircuitBreaker
from dovetail.contrib.throttling.database_cells import DatabaseCells
from dovetail.contrib.throttling.models import LONGEST_KEY, Bucket
from dovetail.contrib.throttling.statements import SECOND, Cell, now
from dovetail.database.bulk import delete_some
from dovetail.database.unit_of_work import Database
from dovetail.errors import ConfigurationError
from dovetail.plugin import Context
from dovetail.signing import Signer, hash_token

if TYPE_CHECKING:
    from dovetail.contrib.throttling.redis_storage import RedisGcraStorage

    Storage = DatabaseCells | RedisGcraStorage

logger = logging.getLogger("dovetail.throttling")
T = TypeVar("T")
SWEEP_EVERY = 1_000  # requests of a process between two deletions of expired rows
MAX_SWEPT = 10_000  # rows deleted at once: more than that many requests can create
REMEMBERED = "known:"
PAUSE = 5.0  # seconds for which the database counts after Redis failed


class StorageLimiter:
    """Counts requests with GCRA in the database, or in a storage of the `limits` library.

    While Redis fails, it counts in the database and logs a warning, so that requests are neither uncounted nor refused,
    and do not wait for Redis each. If the database is unreachable or busy, it answers 503, as the request itself would.
    Keys in Redis begin with `key_prefix`.
    """

    def __init__(self, database: Database, redis_url: str = "", key_prefix: str = "dovetail") -> None:
        self._database, self._redis_url, self._key_prefix = database, redis_url, key_prefix
        self._rows = DatabaseCells(database)
        self._breaker = CircuitBreaker(PAUSE)
        self._counted = 0

    async def take(self, charges: Sequence[Charge]) -> Sequence[ChargeResult]:
        """Count a request against all charges, or against none if one of them is exceeded."""
        cells = [_cell(charge) for charge in charges]
        taken = await self._run(lambda storage: storage.take_cells(cells))
        await self._delete_expired()
        return [
            _result(charge, one.ahead, one.cell, refused=one.refused)
            for charge, one in zip(charges, taken, strict=True)
        ]

    async def give_back(
        self, charges: Sequence[Charge], *, remember: tuple[str, int] | None = None, session: AsyncSession | None = None
    ) -> None:
        """Undo `take`, and remember a key for some seconds; in the transaction of `session` if the database counts."""
        cells = [_cell(charge) for charge in charges]
        kept = None if remember is None else (_fitting(REMEMBERED + remember[0]), remember[1])
        await self._run(lambda storage: storage.give_back_cells(cells, kept, session))

    async def forget(self, name: str, part: str) -> int:
        """Delete the counts of limits whose name starts with `name` and whose key contains `part`."""
        return await self._run(lambda storage: storage.forget_keys(name, part))

    async def remembers(self, key: str) -> bool:
        """Return True if the key is remembered."""
        return await self._run(lambda storage: storage.remembers_key(_fitting(REMEMBERED + key)))

    def prepare(self) -> None:
        """Create the Redis storage, which imports the `limits` library, without connecting to it."""
        _ = self._redis

    async def aclose(self) -> None:
        """Close the connections to Redis."""
        if "_redis" in vars(self) and self._redis is not None:
            await self._redis.aclose()

    # Created when a server starts, since importing the `limits` library takes longer than answering most requests.
    @cached_property
    def _redis(self) -> "RedisGcraStorage | None":
        return make_redis_storage(self._redis_url, self._key_prefix) if self._redis_url else None

    async def _run(self, work: "Callable[[Storage], Awaitable[T]]") -> T:
        if self._redis is not None and self._breaker.lets_pass():
            from dovetail.contrib.throttling import limits_private

            try:
                done = await work(self._redis)
            except limits_private.error_classes(self._redis) as error:
                self._breaker.fail()
                logger.warning("Redis failed (%s): the database counts for the next %g seconds.", error, PAUSE)
            else:
                self._breaker.succeed()
                return done
        return await work(self._rows)

    async def _delete_expired(self) -> None:
        self._counted += 1
        if self._counted % SWEEP_EVERY == 0:
            async with self._database.unit_of_work() as session:
                await delete_some(session, Bucket, Bucket.until <= now(self._database.engine.dialect), most=MAX_SWEPT)


def install(app: FastAPI, context: Context) -> None:
    """Register the limiter with the kernel. Raise ConfigurationError if REDIS_URL cannot be used."""
    LIMITER.set(app, make_limiter(context))


def make_limiter(context: Context) -> StorageLimiter:
    """Return the limiter that the settings configure. Raise ConfigurationError if REDIS_URL cannot be used."""
    url = context.settings.redis_url.get_secret_value()
    limiter = StorageLimiter(context.database, url, _key_prefix(context))
    if url:
        limiter.prepare()  # so that an invalid URL is reported at startup
    return limiter


@asynccontextmanager
async def lifespan(app: FastAPI, context: Context) -> AsyncIterator[None]:  # noqa: ARG001 - every lifespan's signature
    """Create the Redis storage before the first request, and close its connections at shutdown."""
    limiter = LIMITER.find(app)
    if not isinstance(limiter, StorageLimiter):  # the site has replaced it
        yield
        return
    limiter.prepare()
    yield
    await limiter.aclose()


def make_redis_storage(url: str, key_prefix: str = "dovetail") -> "RedisGcraStorage":
    """Return the Redis storage for a URL, not yet connected. Raise ConfigurationError if the URL cannot be used."""
    try:
        from dovetail.contrib.throttling.redis_storage import RedisGcraStorage

        return RedisGcraStorage(url, key_prefix)
    except Exception as error:
        if "prerequisite" not in str(error) and not isinstance(error, ValueError):
            raise
        raise ConfigurationError(
            f"REDIS_URL cannot be used: {str(error).split(' See ')[0]} Install dovetail[redis] (dovetail[valkey] for "
            "valkey://), and write redis://host:6379/0."
        ) from None


def _key_prefix(context: Context) -> str:
    """Return a prefix that differs from that of another site, with which the server may be shared."""
    return f"dovetail:{Signer(context.settings.secret_key, 'dovetail.throttling').signature(b'').hex()[:8]}"


def _cell(charge: Charge) -> Cell:
    span = charge.rate.seconds * SECOND
    return Cell(_fitting(charge.bucket), span // charge.rate.amount, span)


def _fitting(key: str) -> str:
    return key if len(key) <= LONGEST_KEY else hash_token(key)


def _result(charge: Charge, ahead: int, cell: Cell, *, refused: bool) -> ChargeResult:
    full_in = max(0, ahead) / SECOND
    left = max(0, (cell.span - max(0, ahead)) // cell.step)
    wait = max(0, ahead + cell.step - cell.span) / SECOND
    return ChargeResult(charge, left, full_in, max(wait, 0.001) if refused else 0.0)
