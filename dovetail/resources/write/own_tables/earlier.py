"""The written rows of a transaction as they were before: new ones were not there, and changed ones had other values.

Rows are kept as the database holds them, with all columns of their table: on PostgreSQL as the text of the composite
value, which is exact for each type, and on SQLite as the driver returns them.
"""

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import cast

from sqlalchemy import (
    ColumnElement,
    Dialect,
    Executable,
    Integer,
    String,
    Table,
    Text,
    Uuid,
    bindparam,
    column,
    inspect,
    literal_column,
    select,
    tuple_,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import SessionTransaction
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import NullType

from dovetail.errors import ConflictError
from dovetail.resources.query.keys import among
from dovetail.resources.sql.arrays import listed, listed_tuples
from dovetail.resources.visibility import Visibility
from dovetail.resources.write.own_tables.reading import check_reads_own_tables, reads_own_tables, tables_of
from dovetail.state import InfoKey
from dovetail.translation.texts import gettext

MOST_VALUES = 32_000  # a statement of SQLite has at most 32,766, one of PostgreSQL 32,767
Rule = ColumnElement[bool] | Visibility  # of a visibility its `check`


@dataclass
class Earlier:
    """The written rows of one model, with those of its base and derived classes, as they were."""

    new: dict[Hashable, None] = field(default_factory=dict)  # the keys of new rows, in the order of asking about them
    changed: dict[Hashable, None] = field(default_factory=dict)  # the keys of rows that are changed, as they were
    rows: dict[Table, list[Sequence[object]]] = field(default_factory=dict)  # these rows, in each table
    types: dict[Table, str] = field(default_factory=dict)  # on PostgreSQL the names of their composite types

    def hidden(self, written: Iterable[Hashable]) -> list[Hashable]:
        """Return the keys of the rows that are not as they were, together with those of rows just written."""
        return list(dict.fromkeys([*self.new, *self.changed, *written]))

    def count_values(self) -> int:
        """Return how many values a statement has at most that is told of the rows once, and of their keys twice."""
        found = 0
        for table, rows in self.rows.items():
            keys = list(table.primary_key.columns)
            found += sum(map(len, rows)) + (0 if are_listed(keys) else 2 * len(keys) * len(rows))
        return found

    def rows_in(self, table: Table, dialect: Dialect) -> ColumnElement[object] | None:
        """Return the SELECT of the changed rows as they were; None if there are none."""
        rows = self.rows.get(table)
        if not rows:
            return None
        if dialect.name == "sqlite":
            return _Values(*(tuple_(*(bindparam(None, one, type_=NullType()) for one in row)) for row in rows))
        texts = [row[0] for row in rows]
        return _Composites(bindparam(None, texts, type_=ARRAY(Text)), literal_column(f"{self.types[table]}[]"))


@dataclass(frozen=True)
class _OfTransaction:
    transaction: SessionTransaction | None
    models: dict[type[object], Earlier] = field(default_factory=dict)  # by the root of the inheritance


EARLIER = InfoKey[_OfTransaction]("earlier_rows")  # in `session.info`


def earlier_of(session: AsyncSession, model: type[object]) -> Earlier:
    """Return what is kept of the rows of a model in the transaction of a session, which has begun."""
    transaction = session.sync_session.get_transaction()
    found = EARLIER.find(session.info)
    if found is None or found.transaction is not transaction:
        found = _OfTransaction(transaction)
        EARLIER.set(session.info, found)
    return found.models.setdefault(inspect(model).base_mapper.class_, Earlier())


async def keep_rows(session: AsyncSession, model: type[object], rule: Rule, keys: Iterable[Hashable]) -> None:
    """Keep rows as they are before they are changed, if the rule of the change reads their own tables in a subquery.

    Otherwise no statement is executed. Of a row that is kept already the first version stays. Raise ConflictError for
    more rows than SQLite can be told of.
    """
    dialect = session.get_bind().dialect
    if isinstance(rule, Visibility):
        reads = check_reads_own_tables(rule, model, dialect)
    else:
        reads = reads_own_tables(rule, model, dialect)
    if not reads:
        return
    connection = await session.connection()  # of which the session is not flushed: what was set on objects is not there
    earlier = earlier_of(session, model)
    added = [key for key in dict.fromkeys(keys) if key not in earlier.changed and key not in earlier.new]
    if not added:
        return
    for table in tables_of(model):
        rows: Sequence[Sequence[object]] = (await connection.execute(_stored(table, added, dialect))).all()
        earlier.rows.setdefault(table, []).extend(rows)
        if rows and dialect.name != "sqlite":
            earlier.types[table] = str(rows[0][1])
    earlier.changed |= dict.fromkeys(added)
    if dialect.name == "sqlite" and earlier.count_values() > MOST_VALUES:
        raise _too_many()


def check_number(model: type[object], hidden: Sequence[Hashable]) -> None:
    """Raise ConflictError for more keys than a statement can be told of, once for each table and once more."""
    tables = [list(table.primary_key.columns) for table in tables_of(model)]
    if sum(len(columns) for columns in (tables[0], *tables) if not are_listed(columns)) * len(hidden) > MOST_VALUES:
        raise _too_many()


def keeps_rows(session: AsyncSession) -> bool:
    """Return whether rows are kept as they were."""
    found = EARLIER.find(session.info)
    return found is not None and any(earlier.changed for earlier in found.models.values())


def forget_rows(session: AsyncSession) -> None:
    """Forget the rows as they were, after a batch of a long job was checked: the next one starts from the new ones."""
    found = EARLIER.find(session.info)
    for earlier in () if found is None else found.models.values():
        earlier.changed.clear()
        earlier.rows.clear()


def with_keys(table: Table, keys: Sequence[Hashable], dialect: Dialect) -> ColumnElement[bool]:
    """Return the condition that a row of a table has one of the keys, with columns that name no table."""
    return one_of([column(one.name, one.type) for one in table.primary_key.columns], keys, dialect)


def one_of(columns: Sequence[ColumnElement[object]], keys: Sequence[Hashable], dialect: Dialect) -> ColumnElement[bool]:
    """Return the condition that the columns hold one of the keys, as one list each if their types allow it."""
    if not are_listed(columns) or not keys:
        return among(columns, keys)
    if len(columns) == 1:
        return columns[0].in_(listed(list(keys), columns[0].type, dialect))
    rows = cast("Sequence[Sequence[object]]", keys)  # a key of several columns is a tuple
    return tuple_(*columns).in_(listed_tuples(rows, [one.type for one in columns], dialect))


def are_listed(columns: Sequence[ColumnElement[object]]) -> bool:
    """Return whether any number of keys of these columns are few arguments of a statement."""
    return all(isinstance(one.type, Integer | String | Uuid) for one in columns)


def _stored(table: Table, keys: Sequence[Hashable], dialect: Dialect) -> Executable:
    """Return the SELECT of rows as `Earlier` keeps them."""
    # On PostgreSQL the name of the type is qualified where another one of this name would be found first.
    whole = ("*",) if dialect.name == "sqlite" else ("CAST(before.* AS TEXT)", "CAST(pg_typeof(before.*) AS TEXT)")
    chosen: list[ColumnElement[object]] = [literal_column(one) for one in whole]
    return select(*chosen).select_from(table.alias("before")).where(with_keys(table, keys, dialect))


def _too_many() -> ConflictError:
    return ConflictError(
        gettext("Too many rows are changed at once for a rule that asks their own table; change fewer.")
    )


class _Rows(FunctionElement[object]):
    inherit_cache = True


class _Values(_Rows):
    """Rows of SQLite, each as a tuple."""

    inherit_cache = False  # each number of rows makes another statement, and one of many takes megabytes


class _Composites(_Rows):
    """Rows of PostgreSQL: the texts of their composite values, and the type of a list of these."""

    inherit_cache = True


@compiles(_Values)
def _values(element: _Values, compiler: SQLCompiler, **kwargs: object) -> str:
    return f"VALUES {', '.join(compiler.process(one, **kwargs) for one in element.clauses)}"


@compiles(_Composites)
def _composites(element: _Composites, compiler: SQLCompiler, **kwargs: object) -> str:
    texts, kind = (compiler.process(one, **kwargs) for one in element.clauses)
    return f"SELECT * FROM unnest(CAST(CAST({texts} AS TEXT[]) AS {kind}))"  # noqa: S608 - the type's quoted name
