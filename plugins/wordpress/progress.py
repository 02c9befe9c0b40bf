"""Say how far a long piece of work is: a bar on a terminal, a plain line now and then in a log."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, NoReturn

import click

if TYPE_CHECKING:
    from tqdm import tqdm

STEPS = 10  # lines in a log


@contextmanager
def progress(label: str, total: int, unit: str) -> Iterator[Callable[[int], None]]:
    """Yield a function that is told how much more of `total` is done; what it says goes to standard error."""
    if sys.stderr.isatty():
        from tqdm import tqdm  # here, for a log and `check` do without it

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
