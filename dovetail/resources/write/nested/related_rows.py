"""Lock, create, update and delete the rows of one nested relation; the policy of their model decides on each row."""

from collections.abc import Hashable, Mapping, Sequence
from functools import cached_property

from pydantic import BaseModel, ValidationError
from sqlalchemy import ColumnElement, false, inspect, select
from sqlalchemy.ext.asyncio import AsyncSession

from dovetail.api.problems import body_errors
from dovetail.errors import DovetailError, FieldError, InvalidInputError, PermissionDeniedError
from dovetail.resources.conditions import is_always, is_never
from dovetail.resources.declaration.declared import ADD, CHANGE, DELETE, VIEW
from dovetail.resources.policies.closed import is_within_scopes
from dovetail.resources.query.keys import Names, have_keys, key_from, key_names, key_of
from dovetail.resources.spec import Spec
from dovetail.resources.write.locked_rows import update_rows
from dovetail.resources.write.nested.contracts import Change, RowWriter
from dovetail.resources.write.nested.objects import Changed, Object, Row, pointing, together
from dovetail.resources.write.one_row import RowChange
from dovetail.resources.write.own_tables.checks import refused_rows
from dovetail.resources.write.own_tables.earlier import keep_rows


class RelatedRows:
    """Writes the rows of the relation `name` through the writer of their model."""

    def __init__(self, outer: Spec, name: str, writer: RowWriter) -> None:
        self._outer = outer
        self._name = name
        self._writer = writer
        self._model = writer.spec.model
        self._mapped = inspect(outer.model).relationships[name]

    async def lock(
        self, session: AsyncSession, viewer: object, names: Names, keys: Sequence[Hashable]
    ) -> dict[Hashable, dict[Hashable, Row]]:
        """Lock the rows whose attributes `names` hold one of `keys` and that the viewer may view.

        Return them by that key, and then by their own primary key.
        """
        outer = self._outer.policy.related(viewer).get(self._name)
        rows = self._allowed(viewer, VIEW) if outer is None else outer
        if is_never(rows) or not keys:
            return {}
        may_change, may_delete = self._allowed(viewer, CHANGE), self._allowed(viewer, DELETE)
        statement = (
            select(self._model, may_change.label("may_change"), may_delete.label("may_delete"))
            .where(rows, have_keys(self._model, names, keys))
            .order_by(*(getattr(self._model, name) for name in key_names(self._model)))
            .with_for_update(key_share=True, of=self._model)
            .execution_options(populate_existing=True)
        )
        found: dict[Hashable, dict[Hashable, Row]] = {}
        for item, changes, deletes in await session.execute(statement):
            owner = key_from([getattr(item, name) for name in names])
            found.setdefault(owner, {})[key_of(item)] = Row(item, bool(changes), bool(deletes))
        await keep_rows(session, self._model, may_change, [key for rows in found.values() for key in rows])
        return found

    async def remove(self, session: AsyncSession, viewer: object, rows: Sequence[Row]) -> None:
        """Delete rows that the body leaves out; if their foreign key is nullable, set it to NULL instead."""
        if not rows:
            return
        if not all(row.may_delete if self._deletes else row.may_change for row in rows):
            raise self._forbidden(viewer, DELETE if self._deletes else CHANGE, f"/{self._name}")
        items = [row.item for row in rows]
        with pointing(f"/{self._name}"):
            if self._deletes:
                for item in items:
                    self._writer.check_delete(viewer, item)
                await self._writer.delete_items(session, items)
                return
            changes = [RowChange(item, dict.fromkeys(self.refers_by)) for item in items]
            await update_rows(session, self._model, changes)
        await self._check_rows(session, viewer, CHANGE, {key_of(item): f"/{self._name}" for item in items})

    async def change(self, session: AsyncSession, viewer: object, objects: Sequence[Changed]) -> list[Changed]:
        """Update rows from objects, and return the objects whose rows changed, nested rows included."""
        if not objects:
            return []
        changes = {id(one): Change(one.row.item, one.data, None) for one in objects}
        for one in objects:
            if one.differs:
                self._check_change(viewer, one, changes[id(one)])
        touched: set[Hashable] = set()

        async def write(some: Sequence[Changed]) -> None:
            touched.update(await self._writer.update_items(session, viewer, [changes[id(one)] for one in some]))

        await together(session, self._model, objects, write)
        changed = [one for one in objects if one.differs or key_of(one.row.item) in touched]
        for one in changed:
            if not one.row.may_change:
                raise self._forbidden(viewer, CHANGE, one.pointer)
        await self._check_rows(session, viewer, CHANGE, {key_of(one.row.item): one.pointer for one in changed})
        return changed

    async def make(self, session: AsyncSession, viewer: object, objects: Sequence[Object]) -> list[Hashable]:
        """Create a row for each object, and return the keys in the same order."""
        if not objects:
            return []
        if is_never(self._allowed(viewer, ADD)):
            raise self._forbidden(viewer, ADD, objects[0].pointer)
        new = [Object(one.pointer, self._as_new(one), one.known) for one in objects]
        for one in new:
            with pointing(one.pointer, one.data):
                self._writer.creator.check_create(viewer, one.data)
        keys: list[Hashable] = []

        async def write(some: Sequence[Object]) -> None:
            bodies, known = [one.data for one in some], [one.known for one in some]
            keys.extend(await self._writer.creator.create_items(session, viewer, bodies, None, known))

        await together(session, self._model, new, write)
        pointers = {key: one.pointer for key, one in zip(keys, new, strict=True)}
        await self._check_rows(session, viewer, ADD, pointers)
        return keys

    @cached_property
    def refers_by(self) -> Names:
        """The foreign key attributes of the referring row, in the order of the primary key that they refer to."""
        is_target = self._mapped.local_columns != set(inspect(self._outer.model).primary_key)
        both = self._mapped.mapper, self._mapped.parent
        mapper, other = both[::-1] if is_target else both
        pairs = [pair if is_target else pair[::-1] for pair in self._mapped.local_remote_pairs]
        by_key = {key: mapper.get_property_by_column(column).key for column, key in pairs}
        return tuple(by_key[key] for key in other.primary_key)

    def _check_change(self, viewer: object, one: Changed, change: Change[object, BaseModel, BaseModel]) -> None:
        if not one.row.may_change:
            raise self._forbidden(viewer, CHANGE, one.pointer)
        with pointing(one.pointer, one.data):
            self._writer.check_update(viewer, change)

    def _as_new(self, one: Object) -> BaseModel:
        """Convert an object of an update to the create schema. Raise InvalidInputError if it lacks a field."""
        schema = self._writer.spec.create
        if schema is None or isinstance(one.data, schema):
            return one.data
        given = one.data.model_fields_set & schema.model_fields.keys()
        try:
            made: BaseModel = schema.model_validate(
                {name: _plain(getattr(one.data, name)) for name in given}, by_name=True, by_alias=False
            )
        except ValidationError as error:
            with pointing(one.pointer, one.data):
                raise InvalidInputError(errors=body_errors(error)) from None
        return made

    async def _check_rows(
        self, session: AsyncSession, viewer: object, action: str, pointers: Mapping[Hashable, str]
    ) -> None:
        """Raise PermissionDeniedError if the viewer may not do `action` to one of the rows as they are now."""
        condition = self._allowed(viewer, action)
        if is_always(condition) or not pointers:
            return
        names = key_names(self._model)
        columns = [getattr(self._model, name) for name in names]
        statement = select(*columns).where(have_keys(self._model, names, list(pointers)), condition)
        allowed = {key_from(row) for row in await session.execute(statement)}
        if action != DELETE and len(allowed) == len(pointers):
            allowed -= set(await refused_rows(session, self._model, action, condition, list(pointers)))
        for key, pointer in pointers.items():
            if key not in allowed:
                raise self._forbidden(viewer, action, pointer)

    def _allowed(self, viewer: object, action: str) -> ColumnElement[bool]:
        """Return the condition on the rows to which the viewer may do `action`; a token's scopes limit it too."""
        if not is_within_scopes(viewer, self._model, action):
            return self._writer.spec.policy.where(None, VIEW) if action == VIEW else false()
        found: ColumnElement[bool] = self._writer.spec.policy.where(viewer, action)
        return found

    def _forbidden(self, viewer: object, action: str, pointer: str) -> DovetailError:
        refusal = self._writer.spec.refusal(viewer, action)
        if isinstance(refusal, PermissionDeniedError):
            refusal.errors = (FieldError(pointer=pointer, detail=refusal.detail, type=refusal.slug),)
        return refusal

    @cached_property
    def _deletes(self) -> bool:
        """True if rows left out are deleted: by `delete-orphan`, or because their foreign key cannot be NULL."""
        columns = [getattr(self._model, name).property.columns[0] for name in self.refers_by]
        return self._mapped.cascade.delete_orphan or not all(column.nullable for column in columns)


def _plain(value: object) -> object:
    """Return a value with models dumped to dicts, for validation by another schema."""
    if isinstance(value, BaseModel):
        return value.model_dump(exclude_unset=True)
    return [_plain(one) for one in value] if isinstance(value, list) else value
