"""`manage.py pool`: how large the connection pool should be, or what the present one can carry."""

import asyncio
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, replace

import click

from dovetail.cli.pool.facts import PoolFacts, ask_server, read_facts
from dovetail.cli.pool.report import advice_lines, facts_lines
from dovetail.cli.state import State
from dovetail.database.pool.sizing import Load, advise, check_max_connections, check_workers

POSTGRESQL_DEFAULT = 100  # max_connections of a server whose configuration nobody touched


@click.command()
@click.option("--rps", type=float, help="Requests a second at the peak, of all workers together.")
@click.option("--db-ms", type=float, help="Milliseconds for which a request holds a connection.")
@click.option("--workers", type=int, help="Processes, on all machines together.  [default: those of runserver]")
@click.option("--max-connections", type=int, help="What the server admits.  [default: what PostgreSQL says, or 100]")
@click.option("--json", "as_json", is_flag=True, help="Print numbers for a program.")
@click.pass_obj
def pool(
    state: State,
    *,
    rps: float | None,
    db_ms: float | None,
    workers: int | None,
    max_connections: int | None,
    as_json: bool,
) -> None:
    """Advise on the size of the connection pool, by Little's law.

    With --rps and --db-ms: what to set. Without: what the present settings can carry.
    """
    if (rps is None) != (db_ms is None):
        raise click.UsageError("give both --rps and --db-ms, or neither to see what the present settings can carry")
    facts = _facts(state, workers, max_connections)
    if rps is None or db_ms is None:
        _show(facts_lines(facts), asdict(facts) | {"total": facts.total}, as_json=as_json)
        return
    limit = POSTGRESQL_DEFAULT if facts.max_connections is None else facts.max_connections
    load = Load(rps=rps, db_ms=db_ms, workers=facts.workers, max_connections=limit)
    advice = advise(load)
    _show(
        advice_lines(load, advice, facts.pool_timeout),
        asdict(load) | asdict(advice) | {"verdict": advice.verdict.value},
        as_json=as_json,
    )


def _facts(state: State, workers: int | None, max_connections: int | None) -> PoolFacts:
    """Return what the settings and the server say; options of the user win, and then the server is not asked."""
    facts = read_facts(state.settings)
    if workers is not None:
        check_workers(workers)
        facts = replace(facts, workers=workers)
    if max_connections is None:
        return asyncio.run(ask_server(state.settings, facts))
    check_max_connections(max_connections)
    return replace(facts, max_connections=max_connections)


def _show(lines: Iterable[str], numbers: Mapping[str, object], *, as_json: bool) -> None:
    click.echo(json.dumps(numbers, indent=2) if as_json else "\n".join(lines))
