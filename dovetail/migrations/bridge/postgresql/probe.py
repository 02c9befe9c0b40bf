"""Find out how PostgreSQL stores a constraint, an index or a computed column.

PostgreSQL rewrites expressions, and no rule of ours could decide whether two texts mean the same. So the object is
created on an empty table with the same columns, read back, and rolled back at once.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy import Column, Connection, Constraint, Dialect, Index, Table, TextClause, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.schema import CreateIndex

from dovetail.migrations.bridge.alembic_private import compiler_of

PROBE = "dovetail_probe"
_CONSTRAINT = text("""
SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = to_regclass(:table) AND conname = :name
""")
_COMPUTED = text("""
SELECT pg_get_expr(adbin, adrelid) FROM pg_attrdef JOIN pg_attribute ON attrelid = adrelid AND attnum = adnum
WHERE attrelid = to_regclass(:table) AND attname = :name
""")
_INDEX = text("""
SELECT pg_get_indexdef(indexrelid) FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
WHERE indrelid = to_regclass(:table) AND relname = :name
""")


def is_kept_computed(connection: Connection, table: Table, wanted: Column[object], expression: str) -> bool:
    """Return True if PostgreSQL would store the computed column `wanted` with this `expression`."""
    kind = wanted.type.compile(dialect=connection.dialect)

    def keep(computed: str) -> str | None:
        with _probing(connection, table) as probe:
            added = f"{PROBE} {kind} GENERATED ALWAYS AS ({computed}) STORED"
            connection.exec_driver_sql(f"ALTER TABLE {probe} ADD COLUMN {added}")
            return _definition(connection, _COMPUTED, probe, PROBE)

    found = _definition(connection, _COMPUTED, sql_name(table, connection.dialect), wanted.name)
    return found is not None and _is_kept(found, lambda: keep(expression), keep)


def is_kept_constraint(connection: Connection, table: Table, name: str, wanted: Constraint) -> bool:
    """Return True if the table's constraint `name` is stored as `wanted` would be."""

    def keep(clause: str) -> str | None:
        with _probing(connection, table) as probe:
            connection.exec_driver_sql(f"ALTER TABLE {probe} ADD {clause}")
            return kept_constraint(connection, probe, name)

    def again(definition: str) -> str | None:
        return keep(f"CONSTRAINT {connection.dialect.identifier_preparer.quote(name)} {definition}")

    found = kept_constraint(connection, sql_name(table, connection.dialect), name)
    return found is not None and _is_kept(found, lambda: keep(compiler_of(connection.dialect).process(wanted)), again)


def is_kept_index(connection: Connection, table: Table, wanted: Index) -> bool:
    """Return True if the existing index of the same name is stored as `wanted` would be."""

    def keep(statement: str) -> str | None:
        with _probing(connection, table) as probe:
            here = statement.replace(f" ON {sql_name(table, connection.dialect)} ", f" ON {probe} ", 1)
            connection.exec_driver_sql(here.replace(" CONCURRENTLY ", " ", 1))  # not within a transaction
            found = _definition(connection, _INDEX, probe, str(wanted.name))
            return None if found is None else _on(sql_name(table, connection.dialect), found)

    found = _definition(connection, _INDEX, sql_name(table, connection.dialect), str(wanted.name))
    if found is None:
        return False
    statement = str(CreateIndex(wanted).compile(dialect=connection.dialect))
    return _is_kept(_on(sql_name(table, connection.dialect), found), lambda: keep(statement), keep)


def kept_constraint(connection: Connection, table: str, name: str) -> str | None:
    """Return the definition of a constraint as PostgreSQL stores it; None if it does not exist. `table` is SQL."""
    found = _definition(connection, _CONSTRAINT, table, name)
    return None if found is None else found.removesuffix(" NOT VALID")


def sql_name(table: Table, dialect: Dialect) -> str:
    """Return the name of a table as SQL, with that of its schema if it has one."""
    return dialect.identifier_preparer.format_table(table)


def _is_kept(found: str, keep: Callable[[], str | None], again: Callable[[str], str | None]) -> bool:
    try:
        kept = keep()
        # What PostgreSQL writes it does not always read as it was: a cast of a list becomes casts of what is in it.
        return kept is not None and (found == kept or again(found) == again(kept))
    except DBAPIError:  # it needs a column, or a type of one, that is not there yet
        return False


@contextmanager
def _probing(connection: Connection, table: Table) -> Iterator[str]:
    with connection.begin_nested() as savepoint:
        connection.exec_driver_sql(f"CREATE TEMPORARY TABLE {PROBE} (LIKE {sql_name(table, connection.dialect)})")
        yield f"pg_temp.{PROBE}"
        savepoint.rollback()


def _definition(connection: Connection, query: TextClause, table: str, name: str) -> str | None:
    found: str | None = connection.scalar(query, {"table": table, "name": name})
    return found


def _on(table: str, definition: str) -> str:
    """Return the definition of an index as if it were on `table`."""
    head, _, rest = definition.partition(" ON ")
    return f"{head} ON {table} USING {rest.partition(' USING ')[2]}"
