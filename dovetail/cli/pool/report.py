"""The words of `manage.py pool`."""

from collections.abc import Iterator
from math import sqrt

import click

from dovetail.cli.pool.facts import PoolFacts
from dovetail.database.pool.sizing import PEAK, SHARE_OF_SERVER, USUAL, Advice, Load, Verdict

EXAMPLES = (5, 50, 500)  # milliseconds


def advice_lines(load: Load, advice: Advice, pool_timeout: float) -> Iterator[str]:
    """Return lines that say what to set under `load`, why, and what to do if it does not fit."""
    mean, spread = advice.busy_per_worker, sqrt(advice.busy_per_worker)
    yield _title("Little's law: busy connections = requests a second x seconds each of them holds one")
    yield _row(f"{load.rps:g} x {load.db_ms / 1000:g} s", f"{advice.busy:g} connections busy on average")
    yield _row(f"shared by {_count(load.workers, 'worker')}", f"{mean:.4g} each, give or take {spread:.3g} by chance")
    yield ""
    yield _title("Set for each worker")
    yield _row(f"DATABASE_POOL_SIZE={advice.pool_size}", f"kept open; {mean:.4g} + {USUAL} x {spread:.3g}, rounded up")
    yield _row(
        f"DATABASE_MAX_OVERFLOW={advice.max_overflow}",
        f"opened for a rare peak, up to {mean:.4g} + {PEAK} x {spread:.3g}, and closed after it",
    )
    if advice.wanted > advice.total:
        yield _row("", f"cut down to the server's share: {load.workers} workers would want {advice.wanted}")
    yield ""
    yield from _limit(load.max_connections)
    yield _row(f"{_count(load.workers, 'worker')} x ({advice.pool_size} + {advice.max_overflow})", _total(advice))
    yield _verdict(advice)
    yield ""
    yield from _exhaustion(pool_timeout)
    yield ""
    yield from _pgbouncer()


def facts_lines(facts: PoolFacts) -> Iterator[str]:
    """Return lines that say what the present settings mean and how much they can carry."""
    yield _title("The settings now")
    yield _row(f"DATABASE_POOL_SIZE={facts.pool_size}", "connections that a worker keeps open")
    yield _row(f"DATABASE_MAX_OVERFLOW={facts.max_overflow}", "more that it opens for a peak")
    yield _row(
        f"{_count(facts.workers, 'worker')} x ({facts.pool_size} + {facts.max_overflow})",
        f"{facts.total} connections at most",
    )
    yield ""
    yield from _server(facts)
    yield ""
    yield _title("Little's law: the requests a second at which all of them are busy")
    for milliseconds in EXAMPLES:
        held = f"held for {milliseconds} ms each"
        yield _row(held, f"{facts.total / milliseconds * 1000:g}")
    yield ""
    yield from _exhaustion(facts.pool_timeout)
    yield ""
    yield "For a proposal, say what there is to carry: manage.py pool --rps 500 --db-ms 50"


def _server(facts: PoolFacts) -> Iterator[str]:
    if facts.max_connections is None:
        yield _title("The server")
        yield "  SQLite has none, so nothing limits connections but files; one of them writes at a time."
        return
    yield from _limit(facts.max_connections)
    if facts.connected is not None:
        yield _row("connected now", f"{facts.connected}, this command included")
    limit = _share(facts.max_connections)
    if facts.total <= limit:
        yield click.style(f"  The site fits: {facts.total} of {limit}.", fg="green")
    else:
        yield click.style(
            f"  The site may open {facts.total}, which is more than {limit}: lower DATABASE_POOL_SIZE.", fg="red"
        )


def _limit(max_connections: int) -> Iterator[str]:
    yield _title("The server")
    yield _row(f"max_connections = {max_connections}", f"of which 80 % are for the site: {_share(max_connections)}")


def _share(max_connections: int) -> int:
    return int(max_connections * SHARE_OF_SERVER)


def _total(advice: Advice) -> str:
    return f"{advice.total} connections at most, of {advice.limit}"


def _verdict(advice: Advice) -> str:
    match advice.verdict:
        case Verdict.FITS:
            return click.style(f"  It fits; {advice.limit - advice.total} are left.", fg="green")
        case Verdict.TIGHT:
            return click.style("  It carries the average, but chance will make requests wait.", fg="yellow")
        case Verdict.TOO_MANY_WORKERS:
            return click.style("  It does not fit: there are too many workers; see PgBouncer below.", fg="red")
        case Verdict.OVERLOADED:
            text = (
                f"It does not fit: {advice.busy:g} busy on average is not less than {advice.limit}, whatever the pool. "
                "Hold connections for less time, raise max_connections, or read from a replica."
            )
            return click.style(_paragraph(text), fg="red")


def _exhaustion(pool_timeout: float) -> Iterator[str]:
    yield _title("When every connection of a worker is busy")
    yield _paragraph(
        f"A request waits for one for DATABASE_POOL_TIMEOUT = {pool_timeout:g} s and is then answered 503 with "
        "Retry-After; nothing hangs. Staff see it at /debug/pool: waiting and timeouts are above 0. The log has a line "
        "for each 503."
    )


def _pgbouncer() -> Iterator[str]:
    yield _title("When PgBouncer helps")
    yield _paragraph(
        "With many workers or machines whose connections are mostly idle: it lets them share a few. It does not help "
        "when more connections are busy than the server can work on. Use 1.21 or later with pool_mode = transaction "
        "and max_prepared_statements above 0, so that it follows asyncpg's prepared statements; use an older one with "
        "pool_mode = session only. Let `manage.py migrate` reach PostgreSQL directly: its lock belongs to a connection."
    )


def _paragraph(text: str) -> str:
    return click.wrap_text(text, width=100, initial_indent="  ", subsequent_indent="  ")


def _title(text: str) -> str:
    return click.style(text, bold=True)


def _row(left: str, right: str) -> str:
    return f"  {left:<28}{right}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
