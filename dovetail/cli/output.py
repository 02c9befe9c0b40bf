"""Print tables, and say how far a long command is: a bar on a terminal, a plain line now and then in a log."""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING, NoReturn

import click

if TYPE_CHECKING:
    from tqdm import tqdm

EVERY = 10  # seconds between two lines in a log


def print_table(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print `rows` in columns as wide as their widest cell, below `titles` in bold."""
    widths = [max(len(row[column]) for row in (titles, *rows)) for column in range(len(titles))]
    click.secho(_line(titles, widths), bold=True)
    for row in rows:
        click.echo(_line(row, widths))


@contextmanager
def progress(label: str, total: int | None = None) -> Iterator[Callable[[int], None]]:
    """Yield a function to call with the number of rows that were done since; progress goes to standard error."""
    if sys.stderr.isatty():
        # Imported here: commands that only print a table do without.
        from tqdm import tqdm

        with tqdm(total=total, desc=label, unit=" rows", unit_scale=True, file=sys.stderr) as bar:
            yield partial(_advance, bar)
    else:
        yield _Log(label, total, monotonic()).advance


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def _advance(bar: "tqdm[NoReturn]", amount: int) -> None:
    bar.update(amount)


@dataclass
class _Log:
    label: str
    total: int | None
    told_at: float
    done: int = 0

    def advance(self, amount: int) -> None:
        self.done += amount
        if monotonic() - self.told_at >= EVERY:
            self.told_at = monotonic()
            of = "" if self.total is None else f" of {self.total:,}"
            click.echo(f"{self.label}: {self.done:,}{of} rows", err=True)
