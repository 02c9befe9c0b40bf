"""A Redis that is silent, full, shared or holds what nobody expects costs no request more than a try."""

import asyncio

import pytest
import redis

from dovetail.api.throttling.rates import Charge, Rate
from dovetail.contrib.throttling import limiter as limiter_module
from dovetail.contrib.throttling import redis_storage
from dovetail.contrib.throttling.circuit_breaker import CircuitBreaker
from dovetail.contrib.throttling.limiter import StorageLimiter, make_limiter
from dovetail.plugin import Context
from tests.contrib.throttling.test_limiter import taken

TWO = Charge("login", "203.0.113.7", Rate(2, 60))
KEY = f"dovetail:{TWO.bucket}"

on_redis = pytest.mark.parametrize("storage_kind", ["redis"])


@pytest.fixture
def client(redis_url, limiter) -> redis.Redis:
    return redis.Redis(unix_socket_path=redis_url.partition("://")[2])


@on_redis
async def test_a_silent_redis_is_asked_once_and_then_left_alone_for_a_while(database, monkeypatch, caplog):
    monkeypatch.setattr(redis_storage, "TIMEOUT", 0.05)
    asked = []
    server = await asyncio.start_server(lambda *streams: asked.append(streams), "127.0.0.1", 0)
    limiter = StorageLimiter(database, f"redis://127.0.0.1:{server.sockets[0].getsockname()[1]}/0")

    assert [await taken(limiter, TWO) for _ in range(3)] == [True, True, False]
    assert len(asked) == 1
    assert caplog.text.count("the database counts for the next 5 seconds") == 1

    await limiter.aclose()
    for _, writer in asked:
        writer.close()
    server.close()


def test_after_a_pause_one_call_tries_and_the_others_pass_once_it_succeeded():
    breaker = CircuitBreaker(3600)
    assert breaker.lets_pass()
    breaker.fail()
    assert not breaker.lets_pass()

    breaker.pause = 0
    breaker.fail()
    breaker.pause = 3600
    assert [breaker.lets_pass() for _ in range(3)] == [True, False, False]
    breaker.succeed()
    assert breaker.lets_pass()


@on_redis
async def test_a_redis_that_is_full_is_counted_in_again_once_it_has_room(database, redis_url, client, monkeypatch):
    monkeypatch.setattr(limiter_module, "PAUSE", 0.0)
    limiter = StorageLimiter(database, redis_url)
    client.config_set("maxmemory", 1)
    try:
        assert [await taken(limiter, TWO) for _ in range(3)] == [True, True, False]
    finally:
        client.config_set("maxmemory", 0)
    assert [await taken(limiter, TWO) for _ in range(3)] == [True, True, False]
    await limiter.aclose()


@on_redis
@pytest.mark.parametrize("value", ["abc", "", "nan", "-1e300"])
async def test_a_value_that_is_no_time_counts_as_nothing(limiter, client, value, caplog):
    client.set(KEY, value)

    await limiter.give_back([TWO])
    assert [await taken(limiter, TWO) for _ in range(3)] == [True, True, False]
    assert not caplog.records


@on_redis
@pytest.mark.parametrize("value", ["inf", "1e300", "99999999999999999999"])
async def test_a_time_that_no_request_can_have_caused_refuses_for_the_seconds_of_the_rate(limiter, client, value):
    client.set(KEY, value)

    assert (await limiter.take([TWO]))[0].retry_after == 30
    assert 0 < client.ttl(KEY) <= 60


@on_redis
async def test_a_key_of_another_type_is_replaced(limiter, client, caplog):
    client.lpush(KEY, "1")
    client.lpush("dovetail:known:ada", "1")

    await limiter.give_back([TWO])
    assert [await taken(limiter, TWO) for _ in range(3)] == [True, True, False]
    assert await limiter.remembers("ada")
    assert await limiter.forget("known:", "ada") == 1
    assert not caplog.records


@on_redis
async def test_two_sites_that_share_a_redis_count_apart(database, make_settings, redis_url):
    limiters = [
        make_limiter(
            Context(
                settings=make_settings(redis_url=redis_url, secret_key=secret * 40),
                database=database,
                plugins=[],
                plugin_settings={},
            )
        )
        for secret in ("a", "b")
    ]

    assert [await taken(one, TWO) for _ in range(3) for one in limiters] == [True] * 4 + [False] * 2
    await limiters[0].give_back([], remember=("ada", 60))
    assert [await one.remembers("ada") for one in limiters] == [True, False]
    assert [await one.forget("", "203.0.113.7") for one in limiters] == [1, 1]
    for one in limiters:
        await one.aclose()
