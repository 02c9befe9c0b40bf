"""Decimals of SQLite that are read as they were written, where a column does not say how many digits it has."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from sqlalchemy import Dialect, Engine, Numeric

Read = Callable[[object], object]


class WholeDecimal(Numeric[Any]):
    """A decimal that SQLite keeps as a float of 15 digits, all of which are read; a float where it is to be one.

    SQLAlchemy reads ten digits behind the point where a column has no scale: 123456789.123 is 123456789.1230000034
    then, and 1E-12 is 0. SQLite gives a whole number for a float that is one.
    """

    def result_processor(self, dialect: Dialect, coltype: object) -> Read | None:
        """Return what reads a float by its shortest text; of a column with a scale, SQLAlchemy's own."""
        if not self.asdecimal:
            return lambda stored: float(stored) if isinstance(stored, int | float) else None
        if self.scale is None and self.decimal_return_scale is None:
            return lambda stored: None if stored is None else Decimal(repr(stored))
        usual: Read | None = super().result_processor(dialect, coltype)  # type: ignore[no-untyped-call]  # SQLAlchemy's own
        return usual


def keep_whole_decimals(engine: Engine) -> None:
    """Let SQLite give back every decimal that it can keep."""
    if engine.dialect.name == "sqlite":
        engine.dialect.colspecs = {**engine.dialect.colspecs, Numeric: WholeDecimal}
