"""Show the progress of a long operation: a bar on a terminal, otherwise a line now and then."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, NoReturn

import click

if TYPE_CHECKING:
    from tqdm import tqdm

STEPS = 10  # lines printed if there is no terminal


@contextmanager
def progress(label: str, total: int, unit: str) -> Iterator[Callable[[int], None]]:
    """Yield a function to call with each completed part of `total`; the progress is printed to standard error."""
    if sys.stderr.isatty():
        from tqdm import tqdm  # here, since only terminals need it

        with tqdm(total=total, desc=label, unit=unit, unit_scale=True, file=sys.stderr) as bar:
            yield partial(_advance, bar)
    else:
        yield _Log(label, total, unit).advance


def _advance(bar: "tqdm[NoReturn]", amount: int) -> None:
    bar.update(amount)


class _Log:
    def __init__(self, label: str, total: int, unit: str) -> None:
        self._label, self._total, self._unit = label, total, unit
        self._done = 0
        self._told = 0

    def advance(self, amount: int) -> None:
        self._done += amount
        step = self._done * STEPS // max(self._total, 1)
        if step > self._told:
            self._told = step
            click.echo(f"{self._label}: {self._done:,} of {self._total:,} {self._unit}", err=True)
