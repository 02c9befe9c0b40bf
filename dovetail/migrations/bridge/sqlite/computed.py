"""Read the expressions of computed columns of SQLite.

SQLAlchemy loses an expression behind a type with a comma, as in `net NUMERIC(10, 2) GENERATED ALWAYS AS (...)`: a table
that is made anew would compute nothing, and makemigrations would see a change in every run. Whoever imports this module
has tables reflected with the expressions that SQLite keeps.
"""

from collections.abc import Mapping

from sqlalchemy import Connection, Engine, Table, event, text
from sqlalchemy.engine.interfaces import ReflectedColumn
from sqlalchemy.engine.reflection import Inspector

from dovetail.migrations.bridge.sqlite.statements import read_computed

_STATEMENT = text("SELECT sql FROM sqlite_master WHERE type = 'table' AND name = :name")


def complete(inspector: Inspector, table: str, column: ReflectedColumn) -> None:
    """Give a column of SQLite that was read back the expression that it computes."""
    if inspector.dialect.name == "sqlite" and column.get("computed") is not None:
        found = _expressions(inspector.bind, table).get(column["name"])
        if found is not None:
            column["computed"]["sqltext"] = found


@event.listens_for(Table, "column_reflect")
def _complete(inspector: Inspector, table: Table, column: ReflectedColumn) -> None:
    complete(inspector, table.name, column)


def _expressions(bind: Engine | Connection, table: str) -> Mapping[str, str]:
    if isinstance(bind, Engine):
        with bind.connect() as connection:
            return _expressions(connection, table)
    sql = bind.scalar(_STATEMENT, {"name": table})
    return {} if sql is None else read_computed(sql)
