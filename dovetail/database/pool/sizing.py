"""Propose the size of a connection pool: Little's law, headroom for chance, and the server's own limit.

Little's law (https://en.wikipedia.org/wiki/Little%27s_law): the connections busy on average are the requests a second
times the seconds that each of them holds a connection. Requests come by chance, so the number that is busy at one
moment spreads around this mean by about its square root (a Poisson distribution).
"""

import math
from dataclasses import dataclass
from enum import StrEnum

from dovetail.errors import InvalidInputError

SHARE_OF_SERVER = 0.8  # the rest is for migrations, psql, backups and the next deployment's overlap
USUAL = 2  # spreads above the mean that the open connections cover: 98 of 100 moments
PEAK = 4  # spreads above the mean that the overflow covers: all but a moment in thirty thousand


class Verdict(StrEnum):
    """A verdict on how a proposal fits the server."""

    FITS = "fits"
    TIGHT = "tight"  # it carries the mean, with less headroom than chance calls for
    TOO_MANY_WORKERS = "too many workers"  # one connection each is more than the server's share
    OVERLOADED = "overloaded"  # the mean alone is more than the server's share


@dataclass(frozen=True, kw_only=True)
class Load:
    """The load of a site, and what it has to carry it with."""

    rps: float  # requests a second, of all workers together
    db_ms: float  # milliseconds a request holds a connection
    workers: int  # processes, on all machines together
    max_connections: int  # of the PostgreSQL server

    def __post_init__(self) -> None:
        _demand("--rps", self.rps, "requests a second", 1_000_000)
        _demand("--db-ms", self.db_ms, "milliseconds a request holds a connection", 3_600_000)
        check_workers(self.workers)
        check_max_connections(self.max_connections)


@dataclass(frozen=True, kw_only=True)
class Advice:
    """The settings that are proposed, and the numbers that tell whether they fit the server."""

    busy: float  # connections busy on average, all workers together
    busy_per_worker: float
    pool_size: int  # a worker
    max_overflow: int  # a worker
    total: int  # connections at most, all workers together
    limit: int  # of them that may be used: 80 % of max_connections
    wanted: int  # what total would be without the limit

    @property
    def verdict(self) -> Verdict:
        """The verdict on how the proposal fits the server."""
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
    share = max(1, limit // load.workers)  # a worker without a connection is none
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
    """Raise InvalidInputError for a number of workers that no site has."""
    _demand("--workers", workers, "processes", 10_000)


def check_max_connections(connections: int) -> None:
    """Raise InvalidInputError for a limit that no server has."""
    _demand("--max-connections", connections, "connections of the server", 1_000_000)


def _demand(name: str, value: float, unit: str, highest: int) -> None:
    if not (math.isfinite(value) and 0 < value <= highest):
        raise InvalidInputError(f"{name}: expected more than 0 and at most {highest:,} {unit}, found {value:g}")
