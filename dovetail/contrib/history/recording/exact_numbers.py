"""Read and write recorded values with all digits of their numbers; a float is only exact to fifteen."""

import json
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import partial
from secrets import token_hex

from sqlalchemy import Select, Text, cast
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import defer
from sqlalchemy.orm.attributes import set_committed_value

from dovetail.contrib.history.models import RecordedChange

PICTURES = (RecordedChange.before, RecordedChange.after)
MARK = token_hex(16)  # occurs in no value, since nobody knows it
MARKED = re.compile(f'"{MARK}([^"]*)"')


async def exact_lines(session: AsyncSession, statement: Select[RecordedChange]) -> Sequence[RecordedChange]:
    """Return the lines selected by a statement; numbers that no float equals are Decimals in their values."""
    texts = [cast(picture, Text) for picture in PICTURES]
    rows = await session.execute(statement.add_columns(*texts).options(*map(defer, PICTURES)))
    return [_with_pictures(*row) for row in rows]


def read_picture(text: str) -> Mapping[str, object]:
    """Return the values in a JSON object."""
    found: Mapping[str, object] = LOADS(text)
    return found


def json_of(value: object) -> str:
    """Return a JSON value as text; its Decimals are numbers there, which Python's `json` alone cannot write."""
    return MARKED.sub(r"\1", json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=_marked))


def _with_pictures(line: RecordedChange, *texts: str) -> RecordedChange:
    for picture, text in zip(PICTURES, texts, strict=True):
        set_committed_value(line, picture.key, read_picture(text))
    return line


def _number(text: str) -> float | Decimal:
    found, exact = float(text), Decimal(text)
    return found if Decimal(repr(found)) == exact else exact


def _marked(value: object) -> str:
    assert isinstance(value, Decimal)  # noqa: S101 - the only type in recorded values that `json` does not know
    return f"{MARK}{value}"


LOADS = partial(json.loads, parse_float=_number)
