"""What one page costs: its time, the CPU of server and database, and how long others had to wait."""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from http.client import HTTPConnection
from itertools import count
from statistics import median
from typing import TypeAlias

from benchmarks import machine
from benchmarks.million.sites import Site

Do: TypeAlias = Callable[[Site, HTTPConnection], bytes]  # returns the last answer
FEWEST, MOST = 3, 40  # requests of a measurement
PATIENCE = 120  # seconds that one page may take
PAUSE = 0.002  # seconds between two questions whether the server lives


@dataclass(frozen=True, kw_only=True)
class Cost:
    """One page of one site; all in seconds, medians of the requests but for `stall`."""

    requests: int
    wall: float
    cpu: float  # of the server's process
    postgres: float | None  # of PostgreSQL's backends; None with SQLite, whose work is the server's own
    stall: float  # the longest wait for /health/live while the page was made
    size: int  # bytes


def measure(site: Site, do: Do, *, seconds: float, postmaster: int | None) -> Cost:
    """Do something again and again for some seconds, then a few times while somebody else asks for /health/live."""
    connection = HTTPConnection("127.0.0.1", site.server.port, timeout=PATIENCE)
    body = do(site, connection)  # warms up: plans, caches, templates
    before = _cpu(site, postmaster)
    times = _ask_for(seconds, lambda: do(site, connection))
    cpu, database = (after - start for after, start in zip(_cpu(site, postmaster), before, strict=True))
    stall = longest_wait(site.server.port, lambda: _ask_for(seconds / 2, lambda: do(site, connection)))
    connection.close()
    return Cost(
        requests=len(times),
        wall=median(times),
        cpu=cpu / len(times),
        postgres=database / len(times) if postmaster else None,
        stall=stall,
        size=len(body),
    )


def combined(costs: Sequence[Cost]) -> Cost:
    """Return the cost of several measurements of the same: medians, and of the stalls the longest."""
    databases = [one.postgres for one in costs if one.postgres is not None]
    return Cost(
        requests=sum(one.requests for one in costs),
        wall=median(one.wall for one in costs),
        cpu=median(one.cpu for one in costs),
        postgres=median(databases) if databases else None,
        stall=max(one.stall for one in costs),
        size=costs[-1].size,
    )


def longest_wait(port: int, work: Callable[[], object]) -> float:
    """Do `work`, and meanwhile ask /health/live again and again; the seconds of the answer that took longest."""
    over, waits = threading.Event(), [0.0]

    def ask() -> None:
        connection = HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        while not over.wait(PAUSE):
            started = time.perf_counter()
            connection.request("GET", "/health/live")
            connection.getresponse().read()
            waits.append(time.perf_counter() - started)
        connection.close()

    asking = threading.Thread(target=ask)
    asking.start()
    try:
        work()
    finally:
        over.set()
        asking.join()
    return max(waits)


def _ask_for(seconds: float, ask: Callable[[], object]) -> list[float]:
    times: list[float] = []
    deadline = time.perf_counter() + seconds
    for number in count():
        started = time.perf_counter()
        if number >= FEWEST and (started >= deadline or number >= MOST):
            return times
        ask()
        times.append(time.perf_counter() - started)
    raise AssertionError  # it counts for ever


def _cpu(site: Site, postmaster: int | None) -> tuple[float, float]:
    database = machine.cpu_time_of_children(postmaster) if postmaster else 0.0
    return machine.cpu_time(site.server.process.pid), database
