"""The database is a storage of the `limits` library: its own strategies count in it."""

from collections.abc import AsyncIterator

import pytest
from limits import parse
from limits.aio.strategies import FixedWindowRateLimiter, MovingWindowRateLimiter
from limits.storage import storage_from_string

from dovetail.contrib.throttling import limits_private
from dovetail.contrib.throttling.database_storage import DatabaseStorage
from dovetail.contrib.throttling.limiter import make_redis_storage
from dovetail.contrib.throttling.models import Bucket
from dovetail.contrib.throttling.redis_storage import RedisGcraStorage

RATE = parse("3/minute")


@pytest.fixture(params=["sqlite", "postgresql"])
def storage_kind(request) -> str:
    return str(request.param)


@pytest.fixture
def storage(database) -> DatabaseStorage:
    found = storage_from_string("async+dovetail://", database=database)
    assert isinstance(found, DatabaseStorage)
    return found


@pytest.mark.parametrize("strategy", [MovingWindowRateLimiter, FixedWindowRateLimiter])
async def test_the_librarys_strategies_count_in_it(storage, strategy):
    limiter = strategy(storage)

    assert [await limiter.hit(RATE, "ada") for _ in range(4)] == [True, True, True, False]
    assert (await limiter.get_window_stats(RATE, "ada")).remaining == 0
    assert (await limiter.get_window_stats(RATE, "bob")).remaining == 3
    assert not await limiter.test(RATE, "ada")
    await limiter.clear(RATE, "ada")
    assert await limiter.hit(RATE, "ada", cost=3)
    assert await storage.check()
    assert await storage.reset() == 1


async def test_an_expired_window_starts_anew(storage, pass_time):
    await storage.incr("ada", expiry=60, amount=5)
    await pass_time(61)

    assert await storage.get("ada") == 0
    assert await storage.incr("ada", expiry=60) == 1


async def test_purge_expired_deletes_expired_rows(storage, pass_time, app, database):
    from sqlalchemy import select

    from dovetail.contrib.auth.upkeep.expired import delete_in_batches, expired_of
    from dovetail.plugin import context_of

    await storage.incr("old", expiry=60)
    await pass_time(61)
    await storage.incr("new", expiry=60)
    async with database.unit_of_work() as session:
        context = context_of(session)
    ((name, model, condition, _),) = [one for one in expired_of(context) if one[1] is Bucket]
    assert name == "limit bucket"
    assert [count async for count in delete_in_batches(database, model, condition(context))] == [1]
    async with database.unit_of_work() as session:
        assert (await session.scalars(select(Bucket.key))).all() == ["new"]


@pytest.fixture
async def in_redis(redis_url) -> AsyncIterator[RedisGcraStorage]:
    storage = make_redis_storage(redis_url)
    yield storage
    await storage.aclose()


async def test_the_private_redis_client_of_the_library_is_where_we_expect_it(in_redis):
    script = limits_private.register_script(in_redis, "return {tonumber(ARGV[1]) + 1}")

    assert await script([], [41]) == [42]
    await in_redis.incr("a[1]*", 60)
    await in_redis.incr("a1", 60)
    assert [key async for key in limits_private.scan(in_redis, "dovetail:a[1]*")] == ["dovetail:a[1]*"]


async def test_a_script_is_sent_again_to_a_server_that_no_longer_has_it(in_redis):
    script = limits_private.register_script(in_redis, "return {7}")
    assert await script([], []) == [7]
    await limits_private._client(in_redis).script_flush()  # as after a restart

    assert await script([], []) == [7]
