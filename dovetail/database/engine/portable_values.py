"""Values that come back as they were given, where the drivers would change or refuse them."""

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
    """A text without the spaces to its right, with which PostgreSQL fills it up and SQLite does not."""

    def bind_processor(self, dialect: Dialect) -> Callable[[str | None], str | None]:  # noqa: ARG002 - the signature is SQLAlchemy's
        """Return what writes a value."""
        return _unpadded

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[str | None], str | None]:  # noqa: ARG002 - as above
        """Return what reads a value."""
        return _unpadded


class ExactNumeric(Numeric[Any]):
    """A decimal that SQLite, which stores it as a float of 15 digits, gives back as it was; others are refused.

    SQLAlchemy reads ten digits behind the point where a column has no scale: 123456789.123 is 123456789.1230000034
    then, and 1E-12 is 0. SQLite gives a whole number for a float that is one.
    """

    def bind_processor(self, dialect: Dialect) -> Write:  # noqa: ARG002 - as above
        """Return what writes a value. It raises InexactNumberError."""
        return _exact

    def result_processor(self, dialect: Dialect, coltype: object) -> Read | None:
        """Return what reads a float by its shortest text; of a column with a scale, SQLAlchemy's own."""
        if not self.asdecimal:
            return lambda stored: float(stored) if isinstance(stored, int | float) else None
        if self.scale is None and self.decimal_return_scale is None:
            return lambda stored: None if stored is None else Decimal(repr(stored))
        usual: Callable[[Dialect, object], Read | None] = super().result_processor
        return usual(dialect, coltype)


class TextsAsRanges(TypeEngine[object]):
    """A range, or several, for which a text may be given, as SQLAlchemy's documents have it of other drivers."""

    def bind_processor(self, dialect: Dialect) -> Write:
        """Return what writes a value. It raises ValueError for a text that is no range."""
        write = super().bind_processor(dialect)  # the driver's own, which stands below

        def read(value: object) -> object:
            if isinstance(value, list):
                return [read(one) for one in value]
            return read_range(type(self), value) if isinstance(value, str) else value

        return read if write is None else lambda value: write(read(value))


class NullableJSONPath(JSON.JSONPathType):
    """A path, or none: the driver's own would take none for an empty path."""

    def bind_processor(self, dialect: Dialect) -> Write:
        """Return what writes a value."""
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


def keep_values(engine: Engine) -> None:
    """Let the types of the engine's dialect write and read values as above."""
    found = engine.dialect.colspecs
    for kind, own in OF_DIALECT[engine.dialect.name].items():
        # The dialect's own class stays below: it knows how a value is written for its driver.
        below = found.get(kind, kind)
        found = {**found, kind: type(own.__name__, (own, below) if below is not kind else (own,), {})}
    engine.dialect.colspecs = found


def _unpadded(value: str | None) -> str | None:
    # PostgreSQL's "char", one byte of its catalogues, which SQLAlchemy takes for a CHAR, is no text.
    return value.rstrip(" ") if isinstance(value, str) else value


def _exact(value: object) -> object:
    if not isinstance(value, Decimal) or not value.is_finite():
        return value
    stored = float(value)
    if Decimal(str(stored)) != value:
        raise InexactNumberError
    return stored
