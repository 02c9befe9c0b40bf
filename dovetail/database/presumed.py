"""Presume the user of a token from an earlier request, and confirm it in the statement that does the work.

That takes one round trip instead of two. A token nearly always belongs to the same user, with the same permissions, as
last time. So the row that was read for it then is used to prepare a read, and the read selects that row again. If it
has changed or is gone, the result is discarded, and the request starts over by looking up the user. A statement that
writes has the presumed row as a condition, and writes nothing if the row has changed.
"""

from collections.abc import Hashable, Mapping, MutableMapping
from typing import NamedTuple, Protocol, TypeAlias

from sqlalchemy import Dialect, Select

Remembered: TypeAlias = MutableMapping[Hashable, tuple[object, ...]]  # rows that statements returned before


class Prepared(Protocol):
    """A statement that the driver can run."""

    def step(self, named: Mapping[str, object]) -> tuple[str, tuple[object, ...]]:
        """Return the SQL and the arguments for the driver."""


class Presumable(Protocol):
    """A statement that returns one row, which may be presumed."""

    def select(self, dialect: Dialect) -> Select[object]:
        """Return the SELECT."""

    def prepared(self, dialect: Dialect) -> Prepared:
        """Return the compiled statement."""


class Presumed(NamedTuple):
    """The row that a statement returned before for these values, and the `key` under which it is remembered."""

    statement: Presumable
    values: Mapping[str, object]
    row: tuple[object, ...]
    key: Hashable


class UnconfirmedError(Exception):
    """The presumed row has changed, or the statement cannot confirm it: look up the user first and start over."""
