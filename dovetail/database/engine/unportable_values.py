"""Values that not every database can hold, nor JSON: they are refused alike, before any statement runs.

What goes past SQLAlchemy looks for them itself, see `prepared_reads.py`.
"""

from collections.abc import Mapping, Sequence

from sqlalchemy import Engine, event, exc

from dovetail.database.prepared_reads import find_unportable


def refuse_unportable_values(engine: Engine) -> None:
    """Raise SQLAlchemy's DataError for a text with a NUL (PostgreSQL has none) and for NaN and infinity.

    SQLite would store NaN as NULL, and an answer in JSON could only say null for any of them.
    """

    @event.listens_for(engine, "do_execute")
    def _check(
        _cursor: object, statement: str, parameters: "Mapping[str, object] | Sequence[object]", *_: object
    ) -> None:
        # An INSERT of many rows in one statement has the values of all of them in one tuple.
        values = parameters.values() if isinstance(parameters, Mapping) else parameters
        if unportable := find_unportable(values):
            raise exc.DataError(statement, None, ValueError(unportable), hide_parameters=True)

    @event.listens_for(engine, "do_executemany")
    def _check_each(
        cursor: object, statement: str, rows: "Sequence[Mapping[str, object] | Sequence[object]]", *_: object
    ) -> None:
        for row in rows:
            _check(cursor, statement, row)
