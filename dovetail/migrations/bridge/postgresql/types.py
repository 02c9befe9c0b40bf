"""Enums and domains of PostgreSQL: created before the first column that uses one, changed, and dropped after the last.

Alembic creates them only with a CREATE TABLE: an added column would lack its type, and types left behind by a dropped
table would break the next CREATE.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import ARRAY, Connection, Dialect, text
from sqlalchemy.dialects.postgresql import DOMAIN, ENUM, CreateDomainType, CreateEnumType
from sqlalchemy.schema import ExecutableDDLElement
from sqlalchemy.types import TypeDecorator, TypeEngine

Named = ENUM | DOMAIN

# regclass and regtype print names quoted, and with their schema where that is needed.
_USED_BY_TABLE = text("""
SELECT DISTINCT pg_type.oid FROM pg_attribute JOIN pg_type ON pg_type.oid IN (atttypid, (
    SELECT typelem FROM pg_type AS list WHERE list.oid = atttypid AND list.typcategory = 'A'))
WHERE attrelid = to_regclass(:table) AND attnum > 0 AND NOT attisdropped AND typtype IN ('e', 'd')
""")
_UNUSED = text("""
SELECT CASE typtype WHEN 'd' THEN 'DOMAIN ' ELSE 'TYPE ' END || CAST(oid AS regtype) FROM pg_type
WHERE oid = ANY(CAST(:types AS oid[])) AND NOT EXISTS (
    SELECT FROM pg_depend WHERE refclassid = CAST('pg_type' AS regclass) AND deptype = 'n'
    AND refobjid IN (pg_type.oid, pg_type.typarray))
""")
_LABELS = text("""
SELECT CAST(enumlabel AS text) FROM pg_enum WHERE enumtypid = to_regtype(:name) ORDER BY enumsortorder
""")
_ENUMS_WITHOUT_CHECK = text("""
SELECT typname FROM pg_type WHERE oid = ANY(CAST(:types AS oid[])) AND typtype = 'e' AND NOT EXISTS (
    SELECT FROM pg_constraint WHERE conrelid = to_regclass(:table) AND conname = :check)
""")
_EXISTS = text("SELECT to_regtype(:name) IS NOT NULL")
_COLUMNS = text("""
SELECT CAST(attrelid AS regclass) || '' AS relation, quote_ident(attname) AS name, typcategory = 'A' AS is_array,
    pg_get_expr(adbin, adrelid) AS default_
FROM pg_attribute JOIN pg_type ON pg_type.oid = atttypid JOIN pg_class ON pg_class.oid = attrelid
LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
WHERE to_regtype(:name) IN (pg_type.oid, typelem) AND NOT attisdropped AND relkind IN ('r', 'p')
""")


def named_types(found: TypeEngine[object], dialect: Dialect) -> Iterator[Named]:
    """Return the enums and domains that a column of this type needs."""
    found = found.dialect_impl(dialect)
    while isinstance(found, TypeDecorator):
        found = found.impl_instance.dialect_impl(dialect)
    if isinstance(found, ARRAY):
        yield from named_types(found.item_type, dialect)
    elif isinstance(found, (ENUM, DOMAIN)) and found.create_type:
        yield found


def labels(found: Named) -> tuple[str | None, list[str]]:
    """Return the name of a type, and the labels of an enum."""
    return found.name, list(found.enums) if isinstance(found, ENUM) else []


def sql_name(found: Named, dialect: Dialect) -> str:
    """Return the name of a type as SQL."""
    return dialect.identifier_preparer.format_type(found)  # type: ignore[attr-defined,no-any-return]  # PostgreSQL's has it


def creation(found: Named) -> ExecutableDDLElement:
    """Return the statement that makes a type."""
    return CreateEnumType(found) if isinstance(found, ENUM) else CreateDomainType(found)


def exists(connection: Connection, found: Named) -> bool:
    """Return True if there is a type of this name."""
    return bool(connection.scalar(_EXISTS, {"name": sql_name(found, connection.dialect)}))


def changes(connection: Connection, found: ENUM, *, may_add: bool) -> Iterator[str]:
    """Return the statements that give an existing enum the labels of `found`; none if it has them already.

    With `may_add`, labels that are only added are added in place: no row is written anew, but the transaction that
    adds one cannot use it. Otherwise every column that has the type is changed over to a new one of its name.
    """
    name = sql_name(found, connection.dialect)
    labels = list(connection.scalars(_LABELS, {"name": name}))
    wanted = list(found.enums)
    if labels == wanted:
        return
    if may_add and labels == [label for label in wanted if label in labels]:
        yield from _additions(name, labels, wanted)
        return
    columns = connection.execute(_COLUMNS, {"name": name}).all()
    old = connection.dialect.identifier_preparer.quote(f"{found.name}_before")
    yield f"ALTER TYPE {name} RENAME TO {old}"
    yield str(creation(found).compile(dialect=connection.dialect))
    for column in columns:
        yield from _change_over(column, name)
    yield f"DROP TYPE {name.removesuffix(name.rpartition('.')[2])}{old}"


def types_of_table(connection: Connection, table: str) -> list[int]:
    """Return the OIDs of the enums and domains of a table's columns; `table` is its name as SQL."""
    return list(connection.scalars(_USED_BY_TABLE, {"table": table}))


def enums_without_check(connection: Connection, table: str, check: str) -> list[str]:
    """Return the names of the enums of a table that has no check called so; `table` is its name as SQL."""
    types = types_of_table(connection, table)
    return list(connection.scalars(_ENUMS_WITHOUT_CHECK, {"types": types, "table": table, "check": check}))


def unused(connection: Connection, types: Sequence[int]) -> list[str]:
    """Return those of the types that no column has any more, as `TYPE name` or `DOMAIN name`."""
    return list(connection.scalars(_UNUSED, {"types": list(types)})) if types else []


def _additions(name: str, labels: Sequence[str], wanted: Sequence[str]) -> Iterator[str]:
    for position, label in enumerate(wanted):
        if label not in labels:
            where = f"AFTER {_literal(wanted[position - 1])}" if position else f"BEFORE {_literal(labels[0])}"
            yield f"ALTER TYPE {name} ADD VALUE {_literal(label)} {where}"


def _change_over(column: Any, name: str) -> Iterator[str]:
    alter, list_ = f"ALTER TABLE {column.relation} ALTER COLUMN {column.name}", "[]" * column.is_array
    if column.default_:
        yield f"{alter} DROP DEFAULT"
    yield f"{alter} TYPE {name}{list_} USING {column.name}::text{list_}::{name}{list_}"
    if column.default_:
        yield f"{alter} SET DEFAULT {column.default_}"


def _literal(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
