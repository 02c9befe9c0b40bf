"""The selected rows of an action, which it can change by a statement without loading them."""

from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from typing import Generic, cast

from sqlalchemy import (
    Boolean,
    Column,
    ColumnElement,
    Date,
    DateTime,
    Integer,
    Numeric,
    String,
    Table,
    Time,
    Uuid,
    inspect,
    literal,
    or_,
    true,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import MANYTOONE, Mapper
from typing_extensions import TypeVar

from dovetail.contrib.admin.request_context import request_context
from dovetail.contrib.admin.writing.first_try import moments, stopping_midway
from dovetail.contrib.admin.writing.updating import has_listeners, keys_behind, write_together
from dovetail.database.drivers.sqlalchemy_private_statements import variants_of
from dovetail.resources.declaration.model_rules import set_value
from dovetail.resources.query.keys import among, key_of
from dovetail.resources.sql.arrays import among_many

Model = TypeVar("Model", default=object)
# Types, but for those made of others, of which the database says as Python does whether two values are the same.
COMPARED = (Boolean, Integer, Numeric, String, Date, DateTime, Time, Uuid)


class SelectedRows(Generic[Model]):
    """The rows that an action is done with, 500 of those that were selected, or some thousand: none of them is loaded.

        @action(description="Publish", permissions=["change"])
        async def publish(self, request: Request, posts: SelectedRows[Post]) -> str:
            await posts.update(is_published=True)
            return f"{len(posts)} posts published."

    `keys` are their primary keys, in order, a tuple each where it has several columns.
    """

    def __init__(
        self,
        model: type[object],
        keys: Sequence[Hashable],
        load: Callable[[], Awaitable[Sequence[Model]]],
        loaded: Sequence[Model] | None = None,
    ) -> None:
        self.keys = keys
        self.loaded = loaded
        self.in_savepoint = True
        self.has_failed = False  # by a statement of ours; without a savepoint half of it may be done
        self._model, self._load = model, load

    def __len__(self) -> int:
        return len(self.keys)

    @property
    def condition(self) -> ColumnElement[bool]:
        """The condition that a row is one of these, for statements of the action's own."""
        return among(inspect(self._model).primary_key, self.keys)

    async def objects(self) -> Sequence[Model]:
        """Return the rows as objects, loaded once: what is set on them is written when the action returns."""
        if self.loaded is None:
            self.loaded = await self._load()
        return self.loaded

    async def update(self, /, **values: object) -> int:
        """Set columns of all these rows, or relations to one object; return how many rows they are.

        It is one UPDATE of those that hold something else, whose lines the history keeps. The objects are loaded and
        set if something listens to them, or checks their values. A value may be SQL, `views=Post.views + 1`. Raise
        TypeError for what is no column of the model, and no such relation.
        """
        mapper: Mapper[object] = inspect(self._model)
        written, session = _written(mapper, values), request_context().session
        if not written:
            return len(self)
        if self.loaded is None and not has_listeners(session, mapper) and all(map(_is_compared, written)):
            await self._update(session, mapper, written)
            return len(self)
        objects = await self.objects()
        for obj in objects:
            for name, value in values.items():
                set_value(obj, name, value)
        await write_together(session, self._model, objects)
        return len(self)

    async def _update(
        self, session: AsyncSession, mapper: Mapper[object], values: Mapping[Column[object], object]
    ) -> None:
        given = {one: value if _is_sql(value) else literal(value, one.type) for one, value in values.items()}
        differ = [true() if _is_sql(values[one]) else one.is_distinct_from(value) for one, value in given.items()]
        chosen = among_many(mapper.primary_key, self.keys, session.get_bind().dialect)
        statement = update(cast("Table", mapper.local_table)).where(chosen, or_(*differ))
        if not self.in_savepoint:
            given, statement = {**moments(mapper.local_table.columns), **given}, stopping_midway(statement)
        await session.flush()  # what the action did before
        try:
            await (await session.connection()).execute(statement.values(given))
        except Exception:
            self.has_failed = True
            raise
        known = [one for one in session.sync_session.identity_map.values() if isinstance(one, self._model)]
        for obj in known:  # the user, say, who changes users
            if key_of(obj) in self.keys:
                await session.refresh(obj)


def _written(mapper: Mapper[object], values: Mapping[str, object]) -> dict[Column[object], object]:
    """Return what is set, by column. Raise TypeError for a name that says nothing that can be set."""
    found: dict[str, object] = {}
    for name, value in values.items():
        if name in mapper.column_attrs:
            found[name] = value
        elif name in mapper.relationships and mapper.relationships[name].direction is MANYTOONE:
            found |= keys_behind(mapper, name, value)
        else:
            raise TypeError(
                f"update() sets {name!r}, expected a column of {mapper.class_.__name__}, or a relation to one object"
            )
    columns = {name: mapper.column_attrs[name].columns[0] for name in found}
    computed = [name for name, one in columns.items() if not isinstance(one, Column) or one.primary_key]
    if computed:
        raise TypeError(f"update() sets {computed[0]!r}, which is a key or computed; it stays as it is")
    return {one: found[name] for name, one in columns.items() if isinstance(one, Column)}


def _is_compared(column: Column[object]) -> bool:
    kind = column.type
    is_own = bool(variants_of(kind)) or type(kind).__name__ == "CITEXT" or getattr(kind, "collation", None) is not None
    return isinstance(kind, COMPARED) and not is_own


def _is_sql(value: object) -> bool:
    return isinstance(value, ColumnElement) or hasattr(value, "__clause_element__")
