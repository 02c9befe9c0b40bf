"""`make bench`: every contestant on every workload, in turns.

The server under load has a core for itself; PostgreSQL and the load have the others. Contestants take turns within a
round, and ratios are taken within it, so that a busy machine disturbs all alike.
"""

import asyncio
import json
import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from functools import partial
from itertools import groupby
from pathlib import Path

import click

from benchmarks import agreement, data, load, machine, middleware
from benchmarks.load import Request
from benchmarks.servers import CONTESTANTS, ROOT, Contestant, Server, beside, dovetail, migrate, serve
from benchmarks.workloads import Workload, workloads
from dovetail.testing import postgres

RESULTS = Path("var") / "benchmark.json"
DATABASE = f"dovetail_benchmark_{os.getpid()}"
WARM_UP = 0.25  # of the time of a measurement
MIDDLEWARE = "middleware"  # the first word of these workloads: with each middleware taken out
# Where there is a database, requests differ by more than a middleware costs; they do not hide what this one saves.
WITH_DATABASE = (middleware.NONE, "FastPathMiddleware", middleware.ALL)
Turn = tuple[Workload, Server, Sequence[Request]]


@dataclass(frozen=True, kw_only=True)
class Measurement:
    """What one contestant did with one workload in one round; times are in seconds, p50 and p99 in milliseconds."""

    round: int
    workload: str
    contestant: str
    requests: int
    seconds: float
    rate: float  # requests a second
    cpu: float  # the server's, a request
    busy: float  # the part of the time that the server's CPU was busy
    postgres: float | None  # PostgreSQL's CPU, a request; None if it cannot be seen from here
    load: float  # the load generator's CPU, a request
    p50: float
    p99: float


@dataclass(frozen=True, kw_only=True)
class Harness:
    """Everything a measurement needs."""

    url: str
    folder: Path
    cores: machine.Cores
    postgres: int | None
    rounds: int
    seconds: float
    posts: int

    def measure(self, number: int, workload: Workload, server: Server, requests: Sequence[Request]) -> Measurement:
        """One measurement, after a warm-up."""
        ask = partial(load.measure, server.port, requests, connections=workload.connections, status=workload.status)
        ask(seconds=self.seconds * WARM_UP)
        before = self._cpu(server)
        result = ask(seconds=self.seconds)
        cpu, database = (after - start for after, start in zip(self._cpu(server), before, strict=True))
        if workload.writes:
            data.tidy(server.url, self.posts)
        return Measurement(
            round=number,
            workload=workload.name,
            contestant=server.contestant.name,
            requests=result.requests,
            seconds=result.seconds,
            rate=result.requests / result.seconds,
            cpu=cpu / result.requests,
            busy=cpu / result.seconds,
            postgres=database / result.requests if self.postgres else None,
            load=result.cpu / result.requests,
            p50=result.p50,
            p99=result.p99,
        )

    def _cpu(self, server: Server) -> tuple[float, float]:
        database = machine.cpu_time_of_children(self.postgres) if self.postgres else 0.0
        return machine.cpu_time(server.process.pid), database


@click.command()
@click.option("--rounds", default=5, show_default=True, type=click.IntRange(min=1))
@click.option("--seconds", default=1.5, show_default=True, type=click.FloatRange(min=0.05), help="Of a measurement.")
@click.option("--posts", default=50_000, show_default=True, type=click.IntRange(min=200), help="In the blog.")
@click.option("--only", multiple=True, help="A workload, by how its name begins; can be repeated.")
@click.option(
    "--contestant",
    "names",
    multiple=True,
    type=click.Choice([each.name for each in CONTESTANTS]),
    help="Only this one; can be repeated.",
)
@click.option(
    "--beside",
    "others",
    multiple=True,
    type=click.Path(exists=True, file_okay=False, resolve_path=True, path_type=Path),
    help="The folder of another checkout, an older one say, whose site is a contestant too; can be repeated.",
)
@click.option("--output", default=RESULTS, show_default=True, type=click.Path(path_type=Path))
def main(
    *,
    rounds: int,
    seconds: float,
    posts: int,
    only: tuple[str, ...],
    names: tuple[str, ...],
    others: tuple[Path, ...],
    output: Path,
) -> None:
    """Measure Dovetail beside what you would use instead, and keep the figures as JSON."""
    cores = machine.part_cores()
    with ExitStack() as stack:
        stack.callback(postgres.start_server())
        url = filled_database(stack, DATABASE, ROOT, posts)
        checkouts = [beside(one, filled_database(stack, f"{DATABASE}_{n}", one, posts)) for n, one in enumerate(others)]
        version, postmaster = asyncio.run(machine.find_postgres(url))
        harness = Harness(
            url=url,
            folder=Path(stack.enter_context(tempfile.TemporaryDirectory())),
            cores=cores,
            postgres=postmaster,
            rounds=rounds,
            seconds=seconds,
            posts=posts,
        )
        contestants = [each for each in CONTESTANTS if not names or each.name in names]
        found = [*contest(harness, (*contestants, *checkouts), only)]
        if not only or MIDDLEWARE.startswith(only):
            found += middleware_costs(harness)
    facts = machine.describe(version, cores) | {"rounds": rounds, "seconds": seconds, "posts": posts}
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(json.dumps({"facts": facts, "measurements": [asdict(each) for each in found]}, indent=1))
    click.echo(f"The figures are in {output}.")


def filled_database(stack: ExitStack, name: str, checkout: Path, posts: int) -> str:
    """Make a database with the tables of a checkout and the posts of all, until the stack ends; return its URL."""
    url = postgres.create_database(name)
    stack.callback(postgres.drop_database, name)
    click.echo(f"Filling a database for {checkout.name} with {posts:,} posts.")
    migrate(url, checkout)
    data.fill(url, posts=posts)
    return url


def contest(harness: Harness, contestants: tuple[Contestant, ...], only: tuple[str, ...]) -> Iterator[Measurement]:
    """Measure the contestants in turns, after a look at whether they all do the same."""
    wanted = [each for each in workloads(harness.posts) if not only or each.name.startswith(only)]
    if not wanted:
        return
    with serve(contestants, harness.url, harness.folder, harness.cores) as servers:
        try:
            agreement.check(servers, harness.posts)
        except RuntimeError as error:
            raise click.ClickException(str(error)) from error
        turns = [(each, server, each.requests(server)) for each in wanted for server in servers]
        yield from _rounds(harness, [turn for turn in turns if turn[2]])


def middleware_costs(harness: Harness) -> Iterator[Measurement]:
    """Measure a request without a database with each middleware taken out in turn, and one with it without some."""
    # A pool for each variant: together they must not have more connections than PostgreSQL gives.
    site = dovetail("every variant", "benchmarks.middleware:app", DATABASE_POOL_SIZE="5")
    by_name = {each.name: each for each in workloads(harness.posts)}
    with serve((site,), harness.url, harness.folder, harness.cores) as (server,):
        turns = []
        for workload, variants in (("W5", middleware.variants()), ("W1", WITH_DATABASE)):
            requests = by_name[workload].requests(server)
            named = replace(by_name[workload], name=f"{MIDDLEWARE} {workload}")
            for name in variants:
                variant = replace(server, contestant=replace(site, name=f"without {name}"))
                turns.append(
                    (named, variant, [middleware.choose(one, name) for one in requests if isinstance(one, bytes)])
                )
        yield from _rounds(harness, turns)


def in_turns(turns: Sequence[Turn], number: int) -> Iterator[Turn]:
    """The turns of a round: in each round another one is the first with a workload, which may be an advantage."""
    for _, found in groupby(turns, key=lambda turn: turn[0]):
        group = list(found)
        first = (number - 1) % len(group)
        yield from group[first:] + group[:first]


def _rounds(harness: Harness, turns: Sequence[Turn]) -> Iterator[Measurement]:
    for number in range(1, harness.rounds + 1):
        for workload, server, requests in in_turns(turns, number):
            try:
                found = harness.measure(number, workload, server, requests)
            except (RuntimeError, OSError) as error:  # TimeoutError too
                what = f"{server.contestant.name} failed {workload.name}: {error!r}\n{server.end_of_log()}"
                raise click.ClickException(what) from error
            click.echo(
                f"round {number} of {harness.rounds}  {found.workload:<13} {found.contestant:<36}"
                f"{found.rate:>9,.0f}/s {found.cpu * 1e3:>8.3f} ms CPU {found.busy:>5.0%} busy"
            )
            yield found


if __name__ == "__main__":
    main()
