"""Many-to-many links written by names, such as a post's `tags`: finding the named rows, and the statements for links.

    posts = Resource(..., links={"tags": Tag.name})

The column has to be unique. If all named rows exist, the INSERT of the new row finds them itself; missing ones are
created. A function instead of a column finds them in another way:

    async def find_tags(session: AsyncSession, names: Collection[str]) -> Mapping[str, int]: ...

It is called once per request with all names in it, and returns the key of each; it may create missing rows. The field
is a list in the create and update schemas, and a many-to-many relation of the model.
"""

from collections.abc import Collection, Hashable, Iterator, Mapping, Sequence
from typing import TypeAlias

from pydantic import MISSING, BaseModel
from sqlalchemy import CTE, Column, Dialect, Executable, FromClause, Insert, Select, bindparam, inspect, select
from sqlalchemy.ext.asyncio import AsyncSession

from dovetail.resources.declaration.declared import FindLinks
from dovetail.resources.sql.arrays import Pairs, insert_links, listed_keys

Links: TypeAlias = Mapping[str, Mapping[object, object]]  # the key of each name, by field
LinksOfRow: TypeAlias = dict[str, list[object]]  # the keys of the linked rows, by field


async def find_links(finders: Mapping[str, FindLinks], session: AsyncSession, items: Sequence[BaseModel]) -> Links:
    """Return the keys of all names in `items`, found at once, so that two requests that create rows cannot deadlock."""
    found: dict[str, Mapping[object, object]] = {}
    for field, find in finders.items():
        wanted = {name for item in items for name in named(item, field) or ()}
        found[field] = await find(session, wanted) if wanted else {}
    return found


def keys_of(data: BaseModel, found: Links) -> LinksOfRow:
    """Return the keys that `data` names, by field; fields that it does not set are left out."""
    given = {field: named(data, field) for field in found}
    return {
        field: list(dict.fromkeys(found[field][name] for name in names))
        for field, names in given.items()
        if names is not None
    }


async def change_links(
    session: AsyncSession,
    model: type[object],
    field: str,
    wanted: Mapping[Hashable, Sequence[Hashable]],
    visible: Select[object] | None = None,
) -> set[Hashable]:
    """Set the links of locked rows: `wanted` has, by key, the keys of the rows to link. Return the keys that changed.

    Links to rows that are not in `visible` stay as they are.
    """
    own, other = link_columns(model, field)
    connection = await session.connection()
    shown = () if visible is None else (other.in_(visible),)
    found = (await connection.execute(select(own, other).where(own.in_(wanted), *shown))).all()
    there = {(row[0], row[1]) for row in found}
    asked = {(key, one) for key, keys in wanted.items() for one in keys}
    gone, new = sorted(there - asked), sorted(asked - there)
    if gone:
        await connection.execute(*Pairs(own, other, gone).delete(connection.dialect))
    if new:
        await connection.execute(*Pairs(own, other, new).insert(connection.dialect))
    return {pair[0] for pair in (*gone, *new)}


def link_statement(model: type[object], name: str, by: Column[object] | None, dialect: Dialect) -> Insert:
    """Return the INSERT of links from the row with the placeholder `key` to the rows in the placeholder `keys`.

    `keys` holds values of the column `by`, if one is given, and keys otherwise.
    """
    own, other = link_columns(model, name)
    keys = listed_keys("keys", other, by, dialect)
    return insert_links(own, other, select(bindparam("key", type_=own.type), keys.c.value))


def link_many_statements(
    model: type[object], keys: Sequence[object], links: Sequence[Mapping[str, Sequence[object]]], dialect: Dialect
) -> Iterator[tuple[Executable, dict[str, object]]]:
    """Yield for each relation the INSERT of all `links` of the rows with these keys, and its arguments."""
    for name in dict.fromkeys(name for row in links for name in row):
        pairs = [(key, one) for key, row in zip(keys, links, strict=True) for one in row.get(name, ())]
        if pairs:
            yield Pairs(*link_columns(model, name), pairs).insert(dialect)


def link_cte(model: type[object], name: str, row: CTE, keys: FromClause, dialect: Dialect) -> CTE:
    """Return a CTE of the links from the new `row` to the rows of `keys` (see `listed_keys`).

    It has the name of the link table and so hides it: the read in the same statement finds these links, though they are
    not in the table yet. On PostgreSQL the CTE also inserts them; on SQLite `link_statement` has to.
    """
    own, other = link_columns(model, name)
    (key,) = inspect(model).primary_key
    pairs = select(row.c[key.key].label(own.name), keys.c.value.label(other.name))
    if dialect.name == "sqlite":
        return pairs.cte(own.table.name)
    return insert_links(own, other, pairs).returning(*own.table.c).cte(own.table.name)


def link_columns(model: type[object], name: str) -> tuple[Column[object], Column[object]]:
    """Return the link table's columns: the one that refers to `model`, and the one that refers to the target."""
    relation = inspect(model).relationships[name]
    ((_, own),) = relation.synchronize_pairs
    ((_, other),) = relation.secondary_synchronize_pairs
    return own, other


def named(data: BaseModel, field: str) -> Collection[object] | None:
    """Return the names that `data` has in a field; None if it does not set the field."""
    value = getattr(data, field, MISSING)
    return None if value is MISSING else value
