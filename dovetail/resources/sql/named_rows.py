"""Find rows by a unique name, such as tags, and create the missing ones."""

from collections.abc import Iterable
from functools import cache
from typing import Any, cast

from sqlalchemy import ClauseElement, Column, Dialect, inspect, literal, select, true
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from dovetail.errors import InvalidInputError, quoted
from dovetail.resources.sql.arrays import is_given, members
from dovetail.resources.sql.change_lines import ChangeLines
from dovetail.resources.sql.statements import Statement


class NamedRows:
    """Finds rows by the unique column `name` and creates missing ones; safe under concurrency."""

    def __init__(self, name: InstrumentedAttribute[str]) -> None:
        mapper = inspect(name.class_)
        (self._key,) = mapper.primary_key
        self._name = name
        self._lines = ChangeLines()
        self._find, self._make = Statement(self._select), Statement(self._insert, writes=True)

    async def find_or_make(self, session: AsyncSession, names: Iterable[str]) -> dict[str, Any]:
        """Return the primary key for each name. Raise InvalidInputError for a name longer than the column."""
        # SELECT first: in the common case that saves sequence values and locks. The INSERT makes it safe: it waits for
        # a transaction that is inserting the same name, and the SELECT after it finds that transaction's row. The names
        # are sorted, since two transactions that insert the same names in different order would deadlock.
        wanted = sorted(set(names))
        # PostgreSQL would truncate a longer name in the cast to the column's type, and SQLite would store it.
        longest = getattr(self._name.type, "length", None)
        if longest is not None and (beyond := [name for name in wanted if len(name) > longest]):
            raise InvalidInputError(f"{quoted(beyond[0])} is too long; expected {longest} characters at most.")
        keys: dict[str, object] = {}
        for statement in (self._find, self._make, self._find):
            missing = [name for name in wanted if name not in keys]
            if missing:
                found = {row[0]: row[1] for row in await statement.fetch(session, names=missing)}
                keys |= found
                if statement is self._make:
                    await self._lines.made(session, self._key, list(found.values()))
        return keys

    def _select(self, dialect: Dialect) -> ClauseElement:
        # Select the name as given: a case-insensitive column (NOCASE, citext) may hold it in another spelling.
        names = members("names", self._name.type, dialect)
        return select(names.c.value, self._key).join_from(names, self._name.class_, self._name == names.c.value)

    def _insert(self, dialect: Dialect) -> ClauseElement:
        names = members("names", self._name.type, dialect)
        table = inspect(self._name.class_).local_table
        given = {one: literal(one.default.arg, one.type) for one in table.columns if is_given(one)}
        # Without WHERE, SQLite would parse ON CONFLICT as the ON of a join.
        rows = select(names.c.value, *given.values()).where(true()).order_by(names.c.value)
        insert: Any = {"postgresql": postgresql.insert, "sqlite": sqlite.insert}[dialect.name](self._name.class_)
        made = insert.from_select([*self._name.property.columns, *given], rows).on_conflict_do_nothing()
        return cast("ClauseElement", made.returning(self._name, self._key))


def needs_value(column: Column[object]) -> bool:
    """Return True if a new row needs a value for this column besides its name."""
    has_one = column.nullable or column.server_default is not None or column.primary_key or is_given(column)
    return not has_one and column.computed is None and column.identity is None


@cache
def named_rows(name: InstrumentedAttribute[str]) -> NamedRows:
    """Return the `NamedRows` of the column `name`: one object each, so that its statements are compiled once."""
    return NamedRows(name)
