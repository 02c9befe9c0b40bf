"""Positions in the feed, as readers store them: `4f3a0c1d2e5b6a79.2.815.4711`.

These are the log, how often it was purged before the page was read, and the transaction and the id of the last line.
"""

import re
from collections.abc import Callable
from typing import NamedTuple

from dovetail.errors import InvalidInputError, quoted

POSITION = re.compile(r"([0-9a-f]{1,16})\.([0-9]{1,19})\.(-?[0-9]{1,19})\.([0-9]{1,19})")
MAXIMUM_POSITION = 80  # characters
LIMIT = 2**63  # of the numbers that a database keeps


class Place(NamedTuple):
    """The place of a line in the order of the feed."""

    transaction: int
    id: int


class Position(NamedTuple):
    """Up to where a reader has read a log."""

    log: str
    purges: int
    place: Place


def order_of(dialect_name: str) -> Callable[[Place], tuple[int, ...]]:
    """Return the key that sorts places as the feed has them: on SQLite, ids are in the order of commits."""
    return (lambda place: place) if dialect_name == "postgresql" else (lambda place: (place.id,))


def read_position(text: str) -> Position:
    """Return the position that a text names. Raise InvalidInputError if it names none."""
    found = POSITION.fullmatch(text)
    if found is None:
        raise InvalidInputError(
            f"`after` is {quoted(text)}; expected the `position` of an earlier page, or nothing to read from the start"
        )
    # Greater numbers are of no log, as is the greatest: the feed says so.
    purges, *place = (max(-LIMIT, min(int(number), LIMIT - 1)) for number in found.groups()[1:])
    return Position(found[1], purges, Place(*place))


def write_position(position: Position) -> str:
    """Return the text of a position."""
    return f"{position.log}.{position.purges}.{position.place.transaction}.{position.place.id}"
