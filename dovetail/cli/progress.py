"""Say how far a long command is: a bar on a terminal, a plain line now and then in a log."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from time import monotonic
from typing import NoReturn

import click
from tqdm import tqdm

EVERY = 10  # seconds between two lines in a log


@contextmanager
def progress(label: str, total: int | None = None) -> Iterator[Callable[[int], None]]:
    """Yield a function that is told how many rows more are done; what it says goes to standard error."""
    if sys.stderr.isatty():
        with tqdm(total=total, desc=label, unit=" rows", unit_scale=True, file=sys.stderr) as bar:
            yield partial(_advance, bar)
    else:
        yield _Log(label, total, monotonic()).advance


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
