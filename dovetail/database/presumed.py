"""Presume who asks, and have it confirmed by the statement that works for them: one round trip in place of two.

A token is nearly always that of the same user, with the same permissions, as the last time. So the row that its
statement gave then serves to prepare a read, and the read gives that row once more. If it differs in anything, or if
there is none, nothing of what was read is shown, and who asks is looked up first. A statement that changes a row asks
for that other row as it writes, and changes nothing for anybody else.
"""

from collections.abc import Hashable, Mapping, MutableMapping
from typing import NamedTuple, Protocol, TypeAlias

from sqlalchemy import Dialect, Select

Remembered: TypeAlias = MutableMapping[Hashable, tuple[object, ...]]  # the rows that statements gave before


class Prepared(Protocol):
    """A statement that the driver can run."""

    def step(self, named: Mapping[str, object]) -> tuple[str, tuple[object, ...]]:
        """Return the text with its arguments."""


class Presumable(Protocol):
    """A statement that gives one row."""

    def select(self, dialect: Dialect) -> Select[object]:
        """Return the SELECT."""

    def prepared(self, dialect: Dialect) -> Prepared:
        """Return the same, compiled."""


class Presumed(NamedTuple):
    """The row that a statement gave before for these values; `key` is what it is remembered by."""

    statement: Presumable
    values: Mapping[str, object]
    row: tuple[object, ...]
    key: Hashable


class UnconfirmedError(Exception):
    """The row is another one by now, or the read cannot ask for it."""
