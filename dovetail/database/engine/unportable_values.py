"""Refuse values that one of the databases, or JSON, cannot represent, before any statement runs.

Statements that bypass SQLAlchemy are checked in `prepared_reads.py`.
"""

from collections.abc import Mapping, Sequence

from sqlalchemy import Engine, event, exc

from dovetail.database.prepared_reads import find_unportable


def refuse_unportable_values(engine: Engine) -> None:
    """Raise SQLAlchemy's DataError for text with a NUL character, which PostgreSQL cannot store, NaN and infinity.

    SQLite would store NaN as NULL, and JSON can represent neither NaN nor infinity.
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
