"""JSON with all digits of its numbers, which Python rounds to floats: of a dump, and of columns of JSON in it."""

import json
import re
from collections.abc import Sequence
from functools import partial
from secrets import token_hex
from typing import NoReturn

MARK = token_hex(16)  # occurs in no value, since nobody knows it
_NUMBER, _PLACE = re.compile(f'"{MARK}(-?[0-9][^"]*)"'), re.compile(f'"{MARK} ([0-9]+)"')


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON")


loads = partial(json.loads, parse_float=lambda digits: f"{MARK}{digits}", parse_constant=_refuse)
"""Read JSON as `json.loads` does, for `dumps` alone: numbers that are no integers keep their digits in marked texts."""


def dumps(value: object) -> str:
    """Return a value that `loads` has read as JSON, on one line."""
    return _NUMBER.sub(r"\1", json.dumps(value))


def written(stored: object) -> str:
    """Return the value of a column of JSON as a dump writes it. Raise ValueError if it is no JSON."""
    if not isinstance(stored, str):  # SQLite keeps a number as one
        return json.dumps(stored, allow_nan=False)
    text = json.dumps(loads(stored), ensure_ascii=False, separators=(",", ":"))
    return _NUMBER.sub(r"\1", text).encode(errors="backslashreplace").decode()  # half characters stand as \ud800


def place(number: int) -> str:
    """Return the text that stands in a row for one of the values that `filled_in` is given."""
    return f"{MARK} {number}"


def filled_in(row: str, values: Sequence[str]) -> str:
    """Return a row in JSON with values, which are JSON, at their places."""
    return _PLACE.sub(lambda found: values[int(found[1])], row)
