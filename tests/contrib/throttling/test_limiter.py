"""Requests are counted by GCRA, alike in rows of SQLite, of PostgreSQL and in Redis."""

import asyncio
import time

import pytest
from sqlalchemy import select

from dovetail.api.throttling.rates import Charge, Rate
from dovetail.contrib.throttling import limiter as limiter_module
from dovetail.contrib.throttling.limiter import StorageLimiter
from dovetail.contrib.throttling.models import Bucket

FIVE = Charge("login", "203.0.113.7", Rate(5, 60))


async def taken(limiter, *charges) -> bool:
    return all(one.retry_after == 0 for one in await limiter.take(charges))


async def test_all_requests_of_a_rate_may_come_at_once_and_the_next_is_refused(limiter):
    began = time.monotonic()
    left = [(await limiter.take([FIVE]))[0].remaining for _ in range(5)]
    refused = (await limiter.take([FIVE]))[0]
    passed = time.monotonic() - began + 0.01  # SQLite counts milliseconds

    assert left == [4, 3, 2, 1, 0]
    assert refused.remaining == 0
    assert 12 - passed < refused.retry_after <= 12
    assert 60 - passed < refused.full_in <= 60


async def test_refused_requests_are_not_counted_and_pass_at_the_announced_time(limiter, pass_time):
    for _ in range(20):
        await limiter.take([FIVE])
    await pass_time(12)

    assert [await taken(limiter, FIVE) for _ in range(2)] == [True, False]


async def test_an_expired_bucket_allows_the_whole_quota_again(limiter, pass_time):
    for _ in range(5):
        await limiter.take([FIVE])
    await pass_time(3600)

    assert [await taken(limiter, FIVE) for _ in range(6)] == [True] * 5 + [False]


async def test_a_clock_that_was_set_back_a_day_refuses_no_longer_than_the_seconds_of_the_rate(limiter, pass_time):
    await limiter.take([FIVE])
    await pass_time(-86_400)

    assert (await limiter.take([FIVE]))[0].retry_after == 12
    await pass_time(60)
    assert [await taken(limiter, FIVE) for _ in range(6)] == [True] * 5 + [False]


async def test_a_rate_that_does_not_divide_its_seconds_lets_its_whole_amount_through(limiter):
    seven = Charge("odd", "ada", Rate(7, 60))

    assert [await taken(limiter, seven) for _ in range(8)] == [True] * 7 + [False]


async def test_a_request_refused_by_one_limit_does_not_count_against_others(limiter):
    narrow, wide = Charge("narrow", "ada", Rate(1, 60)), Charge("wide", "ada", Rate(3, 60))
    await limiter.take([narrow, wide])
    for _ in range(10):
        assert not await taken(limiter, narrow, wide)

    assert [await taken(limiter, wide) for _ in range(3)] == [True, True, False]


async def test_a_request_given_back_can_be_taken_again(limiter):
    for _ in range(5):
        await limiter.take([FIVE])
    await limiter.give_back([FIVE, Charge("login", "nobody", Rate(5, 60))])

    assert [await taken(limiter, FIVE) for _ in range(2)] == [True, False]


async def test_of_a_hundred_concurrent_requests_exactly_the_quota_passes(limiter):
    quota = Charge("login", "ada", Rate(10, 3600))

    found = await asyncio.gather(*(taken(limiter, quota) for _ in range(100)))

    assert sum(found) == 10


async def test_concurrent_requests_with_the_same_limits_in_any_order_do_not_deadlock(limiter):
    charges = [Charge("login", key, Rate(1000, 60)) for key in "abcd"]

    found = await asyncio.gather(
        *(taken(limiter, *(charges if number % 2 else reversed(charges))) for number in range(40))
    )

    assert all(found)


async def test_only_the_forgotten_keys_are_counted_anew(limiter):
    ada, bob = (Charge("login.account", f"{name}@203.0.113.7", Rate(1, 60)) for name in ("ada", "bob"))
    await limiter.take([ada])
    await limiter.take([bob])

    assert await limiter.forget("login", "ada@") == 1
    assert [await taken(limiter, one) for one in (ada, bob)] == [True, False]


async def test_wildcards_in_forgotten_keys_are_taken_literally(limiter):
    ada = Charge("login", "ada", Rate(1, 60))
    await limiter.take([ada])

    assert await limiter.forget("%", "") == 0
    assert await limiter.forget("*", "") == 0
    assert await limiter.forget("login", "a_a") == 0


async def test_a_key_is_remembered_until_its_time_is_over(limiter):
    await limiter.give_back([], remember=("ada", 60))

    assert await limiter.remembers("ada")
    assert not await limiter.remembers("bob")


async def test_a_key_longer_than_the_column_is_counted_too(limiter):
    long = [Charge("login", letter * 1000, Rate(1, 60)) for letter in "ab"]

    assert [await taken(limiter, one) for one in (*long, *long)] == [True, True, False, False]


@pytest.mark.parametrize("storage_kind", ["sqlite", "postgresql"])
async def test_one_statement_counts_a_request_with_any_number_of_limits(limiter, count_statements):
    charges = [Charge("login", str(number), Rate(5, 60)) for number in range(6)]
    await limiter.take(charges)

    with count_statements() as statements:
        await limiter.take(charges)

    assert len(statements) == 1


@pytest.mark.parametrize("storage_kind", ["sqlite"])
async def test_the_database_counts_while_redis_is_unreachable_and_a_warning_is_logged(database, tmp_path, caplog):
    limiter = StorageLimiter(database, f"redis+unix://{tmp_path}/nobody")

    assert [await taken(limiter, FIVE) for _ in range(6)] == [True] * 5 + [False]
    assert "Redis failed" in caplog.text
    await limiter.aclose()


@pytest.mark.parametrize("storage_kind", ["sqlite", "postgresql"])
async def test_expired_rows_are_deleted_after_a_number_of_requests(limiter, database, pass_time, monkeypatch):
    monkeypatch.setattr(limiter_module, "SWEEP_EVERY", 3)
    await limiter.take([FIVE])
    await limiter.take([Charge("login", "ada", Rate(5, 60))])
    await pass_time(61)
    await limiter.take([Charge("login", "bob", Rate(5, 60))])

    async with database.unit_of_work(read_only=True) as session:
        assert (await session.scalars(select(Bucket.key))).all() == [Charge("login", "bob", Rate(5, 60)).bucket]


@pytest.mark.parametrize("storage_kind", ["postgresql"])
async def test_deleting_expired_rows_does_not_wait_for_locks(limiter, database, pass_time, monkeypatch):
    monkeypatch.setattr(limiter_module, "SWEEP_EVERY", 2)
    await limiter.take([FIVE])
    await pass_time(61)
    async with database.unit_of_work() as session:
        await session.scalars(select(Bucket).with_for_update())
        async with asyncio.timeout(60):
            await limiter.take([Charge("login", "bob", Rate(5, 60))])

    async with database.unit_of_work(read_only=True) as session:
        assert len((await session.scalars(select(Bucket.key))).all()) == 2
