"""Read the files that `dumpdata` writes; errors name the line."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

import click

from dovetail.cli.data import exact_json


@dataclass(frozen=True)
class Record:
    """A row, and where it stands."""

    table: str
    row: str  # JSON
    place: str
    json_null: tuple[str, ...] = ()  # columns that hold the null of JSON, and not NULL


def records(path: Path) -> Iterator[Record]:
    """The rows of a file, line by line if each line is one. Raise click.ClickException, naming the place."""
    name = "standard input" if str(path) == "-" else str(path)
    try:
        with _opened(path) as file:
            yield from _records(file, name)
    except UnicodeDecodeError:
        raise click.ClickException(f"{name} is not UTF-8") from None


def _records(file: TextIO, name: str) -> Iterator[Record]:
    start = file.readline()
    if start.lstrip().startswith("[") or not start.strip():
        found = _parse(start + file.read(), name)
        if not isinstance(found, list):
            raise click.ClickException(f"{name}: expected a list of rows")
        yield from (_record(row, f"{name}, row {number}") for number, row in enumerate(found, 1))
        return
    yield _record(_parse(start, f"{name}, line 1"), f"{name}, line 1")
    for number, line in enumerate(file, 2):
        if line.strip():
            yield _record(_parse(line, f"{name}, line {number}"), f"{name}, line {number}")


def _parse(text: str, place: str) -> object:
    try:
        return exact_json.loads(text)
    except (ValueError, RecursionError) as error:
        raise click.ClickException(f"{place}: not valid JSON: {error}") from None


def _record(found: Any, place: str) -> Record:
    match found:
        case {"table": str(table), "row": dict(row), **rest} if not rest.keys() - {"json_null"}:
            nulls = rest.get("json_null", [])
            if isinstance(nulls, list) and all(isinstance(name, str) and row.get(name, 0) is None for name in nulls):
                return Record(table, exact_json.dumps(row), place, tuple(nulls))
            raise click.ClickException(f"{place}: json_null names columns of the row that are null, found {nulls!r}")
    raise click.ClickException(f'{place}: expected {{"table": "...", "row": {{...}}}}')


@contextmanager
def _opened(path: Path) -> Iterator[TextIO]:
    if str(path) == "-":
        yield sys.stdin
        return
    with path.open(encoding="utf-8-sig") as file:
        yield file
