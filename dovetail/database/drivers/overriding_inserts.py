"""An INSERT that can set identity columns which PostgreSQL otherwise always generates."""

import re

from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler

COLUMNS = r'\((?:"(?:[^"]|"")*"|[^")])*\)'


class OverridingInsert(postgresql.Insert):
    """An INSERT that may set a column that is GENERATED ALWAYS AS IDENTITY."""

    inherit_cache = True


@compiles(OverridingInsert)
def _compile_overriding(insert: OverridingInsert, compiler: SQLCompiler, **kw: object) -> str:
    # https://www.postgresql.org/docs/current/sql-insert.html; SQLAlchemy has no construct for it
    usual: str = compiler.visit_insert(insert, **kw)  # type: ignore[no-untyped-call]  # SQLAlchemy's own
    start = re.escape(f"INSERT INTO {compiler.preparer.format_table(insert.table)} ")
    return re.sub(f"{start}{COLUMNS}", lambda found: f"{found[0]} OVERRIDING SYSTEM VALUE", usual, count=1)
