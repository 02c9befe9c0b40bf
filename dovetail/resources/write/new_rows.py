"""The rule of "add" for new rows, which may not be what allows them: neither themselves nor other rows of the request.

The rule is asked after the INSERT, so a subquery on the model's own table ("managers may add members") would read the
new rows too. Here the tables are hidden from subqueries by CTEs of the same names, which leave out the new rows:

    SELECT membership.id FROM membership WHERE membership.id IN (:new)
        AND (WITH membership AS (SELECT * FROM membership WHERE NOT (id IN (:new))) SELECT <rule>)

Columns of the row itself, such as `membership.user_id`, are those of the outer FROM. PostgreSQL's row-level security
does not see the new rows of a statement either.
"""

import re
from collections.abc import Collection, Hashable, Sequence
from typing import NamedTuple, TypeAlias

from sqlalchemy import Column, ColumnElement, Dialect, FromClause, Integer, String, Table, Uuid, column, inspect, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import SessionTransaction
from sqlalchemy.sql.compiler import SQLCompiler

from dovetail.database.search.selective_conditions import Condition
from dovetail.resources.conditions import has_subquery
from dovetail.resources.declaration.declared import ADD
from dovetail.resources.query.keys import among, key_from, key_names
from dovetail.resources.read.reader import Batch
from dovetail.resources.spec import Spec
from dovetail.resources.sql.arrays import listed
from dovetail.resources.visibility import Visibility
from dovetail.state import InfoKey

NewKeys: TypeAlias = dict[type[object], dict[Hashable, None]]  # in the order in which they were asked about


class _Asked(NamedTuple):
    """The keys of the new rows of a transaction, by the model at the root of the inheritance."""

    transaction: SessionTransaction | None
    keys: NewKeys


ASKED = InfoKey[_Asked]("new_rows")  # in `session.info`


async def check_written(  # noqa: PLR0917 - who did what to which rows, and what they are now
    spec: Spec,
    session: AsyncSession,
    viewer: object,
    action: str,
    visibility: Visibility,
    batch: Batch,
    keys: Sequence[Hashable],
) -> None:
    """Raise the refusal of `action` if the policy does not allow one of the rows just written.

    `batch` holds them as they are now, with `visibility.check` for this action.
    """
    is_refused = bool(batch.refused())
    if not is_refused and action == ADD and visibility.check_asks_rows:
        is_refused = bool(await refused_new_rows(session, spec.model, visibility.check, keys))
    if is_refused:
        raise spec.refusal(viewer, action)


async def refused_new_rows(
    session: AsyncSession, model: type[object], rule: ColumnElement[bool] | None, keys: Sequence[Hashable]
) -> list[Hashable]:
    """Return the keys of those new rows that do not fulfil the rule of "add" without the new rows of the transaction.

    The rows are written already, and fulfil the rule with them. Without subqueries on the model's own tables the answer
    is the same, and no statement is executed.
    """
    dialect = session.get_bind().dialect
    if rule is None or not keys or not reads_own_tables(rule, model, dialect):
        return []
    await session.connection()  # so that there is a transaction
    columns = [getattr(model, name) for name in key_names(model)]
    hidden = _with_earlier(session, model, keys)
    unseeing = _Unseeing(rule, inspect(model).tables, hidden, dialect)
    asked = select(*columns).where(_one_of(columns, keys, dialect), unseeing)
    allowed = {key_from(row) for row in await session.execute(asked)}
    return [key for key in keys if key not in allowed]


def reads_own_tables(rule: ColumnElement[bool], model: type[object], dialect: Dialect) -> bool:
    """Return whether a subquery of a condition on rows of a model reads one of the model's tables."""
    if not has_subquery(rule):
        return False
    # The SQL is compared: only there joins along relations, and text, name the tables that they read.
    plain = select(*(getattr(model, name) for name in key_names(model)))
    without, within = (str(one.compile(dialect=dialect)) for one in (plain, plain.where(rule)))
    names = (table.name for table in inspect(model).tables if isinstance(table, Table))
    return any(_times_read(name, within) > _times_read(name, without) for name in names)


def _times_read(name: str, sql: str) -> int:
    """Return how often a table is named but for its columns."""
    return len(re.findall(rf'(?<!\w){re.escape(name)}(?!["\w]*\.|\w)', sql, re.IGNORECASE))


def _with_earlier(session: AsyncSession, model: type[object], keys: Sequence[Hashable]) -> list[Hashable]:
    """Return the keys together with those that were asked about earlier in the transaction."""
    transaction = session.sync_session.get_transaction()
    asked = ASKED.find(session.info)
    if asked is None or asked.transaction is not transaction:
        asked = _Asked(transaction, {})
        ASKED.set(session.info, asked)
    known = asked.keys.setdefault(inspect(model).base_mapper.class_, {})
    known.update(dict.fromkeys(keys))
    return list(known)


def _one_of(
    columns: Sequence[ColumnElement[object]], keys: Collection[Hashable], dialect: Dialect
) -> ColumnElement[bool]:
    """Return the condition that the columns hold one of the keys: as one argument if their type allows it."""
    if len(columns) > 1 or not isinstance(columns[0].type, Integer | String | Uuid):
        return among(columns, keys)
    return columns[0].in_(listed(list(keys), columns[0].type, dialect))


class _Unseeing(Condition):
    """A rule that does not see the rows with the keys `hidden` in subqueries on these tables."""

    inherit_cache = True

    def __init__(
        self,
        rule: ColumnElement[bool],
        tables: Sequence[FromClause],
        hidden: Collection[Hashable],
        dialect: Dialect,
    ) -> None:
        self.tables = [table for table in tables if isinstance(table, Table)]
        super().__init__(rule, *(_one_of(_own_keys(table), hidden, dialect) for table in self.tables))


def _own_keys(table: Table) -> list[ColumnElement[object]]:
    keys: Sequence[Column[object]] = list(table.primary_key.columns)
    return [column(one.name, one.type) for one in keys]


@compiles(_Unseeing)
def _hiding(element: _Unseeing, compiler: SQLCompiler, **kwargs: object) -> str:
    rule, *hidden = (compiler.process(one, **kwargs) for one in element.clauses)
    ctes = []
    for table, chosen in zip(element.tables, hidden, strict=True):
        name, place = compiler.preparer.format_table(table, use_schema=False), compiler.preparer.format_table(table)
        # In the rule the table is called as its CTE, without its schema.
        rule = name.join(re.split(rf'(?<![\w."]){re.escape(place)}(?![\w"])', rule))
        if compiler.dialect.name == "sqlite":  # where the CTE would find itself under the name
            place = f"main.{name}"
        others = f"{place} WHERE NOT ({chosen})"
        ctes.append(f"{name} AS NOT MATERIALIZED (SELECT * FROM {others})")  # noqa: S608 - names that are quoted
    return f"(WITH {', '.join(ctes)} SELECT {rule})"
