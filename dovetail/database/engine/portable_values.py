"""Types for values that the drivers would change or refuse: they are read back exactly as they were written."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from sqlalchemy import CHAR, JSON, Dialect, Engine, Numeric
from sqlalchemy.dialects.postgresql.ranges import AbstractMultiRange, AbstractSingleRange
from sqlalchemy.types import TypeEngine

from dovetail.database.column_types import InexactNumberError
from dovetail.database.engine.ranges import read_range

Read = Callable[[object], object]
Write = Callable[[object], object]


class UnpaddedChar(CHAR):
    """A CHAR without trailing spaces: PostgreSQL pads values with them, SQLite does not."""

    def bind_processor(self, dialect: Dialect) -> Callable[[str | None], str | None]:  # noqa: ARG002 - the signature is SQLAlchemy's
        """Return the function that removes trailing spaces."""
        return _unpadded

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[str | None], str | None]:  # noqa: ARG002 - as above
        """Return the function that removes trailing spaces."""
        return _unpadded


class ExactNumeric(Numeric[Any]):
    """A decimal on SQLite, which stores it as a float of 15 digits; decimals that would not be exact are refused.

    For a column without a scale SQLAlchemy reads ten decimal places: 123456789.123 becomes 123456789.1230000034, and
    1E-12 becomes 0. SQLite returns an int for a float without a fraction.
    """

    def bind_processor(self, dialect: Dialect) -> Write:  # noqa: ARG002 - as above
        """Return the function that converts a value to float. It raises InexactNumberError."""
        return _exact

    def result_processor(self, dialect: Dialect, coltype: object) -> Read | None:
        """Return the function that reads a float by its shortest text; SQLAlchemy's own for a column with a scale."""
        if not self.asdecimal:
            return lambda stored: float(stored) if isinstance(stored, int | float) else None
        if self.scale is None and self.decimal_return_scale is None:
            return lambda stored: None if stored is None else Decimal(repr(stored))
        usual: Callable[[Dialect, object], Read | None] = super().result_processor
        return usual(dialect, coltype)


class TextsAsRanges(TypeEngine[object]):
    """A range or multirange that may be given as text, as SQLAlchemy documents it for other drivers."""

    def bind_processor(self, dialect: Dialect) -> Write:
        """Return the function that reads texts as ranges. It raises ValueError for a text that is none."""
        write = super().bind_processor(dialect)  # that of the dialect's own type

        def read(value: object) -> object:
            if isinstance(value, list):
                return [read(one) for one in value]
            return read_range(type(self), value) if isinstance(value, str) else value

        return read if write is None else lambda value: write(read(value))


class NullableJSONPath(JSON.JSONPathType):
    """A JSON path that may be None, which the dialect's own type takes for an empty path."""

    def bind_processor(self, dialect: Dialect) -> Write:
        """Return the function that writes a path, and None as NULL."""
        write: Write = super().bind_processor(dialect)
        return lambda value: None if value is None else write(value)


OF_DIALECT: Mapping[str, Mapping[type, type]] = {
    "sqlite": {CHAR: UnpaddedChar, Numeric: ExactNumeric},
    "postgresql": {
        CHAR: UnpaddedChar,
        AbstractSingleRange: TextsAsRanges,
        AbstractMultiRange: TextsAsRanges,
        JSON.JSONPathType: NullableJSONPath,
    },
}


def is_exact(value: object) -> bool:
    """Return whether SQLite keeps all digits of a value."""
    return not isinstance(value, Decimal) or not value.is_finite() or Decimal(str(float(value))) == value


def use_portable_types(engine: Engine) -> None:
    """Make the engine's dialect use the types above."""
    found = engine.dialect.colspecs
    for kind, own in OF_DIALECT[engine.dialect.name].items():
        # The dialect's own class stays a base class: it converts values for its driver.
        below = found.get(kind, kind)
        found = {**found, kind: type(own.__name__, (own, below) if below is not kind else (own,), {})}
    engine.dialect.colspecs = found


def _unpadded(value: str | None) -> str | None:
    # SQLAlchemy also uses CHAR for PostgreSQL's "char", a single byte in system catalogs, which is no str.
    return value.rstrip(" ") if isinstance(value, str) else value


def _exact(value: object) -> object:
    if not isinstance(value, Decimal) or not value.is_finite():
        return value
    if not is_exact(value):
        raise InexactNumberError
    return float(value)
