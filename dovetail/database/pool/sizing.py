"""Propose the size of a connection pool from Little's law, headroom for bursts, and the server's own limit.

Little's law (https://en.wikipedia.org/wiki/Little%27s_law): the average number of busy connections is the number of
requests per second times the seconds for which each holds a connection. Requests arrive at random, so the number of
busy connections varies around this mean by about its square root (a Poisson distribution).
"""

import math
from dataclasses import dataclass
from enum import StrEnum

from dovetail.errors import InvalidInputError

SHARE_OF_SERVER = 0.8  # the rest is for migrations, psql, backups and the next deployment's overlap
USUAL = 2  # standard deviations above the mean that `pool_size` covers: 98 % of the time
PEAK = 4  # standard deviations above the mean that the overflow covers: all but 1 / 30,000 of the time


class Verdict(StrEnum):
    """The verdict on a proposal: does it fit the server?"""

    FITS = "fits"
    TIGHT = "tight"  # enough for the mean, but with less headroom than random bursts need
    TOO_MANY_WORKERS = "too many workers"  # one connection per worker already exceeds the limit
    OVERLOADED = "overloaded"  # the mean alone exceeds the limit


@dataclass(frozen=True, kw_only=True)
class Load:
    """The load of a site, its workers, and the server's limit."""

    rps: float  # requests per second, all workers together
    db_ms: float  # milliseconds for which a request holds a connection
    workers: int  # processes, on all machines together
    max_connections: int  # of the PostgreSQL server

    def __post_init__(self) -> None:
        _demand("--rps", self.rps, "requests a second", 1_000_000)
        _demand("--db-ms", self.db_ms, "milliseconds a request holds a connection", 3_600_000)
        check_workers(self.workers)
        check_max_connections(self.max_connections)


@dataclass(frozen=True, kw_only=True)
class Advice:
    """The proposed settings, and the numbers that show whether they fit the server."""

    busy: float  # connections busy on average, all workers together
    busy_per_worker: float
    pool_size: int  # per worker
    max_overflow: int  # per worker
    total: int  # the maximum of connections, all workers together
    limit: int  # connections that may be used: 80 % of max_connections
    wanted: int  # `total` without the limit

    @property
    def verdict(self) -> Verdict:
        """The verdict on the proposal."""
        if self.busy >= self.limit:
            return Verdict.OVERLOADED
        if self.total > self.limit:
            return Verdict.TOO_MANY_WORKERS
        return Verdict.FITS if self.wanted <= self.limit else Verdict.TIGHT


def advise(load: Load) -> Advice:
    """Propose `pool_size` and `max_overflow` for each worker under `load`, within the server's share."""
    busy = load.rps * load.db_ms / 1000
    mean = busy / load.workers
    usual, peak = (math.ceil(mean + spreads * math.sqrt(mean)) for spreads in (USUAL, PEAK))
    limit = int(load.max_connections * SHARE_OF_SERVER)
    share = max(1, limit // load.workers)  # every worker needs a connection
    pool_size = min(usual, share)
    max_overflow = min(peak, share) - pool_size
    return Advice(
        busy=busy,
        busy_per_worker=mean,
        pool_size=pool_size,
        max_overflow=max_overflow,
        total=load.workers * (pool_size + max_overflow),
        limit=limit,
        wanted=load.workers * peak,
    )


def check_workers(workers: int) -> None:
    """Raise InvalidInputError for a number of workers out of any sensible range."""
    _demand("--workers", workers, "processes", 10_000)


def check_max_connections(connections: int) -> None:
    """Raise InvalidInputError for a limit of connections out of any sensible range."""
    _demand("--max-connections", connections, "connections of the server", 1_000_000)


def _demand(name: str, value: float, unit: str, highest: int) -> None:
    if not (math.isfinite(value) and 0 < value <= highest):
        raise InvalidInputError(f"{name}: expected more than 0 and at most {highest:,} {unit}, found {value:g}")
