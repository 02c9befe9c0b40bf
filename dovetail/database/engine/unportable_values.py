"""Values that not every database can hold, nor JSON: they are refused alike, before any statement runs."""

import math
from collections.abc import Iterable
from typing import Any

from sqlalchemy import Engine, event, exc


def refuse_unportable_values(engine: Engine) -> None:
    """Raise SQLAlchemy's DataError for a text with a NUL (PostgreSQL has none) and for NaN and infinity.

    SQLite would store NaN as NULL, and an answer in JSON could only say null for any of them.
    """

    @event.listens_for(engine, "before_cursor_execute")
    def _check(
        _connection: object,
        _cursor: object,
        statement: str,
        parameters: Any,
        _context: object,
        executemany: bool,  # noqa: FBT001 - as above
    ) -> None:
        # An INSERT of many rows in one statement is an executemany with the values of all of them in one tuple.
        for row in parameters if executemany and isinstance(parameters, list) else (parameters,):
            if unportable := _find(row.values() if isinstance(row, dict) else row):
                raise exc.DataError(statement, None, ValueError(unportable), hide_parameters=True)


def _find(values: Iterable[object]) -> str:
    for value in values:
        if isinstance(value, str) and "\0" in value:
            return "a text contains a NUL character"
        if isinstance(value, float) and not math.isfinite(value):
            return "a number is not finite"
    return ""
