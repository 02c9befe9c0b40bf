"""`make bench-million`: a million posts and two million comments, on both databases, beside Django's admin."""

import asyncio
import json
import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from http.client import HTTPConnection
from pathlib import Path

import click

from benchmarks import machine
from benchmarks.million import growth
from benchmarks.million.doings import doings
from benchmarks.million.fill import fill
from benchmarks.million.filled import POSTS, USERS, copied, kind_of
from benchmarks.million.measure import Cost, Do, combined, measure
from benchmarks.million.questions import Question, questions
from benchmarks.million.rows import Blog
from benchmarks.million.sites import CONTESTANTS, PLAIN, Site, opened
from benchmarks.million.tables import HISTORY
from dovetail.testing import postgres

RESULTS = Path("var") / "benchmark-million.json"
DATABASES = ("sqlite", "postgresql")
TURNS = {HISTORY: 15}  # measurements of each, where the difference is small; one elsewhere
DATABASE = f"dovetail_million_{os.getpid()}"


@click.command()
@POSTS
@USERS
@click.option("--seconds", default=2.0, show_default=True, type=click.FloatRange(min=0.05), help="Of a measurement.")
@click.option("--database", "kinds", multiple=True, type=click.Choice(DATABASES), default=DATABASES, show_default=True)
@click.option("--filled", "urls", multiple=True, help="URL of a filled database, of which a copy is measured.")
@click.option(
    "--contestant", "names", multiple=True, type=click.Choice([*CONTESTANTS]), default=[*CONTESTANTS], show_default=True
)
@click.option("--output", default=RESULTS, show_default=True, type=click.Path(path_type=Path))
def main(
    *,
    posts: int,
    users: int,
    seconds: float,
    kinds: tuple[str, ...],
    urls: tuple[str, ...],
    names: tuple[str, ...],
    output: Path,
) -> None:
    """Fill a database, then measure Dovetail's API and back office beside Django's on the same rows."""
    filled = _by_kind(urls, kinds)
    cores, blog = machine.part_cores(), Blog(users=users, posts=posts)
    found: list[dict[str, object]] = []
    version = ""
    for kind in kinds:
        with ExitStack() as stack:
            name = stack.enter_context(tempfile.TemporaryDirectory(prefix="dovetail-million-"))
            url = stack.enter_context(_database(kind, filled.get(kind), blog, Path(name)))
            postmaster = None
            if kind == "postgresql":
                version, postmaster = asyncio.run(machine.find_postgres(url))
            with opened(url, names, Path(name), cores) as sites:
                agree(sites, questions(blog)["API"])
                found += _ask(kind, blog, sites, seconds, postmaster)
            found += _grow(kind, url, [one for one in names if one != PLAIN], Path(name))
    facts = machine.describe(version, cores) | {"posts": posts, "users": users, "seconds": seconds}
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(json.dumps({"facts": facts, "measurements": found}, indent=1), encoding="utf-8")
    click.echo(f"The figures are in {output}.")


@contextmanager
def _database(kind: str, filled: str | None, blog: Blog, folder: Path) -> Iterator[str]:
    with ExitStack() as stack:
        if filled is not None:
            yield stack.enter_context(copied(filled, blog, folder, DATABASE))
            return
        url = f"sqlite+aiosqlite:///{folder / 'million.sqlite3'}"
        if kind == "postgresql":
            stack.callback(postgres.start_server(folder))
            url = postgres.create_database(DATABASE)
            stack.callback(postgres.drop_database, DATABASE)
        fill(url, blog)
        yield url


def agree(sites: Sequence[Site], asked: Sequence[Question]) -> None:
    """See that all sites answer the same posts. Raises ClickException where one does not."""
    for question in asked:
        found = {site.server.contestant.name: _ids(site, question.dovetail) for site in sites}
        if len({*found.values()}) > 1:
            raise click.ClickException(f"{question.name}: the sites answer different posts: {found}")


def _by_kind(urls: Sequence[str], kinds: Sequence[str]) -> dict[str, str]:
    found = {kind_of(url): url for url in urls}
    if len(found) < len(urls) or not {*found} <= {*kinds}:
        raise click.UsageError(f"--filled names one database of each kind that is measured: {', '.join(kinds)}.")
    return found


def _ids(site: Site, path: str) -> tuple[int, ...]:
    connection = HTTPConnection("127.0.0.1", site.server.port)
    answer = json.loads(site.ask(connection, path)[1])
    connection.close()
    return tuple(post["id"] for post in answer["items"])


def _ask(
    kind: str, blog: Blog, sites: tuple[Site, ...], seconds: float, postmaster: int | None
) -> Iterator[dict[str, object]]:
    for section, asked in _everything(blog).items():
        for number, (name, ways) in enumerate(asked):
            costs: dict[str, list[Cost]] = {}
            for turn in range(number, number + TURNS.get(section, 1)):
                for site in sites if turn % 2 else sites[::-1]:  # in turns: who comes second finds a warm cache
                    do = ways.get(who := site.server.contestant.name)
                    if do is not None:
                        costs.setdefault(who, []).append(_measure(site, do, seconds, postmaster))
            for who, found in costs.items():
                cost = combined(found)
                click.echo(
                    f"{kind:<11}{section:<12}{name:<38}{who:<11}{cost.wall * 1e3:>10,.2f} ms"
                    f"{cost.cpu * 1e3:>10,.2f} ms CPU{cost.stall * 1e3:>9,.1f} ms stall"
                )
                yield {"database": kind, "section": section, "question": name, "contestant": who, **asdict(cost)}


def _measure(site: Site, do: Do, seconds: float, postmaster: int | None) -> Cost:
    try:
        return measure(site, do, seconds=seconds, postmaster=postmaster)
    except (RuntimeError, OSError) as error:
        raise click.ClickException(f"{error}\n{site.server.end_of_log()}") from error


def _everything(blog: Blog) -> dict[str, list[tuple[str, dict[str, Do | None]]]]:
    """Return the ways of the contestants to each page and each thing to do, by section."""
    found: dict[str, list[tuple[str, dict[str, Do | None]]]] = {}
    for section, asked in questions(blog).items():
        found[section] = [(one.name, {"dovetail": _page(one.dovetail), "django": _page(one.django)}) for one in asked]
    for section, done in doings(blog).items():
        found[section] = [
            (one.name, {"dovetail": one.dovetail, "django": one.django} | ({} if one.django else {PLAIN: one.dovetail}))
            for one in done
        ]
    return found


def _page(path: str | None) -> Do | None:
    return None if path is None else lambda site, connection: site.ask(connection, path)[1]


def _grow(kind: str, url: str, names: Sequence[str], folder: Path) -> Iterator[dict[str, object]]:
    for name, cost in growth.measure(url, names, folder).items():
        click.echo(f"{kind:<11}{growth.QUESTION:<50}{name:<9}{cost['wall'] * 1e3:>10,.2f} ms")
        yield {"database": kind, "section": "Commands", "question": growth.QUESTION, "contestant": name, **cost}


if __name__ == "__main__":
    main()
