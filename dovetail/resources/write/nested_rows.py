"""The rows of one relation that stand as objects in the bodies of others, see `nested.py`."""

from collections.abc import Awaitable, Callable, Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import Generic, Protocol, TypeAlias, TypeVar

from pydantic import MISSING, BaseModel, ValidationError
from sqlalchemy import ColumnElement, false, inspect, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from dovetail.database.error_translation import client_error
from dovetail.errors import DovetailError, FieldError, InvalidInputError, PermissionDeniedError
from dovetail.resources.conditions import is_always, is_never
from dovetail.resources.declaration.declared import ADD, CHANGE, DELETE, VIEW, Model, Replace, Update
from dovetail.resources.declaration.model_rules import is_same
from dovetail.resources.policies.closed import is_within_scopes
from dovetail.resources.query.keys import Names, have_keys, key_from, key_names, key_of, key_text, key_values
from dovetail.resources.schemas.pointers import as_sent
from dovetail.resources.spec import Spec
from dovetail.resources.write.at_once import values_of
from dovetail.resources.write.locked_rows import update_rows
from dovetail.resources.write.one_row import RowChange

Values: TypeAlias = Mapping[str, object]  # by attribute
Written = TypeVar("Written", bound="_Object")
NO_VALUES: Values = {}


@dataclass(frozen=True)
class Change(Generic[Model, Update, Replace]):
    """A change that a client asks for, of a row that is locked."""

    item: Model
    data: Update | Replace
    if_match: str | None


class NestedWriter(Protocol):
    """Tells whether bodies hold objects."""

    def are_named(self, bodies: Sequence[BaseModel]) -> bool:
        """Return True if one of them does."""


class RowWriter(Protocol):
    """Writes rows of a model, see `writer.py`."""

    @property
    def spec(self) -> Spec:
        """The declaration of the rows."""

    @property
    def nested(self) -> NestedWriter:
        """The writer of the rows within them."""

    def check_create(self, viewer: object, data: BaseModel) -> None:
        """Raise PermissionDeniedError for a field that the viewer may not write."""

    def check_update(self, viewer: object, change: "Change[object, BaseModel, BaseModel]") -> None:
        """Raise the same."""

    def check_delete(self, viewer: object, item: object) -> None:
        """Raise what a hook raises."""

    async def create_items(
        self, session: AsyncSession, viewer: object, items: Sequence[BaseModel], found: None, known: Sequence[Values]
    ) -> list[Hashable]:
        """Create rows with values that do not stand in their bodies; return their keys."""

    async def update_items(
        self, session: AsyncSession, viewer: object, changes: "Sequence[Change[object, BaseModel, BaseModel]]"
    ) -> set[Hashable]:
        """Update rows; return the keys of those within which something has changed."""

    async def delete_items(self, session: AsyncSession, items: Sequence[object]) -> None:
        """Delete rows."""


@dataclass(frozen=True)
class _Row:
    """A row that is there, locked, and what the viewer may do to it."""

    item: object
    may_change: bool
    may_delete: bool


@dataclass(frozen=True)
class _Object:
    """An object in a body, where it stands there, and the values that it has from elsewhere."""

    pointer: str
    data: BaseModel
    known: Values = field(default_factory=dict)


@dataclass(frozen=True)
class _Changed(_Object):
    """An object that is there."""

    row: _Row | None = None
    differs: bool = True  # itself, and not only what it holds
    owner: Hashable = None  # the key of the row around it


class NestedRelation:
    """Writes the rows of the relation `name`, by the writer of their model."""

    def __init__(self, spec: Spec, name: str, writer: RowWriter) -> None:
        self._outer = spec
        self._name = name
        self._writer = writer
        self._model = writer.spec.model
        self._mapped = inspect(spec.model).relationships[name]

    async def write_parts(
        self, session: AsyncSession, viewer: object, rows: Sequence[tuple[Hashable, BaseModel, bool]]
    ) -> set[Hashable]:
        """Write the rows that refer to others, see `NestedRows`."""
        old = [key for key, _, is_new in rows if not is_new]
        there = await self._load(session, viewer, self._refers_by, old) if old else {}
        new: list[_Object] = []
        changed: list[_Changed] = []
        gone: list[_Row] = []
        touched: set[Hashable] = set()
        for key, body, _ in rows:
            mine = {own: row for (owner, own), row in there.items() if owner == key}
            known = dict(zip(self._refers_by, key_values(self._outer.keys, key).values(), strict=True))
            seen: set[Hashable] = set()
            for pointer, data in self._objects(body):
                own = self._key_in(data, known, mine, pointer)
                if own is None:
                    new.append(_Object(pointer, data, known))
                elif own in seen:
                    detail = f"The {self._writer.spec.singular} {key_text(own)} comes twice."
                    raise _invalid(pointer, detail, "repeated")
                else:
                    seen.add(own)
                    changed += self._changed(pointer, data, mine[own], key)
            left_out = [row for own, row in mine.items() if own not in seen]
            gone += left_out
            if left_out or any(one.known is known for one in new):
                touched.add(key)
        await self._remove(session, viewer, gone)
        touched |= {one.owner for one in await self._change(session, viewer, changed)}
        await self._make(session, viewer, new)
        return touched

    async def write_targets(
        self, session: AsyncSession, viewer: object, rows: Sequence[tuple[BaseModel, object | None]]
    ) -> list[tuple[Values, bool]]:
        """Write the rows that others refer to; return for each of these its new values, and whether it has changed."""
        names, pointer = key_names(self._model), f"/{self._name}"
        current = [self._target_of(item) for _, item in rows]
        wanted = [key for key in current if key is not None]
        there = await self._load(session, viewer, names, wanted) if wanted else {}
        found: list[tuple[Values, bool]] = []
        for (body, _), key in zip(rows, current, strict=True):
            data = getattr(body, self._name)
            if data is None:
                found.append((dict.fromkeys(self._refers_by), False))
                continue
            mine = {key: there[key, key]} if key is not None and (key, key) in there else {}
            if key is not None and not mine:
                raise _invalid(pointer, f"There is no {self._writer.spec.singular} that you may change.", "unknown")
            own = self._key_in(data, NO_VALUES, mine, pointer)
            if own is None:
                (made,) = await self._make(session, viewer, [_Object(pointer, data)])
                found.append((dict(zip(self._refers_by, key_values(names, made).values(), strict=True)), True))
            else:
                changed = await self._change(session, viewer, self._changed(pointer, data, mine[own], key))
                found.append((NO_VALUES, bool(changed)))
        return found

    async def _load(
        self, session: AsyncSession, viewer: object, names: Names, keys: Sequence[Hashable]
    ) -> dict[tuple[Hashable, Hashable], _Row]:
        """Return the rows that the viewer may see, locked, by the key in the attributes `names` and by their own."""
        outer = self._outer.policy.related(viewer).get(self._name)
        rows = self._rows(viewer, VIEW) if outer is None else outer
        if is_never(rows):
            return {}
        may_change, may_delete = self._rows(viewer, CHANGE), self._rows(viewer, DELETE)
        statement = (
            select(self._model, may_change.label("may_change"), may_delete.label("may_delete"))
            .where(rows, have_keys(self._model, names, keys))
            .order_by(*(getattr(self._model, name) for name in key_names(self._model)))
            .with_for_update(key_share=True, of=self._model)
            .execution_options(populate_existing=True)
        )
        found = [_Row(row[0], bool(row[1]), bool(row[2])) for row in await session.execute(statement)]
        return {(key_from([getattr(one.item, name) for name in names]), key_of(one.item)): one for one in found}

    def _objects(self, body: BaseModel) -> Iterator[tuple[str, BaseModel]]:
        """Yield what a body holds, each with the pointer to it."""
        found, pointer = getattr(body, self._name), f"/{self._name}"
        if isinstance(found, BaseModel):
            yield pointer, found
        else:
            yield from ((f"{pointer}/{number}", one) for number, one in enumerate(found or ()))

    def _key_in(self, data: BaseModel, known: Values, mine: Mapping[Hashable, _Row], pointer: str) -> Hashable | None:
        """Return the key of the row that an object is; None if it is a new one. Raise InvalidInputError."""
        names = key_names(self._model)
        own = [name for name in names if name not in known]
        given = {name: getattr(data, name, MISSING) for name in own}
        if any(value is MISSING or value is None for value in given.values()):
            return None if self._mapped.uselist else next(iter(mine), None)
        key = key_from([{**known, **given}[name] for name in names])
        if key in mine:
            return key
        if own and not any(_is_made(self._model, name) for name in own):
            return None
        if not own:
            return None
        raise _invalid(f"{pointer}/{own[0]}", f"There is no {self._writer.spec.singular} {key_text(key)}.", "unknown")

    def _changed(self, pointer: str, data: BaseModel, row: _Row, owner: Hashable) -> list[_Changed]:
        """Return the object if it differs from the row that it is, or holds others."""
        values = values_of(self._writer.spec, data, frozenset())
        differs = any(not is_same(getattr(row.item, name), value) for name, value in values.items())
        if not differs and not self._writer.nested.are_named([data]):
            return []
        return [_Changed(pointer, data, row=row, differs=differs, owner=owner)]

    async def _remove(self, session: AsyncSession, viewer: object, rows: Sequence[_Row]) -> None:
        if not rows:
            return
        action = DELETE if self._deletes else CHANGE
        if not all(row.may_delete if self._deletes else row.may_change for row in rows):
            raise self._forbidden(viewer, action, f"/{self._name}")
        items = [row.item for row in rows]
        with _pointing(f"/{self._name}"):
            if self._deletes:
                for item in items:
                    self._writer.check_delete(viewer, item)
                await self._writer.delete_items(session, items)
                return
            changes = [RowChange(item, dict.fromkeys(self._refers_by)) for item in items]
            await update_rows(session, self._model, changes)
        await self._check_rows(session, viewer, CHANGE, {key_of(item): f"/{self._name}" for item in items})

    async def _change(self, session: AsyncSession, viewer: object, objects: Sequence[_Changed]) -> list[_Changed]:
        """Change rows as the objects say, and return those of which something has changed."""
        if not objects:
            return []
        changes = {id(one): Change(_row_of(one).item, one.data, None) for one in objects}
        for one in objects:
            if one.differs:
                self._check_change(viewer, one, changes[id(one)])
        touched: set[Hashable] = set()

        async def write(some: Sequence[_Changed]) -> None:
            touched.update(await self._writer.update_items(session, viewer, [changes[id(one)] for one in some]))

        await _together(session, objects, write)
        changed = [one for one in objects if one.differs or key_of(_row_of(one).item) in touched]
        for one in changed:
            if not _row_of(one).may_change:
                raise self._forbidden(viewer, CHANGE, one.pointer)
        await self._check_rows(session, viewer, CHANGE, {key_of(_row_of(one).item): one.pointer for one in changed})
        return changed

    def _check_change(self, viewer: object, one: _Changed, change: "Change[object, BaseModel, BaseModel]") -> None:
        if not _row_of(one).may_change:
            raise self._forbidden(viewer, CHANGE, one.pointer)
        with _pointing(one.pointer, one.data):
            self._writer.check_update(viewer, change)

    async def _make(self, session: AsyncSession, viewer: object, objects: Sequence[_Object]) -> list[Hashable]:
        if not objects:
            return []
        if is_never(self._rows(viewer, ADD)):
            raise self._forbidden(viewer, ADD, objects[0].pointer)
        new = [_Object(one.pointer, self._as_new(one), one.known) for one in objects]
        for one in new:
            with _pointing(one.pointer, one.data):
                self._writer.check_create(viewer, one.data)
        keys: list[Hashable] = []

        async def write(some: Sequence[_Object]) -> None:
            bodies, known = [one.data for one in some], [one.known for one in some]
            keys.extend(await self._writer.create_items(session, viewer, bodies, None, known))

        await _together(session, new, write)
        pointers = {key: one.pointer for key, one in zip(keys, new, strict=True)}
        await self._check_rows(session, viewer, ADD, pointers)
        return keys

    def _as_new(self, one: _Object) -> BaseModel:
        """Return an object of a change as one that makes a row. Raise InvalidInputError if it lacks something."""
        schema = self._writer.spec.create
        if schema is None or isinstance(one.data, schema):
            return one.data
        known = {name: value for name, value in one.data if name in schema.model_fields and value is not MISSING}
        given = {name: value for name, value in known.items() if name in one.data.model_fields_set}
        try:
            made: BaseModel = schema.model_validate(
                {name: _plain(value) for name, value in given.items()}, by_name=True, by_alias=False
            )
        except ValidationError as error:
            found = [
                FieldError(
                    pointer="".join(f"/{step}" for step in problem["loc"]), detail=problem["msg"], type=problem["type"]
                )
                for problem in error.errors(include_url=False, include_input=False, include_context=False)
            ]
            with _pointing(one.pointer, one.data):
                raise InvalidInputError(errors=found) from None
        return made

    async def _check_rows(
        self, session: AsyncSession, viewer: object, action: str, pointers: Mapping[Hashable, str]
    ) -> None:
        """Raise PermissionDeniedError if the viewer may not do `action` to a row as it is now."""
        condition = self._rows(viewer, action)
        if is_always(condition) or not pointers:
            return
        names = key_names(self._model)
        columns = [getattr(self._model, name) for name in names]
        statement = select(*columns).where(have_keys(self._model, names, list(pointers)), condition)
        allowed = {key_from(row) for row in await session.execute(statement)}
        for key, pointer in pointers.items():
            if key not in allowed:
                raise self._forbidden(viewer, action, pointer)

    def _rows(self, viewer: object, action: str) -> ColumnElement[bool]:
        """Return the condition on the rows to which the viewer may do `action`, by their token too if it has scopes."""
        if not is_within_scopes(viewer, self._model, action):
            return self._writer.spec.policy.where(None, VIEW) if action == VIEW else false()
        found: ColumnElement[bool] = self._writer.spec.policy.where(viewer, action)
        return found

    def _forbidden(self, viewer: object, action: str, pointer: str) -> DovetailError:
        refusal = self._writer.spec.refusal(viewer, action)
        if isinstance(refusal, PermissionDeniedError):
            refusal.errors = (FieldError(pointer=pointer, detail=refusal.detail, type=refusal.slug),)
        return refusal

    def _target_of(self, item: object | None) -> Hashable | None:
        """Return the key of the row that a row refers to."""
        values = [] if item is None else [getattr(item, name) for name in self._refers_by]
        return key_from(values) if values and None not in values else None

    @cached_property
    def _refers_by(self) -> Names:
        """The attributes of the row that refers to the other, in the order of the other's key."""
        is_target = self._mapped.local_columns != set(inspect(self._outer.model).primary_key)
        both = self._mapped.mapper, self._mapped.parent
        mapper, other = both[::-1] if is_target else both
        pairs = [pair if is_target else pair[::-1] for pair in self._mapped.local_remote_pairs]
        by_key = {key: mapper.get_property_by_column(column).key for column, key in pairs}
        return tuple(by_key[key] for key in other.primary_key)

    @cached_property
    def _deletes(self) -> bool:
        """True if a row goes that nothing refers to any more, as the ORM would have it; else it stays by itself."""
        columns = [getattr(self._model, name).property.columns[0] for name in self._refers_by]
        return self._mapped.cascade.delete_orphan or not all(column.nullable for column in columns)


async def _together(
    session: AsyncSession, objects: Sequence[Written], write: Callable[[Sequence[Written]], Awaitable[None]]
) -> None:
    """Write all objects in as few statements as it can be; if that fails, each alone, to say which one it is."""
    if len(objects) == 1:
        with _pointing(objects[0].pointer, objects[0].data):
            await write(objects)
        return
    try:
        async with session.begin_nested():
            await write(objects)
    except (DovetailError, SQLAlchemyError):
        for one in objects:
            with _pointing(one.pointer, one.data):
                async with session.begin_nested():
                    await write([one])
        raise


@contextmanager
def _pointing(pointer: str, data: BaseModel | None = None) -> Iterator[None]:
    """Let errors say where in the body what they are about stands."""
    try:
        yield
    except (DovetailError, SQLAlchemyError) as error:
        known = error if isinstance(error, DovetailError) else client_error(error)
        if known is None:
            raise
        found = known.errors or (FieldError(pointer="", detail=known.detail, type=known.slug),)
        known.errors = tuple(as_sent(found, BaseModel if data is None else type(data), pointer))
        raise known from error


def _row_of(one: _Changed) -> _Row:
    assert one.row is not None  # noqa: S101 - it is there
    return one.row


def _plain(value: object) -> object:
    """Return a value in the form that another schema reads."""
    if isinstance(value, BaseModel):
        return value.model_dump(exclude_unset=True)
    return [_plain(one) for one in value] if isinstance(value, list) else value


def _is_made(model: type[object], name: str) -> bool:
    """Return True if the database or a default makes the values of an attribute of a key."""
    column = getattr(model, name).property.columns[0]
    made = (column.default, column.server_default, column.identity)
    return column.table.autoincrement_column is column or any(one is not None for one in made)


def _invalid(pointer: str, detail: str, kind: str) -> InvalidInputError:
    return InvalidInputError(detail, errors=[FieldError(pointer=pointer, detail=detail, type=kind)])
