"""The arithmetic of the pool's size."""

import math

import pytest

from dovetail.database.pool.sizing import Load, Verdict, advise
from dovetail.errors import InvalidInputError


def load(rps: float = 500, db_ms: float = 50, workers: int = 4, max_connections: int = 200) -> Load:
    return Load(rps=rps, db_ms=db_ms, workers=workers, max_connections=max_connections)


def test_busy_connections_are_the_rate_times_the_time_each_is_held():
    advice = advise(load())
    assert advice.busy == 25
    assert advice.busy_per_worker == 6.25


def test_the_pool_has_room_for_chance_and_the_overflow_for_peaks():
    advice = advise(load())
    assert (advice.pool_size, advice.max_overflow) == (12, 5)  # 6.25 + 2 x 2.5, and up to 6.25 + 4 x 2.5, rounded up
    assert advice.total == 4 * (12 + 5)


def test_a_fifth_of_the_server_is_left_to_others():
    assert advise(load(max_connections=200)).limit == 160


@pytest.mark.parametrize(
    ("given", "verdict"),
    [
        (load(), Verdict.FITS),
        (load(max_connections=85), Verdict.FITS),  # 68 of 68
        (load(max_connections=84), Verdict.TIGHT),
        (load(max_connections=40), Verdict.TIGHT),
        (load(max_connections=31), Verdict.OVERLOADED),  # 24 of 24, where 25 are busy
        (load(rps=1, workers=100, max_connections=100), Verdict.TOO_MANY_WORKERS),
        (load(rps=1_000_000, db_ms=3_600_000, workers=10_000, max_connections=1), Verdict.OVERLOADED),
    ],
)
def test_the_verdict_compares_the_load_and_the_proposal_with_the_servers_share(given, verdict):
    assert advise(given).verdict == verdict


@pytest.mark.parametrize("max_connections", [5, 20, 84, 200, 10_000])
@pytest.mark.parametrize("workers", [1, 4, 64])
def test_a_proposal_never_exceeds_the_share_unless_there_are_more_workers_than_it(workers, max_connections):
    advice = advise(load(workers=workers, max_connections=max_connections))
    assert advice.total <= max(advice.limit, workers)
    assert advice.pool_size >= 1
    assert advice.max_overflow >= 0


@pytest.mark.parametrize("field", ["rps", "db_ms", "workers", "max_connections"])
@pytest.mark.parametrize("value", [0, -1, math.nan, math.inf, -math.inf, 1e12])
def test_absurd_numbers_are_refused_by_name(field, value):
    with pytest.raises(InvalidInputError, match=f"--{field.replace('_', '-')}: expected more than 0 and at most"):
        load(**{field: value})
