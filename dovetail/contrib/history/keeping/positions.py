"""Positions in the feed, as readers store them: `4f3a0c1d2e5b6a79.815.4711`, the log, the transaction and the id."""

import re
from collections.abc import Callable
from typing import NamedTuple

from dovetail.errors import InvalidInputError, quoted

POSITION = re.compile(r"([0-9a-f]{1,32})\.(-?[0-9]{1,19})\.([0-9]{1,19})")
MAXIMUM_POSITION = 80  # characters
LIMIT = 2**63  # of the numbers that a database keeps


class Place(NamedTuple):
    """The place of a line in the order of the feed."""

    transaction: int
    id: int


def order_of(dialect_name: str) -> Callable[[Place], tuple[int, ...]]:
    """Return the key that sorts places as the feed has them: on SQLite, ids are in the order of commits."""
    return (lambda place: place) if dialect_name == "postgresql" else (lambda place: (place.id,))


def read_position(text: str) -> tuple[str, Place]:
    """Return the log and the place that a position names. Raise InvalidInputError if it is none."""
    found = POSITION.fullmatch(text)
    if found is None:
        raise InvalidInputError(
            f"`after` is {quoted(text)}; expected the `position` of an earlier page, or nothing to read from the start"
        )
    # Greater numbers are of no log, as is the greatest: the feed says so.
    return found[1], Place(*(max(-LIMIT, min(int(number), LIMIT - 1)) for number in found.groups()[1:]))


def write_position(log: str, place: Place) -> str:
    """Return the text of a position."""
    return f"{log}.{place.transaction}.{place.id}"
