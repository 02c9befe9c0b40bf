"""The day of a moment in SQL, which SQLite and PostgreSQL find differently."""

from datetime import date, datetime

from sqlalchemy import Date, SQLColumnExpression
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement


class _Day(FunctionElement[date]):
    type = Date()
    inherit_cache = True


def holds_days(column: SQLColumnExpression[datetime] | SQLColumnExpression[date]) -> bool:
    """Return whether a column holds days, and not moments."""
    return isinstance(getattr(column, "type", None), Date)


def day_of(column: SQLColumnExpression[datetime] | SQLColumnExpression[date]) -> SQLColumnExpression[date]:
    """Return the day (UTC) of a column of moments; of one of days, the column.

    https://www.sqlite.org/lang_datefunc.html, https://www.postgresql.org/docs/current/functions-datetime.html
    """
    return column if holds_days(column) else _Day(column)


@compiles(_Day, "sqlite")
def _day_of_sqlite(element: _Day, compiler: SQLCompiler, **kwargs: object) -> str:
    return f"date({compiler.process(element.clauses, **kwargs)})"


@compiles(_Day, "postgresql")
def _day_of_postgresql(element: _Day, compiler: SQLCompiler, **kwargs: object) -> str:
    return f"CAST(timezone('UTC', {compiler.process(element.clauses, **kwargs)}) AS DATE)"
