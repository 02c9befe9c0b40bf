"""A rule whose subqueries read its own tables as they were before the rows of the request were written.

The rule is asked after the write. The tables are hidden from its subqueries by CTEs of the same names, which leave out
the rows that were written, and have the changed ones as they were:

    SELECT membership.id FROM membership WHERE membership.id IN (:written) AND (
        WITH membership AS (SELECT * FROM membership WHERE NOT (id IN (:written)) UNION ALL VALUES (:before, ...))
        SELECT <rule>
    )

Columns of the row itself, such as `membership.user_id`, are those of the outer FROM. The subqueries of PostgreSQL's
row-level security see neither the new rows of a statement nor what it changes.
"""

import re
from collections.abc import Hashable, Sequence

from sqlalchemy import ColumnElement, Dialect, null
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler

from dovetail.database.search.selective_conditions import Condition
from dovetail.resources.write.own_tables.earlier import Earlier, with_keys
from dovetail.resources.write.own_tables.reading import tables_of


class Unseeing(Condition):
    """A rule whose subqueries on the tables of a model see no row with the keys `hidden`, but those of `earlier`."""

    inherit_cache = True

    def __init__(
        self,
        rule: ColumnElement[bool],
        model: type[object],
        hidden: Sequence[Hashable],
        earlier: Earlier,
        dialect: Dialect,
    ) -> None:
        self.tables = tables_of(model)
        chosen = [with_keys(table, hidden, dialect) for table in self.tables]
        rows = [earlier.rows_in(table, dialect) for table in self.tables]
        self.are_changed = [one is not None for one in rows]
        super().__init__(rule, *chosen, *(null() if one is None else one for one in rows))


@compiles(Unseeing)
def _unseeing(element: Unseeing, compiler: SQLCompiler, **kwargs: object) -> str:
    rule, *parts = (compiler.process(one, **kwargs) for one in element.clauses)
    count, ctes = len(element.tables), []
    for table, chosen, rows, is_changed in zip(
        element.tables, parts[:count], parts[count:], element.are_changed, strict=True
    ):
        name, place = compiler.preparer.format_table(table, use_schema=False), compiler.preparer.format_table(table)
        # In the rule the table is called as its CTE, without its schema.
        rule = name.join(re.split(rf'(?<![\w."]){re.escape(place)}(?![\w"])', rule))
        is_sqlite = compiler.dialect.name == "sqlite"
        seen = _seen(f"main.{name}" if is_sqlite else place, chosen, rows if is_changed else "", is_sqlite=is_sqlite)
        ctes.append(f"{name} AS NOT MATERIALIZED ({seen})")
    return f"(WITH {', '.join(ctes)} SELECT {rule})"


def _seen(place: str, hidden: str, rows: str, *, is_sqlite: bool) -> str:
    """Return the SELECT of a table without its hidden rows, and with the rows of another SELECT, if there is one.

    On SQLite `place` names the schema: the CTE would find itself under the plain name.
    """
    others = f"SELECT * FROM {place} WHERE NOT ({hidden})"  # noqa: S608 - names that are quoted
    if not rows:
        return others
    if is_sqlite:  # which searches a table by its indexes only if both parts have the affinities of its columns
        rows = f"SELECT * FROM (SELECT * FROM {place} WHERE 0 UNION ALL {rows})"  # noqa: S608 - as above
    return f"{others} UNION ALL {rows}"
