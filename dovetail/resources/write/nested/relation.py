"""Match the nested objects of a body with the existing rows of one relation: new, changed, repeated or left out."""

from collections.abc import Hashable, Iterator, Mapping, Sequence

from pydantic import MISSING, BaseModel
from sqlalchemy import inspect
from sqlalchemy.ext.asyncio import AsyncSession

from dovetail.resources.declaration.model_rules import is_same
from dovetail.resources.query.keys import key_from, key_names, key_text, key_values
from dovetail.resources.schemas.nested_models import is_made
from dovetail.resources.spec import Spec
from dovetail.resources.write.nested.contracts import NO_VALUES, RowWriter, Values
from dovetail.resources.write.nested.objects import Changed, Object, Row, invalid
from dovetail.resources.write.nested.related_rows import RelatedRows
from dovetail.resources.write.single_statement import values_of


class NestedRelation:
    """Writes the nested objects of the relation `name` through the writer of their model."""

    def __init__(self, outer: Spec, name: str, writer: RowWriter) -> None:
        self._outer = outer
        self._name = name
        self._writer = writer
        self._model = writer.spec.model
        self._is_list = inspect(outer.model).relationships[name].uselist
        self._rows = RelatedRows(outer, name, writer)

    async def write_parts(
        self, session: AsyncSession, viewer: object, rows: Sequence[tuple[Hashable, BaseModel, bool]]
    ) -> set[Hashable]:
        """Write the rows that refer to their parents; see `NestedRows.write_parts`."""
        refers_by = self._rows.refers_by
        there = await self._rows.lock(session, viewer, refers_by, [key for key, _, is_new in rows if not is_new])
        new: list[Object] = []
        changed: list[Changed] = []
        gone: list[Row] = []
        touched: set[Hashable] = set()
        for key, body, _ in rows:
            known = dict(zip(refers_by, key_values(self._outer.keys, key).values(), strict=True))
            mine = there.get(key, {})
            made, seen = self._match(body, known, mine)
            left_out = [row for own, row in mine.items() if own not in seen]
            if made or left_out:
                touched.add(key)
            new += made
            gone += left_out
            for own, one in seen.items():
                changed += self._changed(one, mine[own], key)
        await self._rows.remove(session, viewer, gone)
        touched |= {one.owner for one in await self._rows.change(session, viewer, changed)}
        await self._rows.make(session, viewer, new)
        return touched

    async def write_targets(
        self, session: AsyncSession, viewer: object, rows: Sequence[tuple[BaseModel, object | None]]
    ) -> list[tuple[Values, bool]]:
        """Write the rows that their parents refer to; return each parent's foreign key and whether its row changed."""
        names, pointer = key_names(self._model), f"/{self._name}"
        current = [self._target_of(item) for _, item in rows]
        there = await self._rows.lock(session, viewer, names, [key for key in current if key is not None])
        values: list[Values] = [NO_VALUES for _ in rows]
        new: dict[int, Object] = {}
        kept: dict[int, Hashable] = {}
        changed: dict[Hashable, Object] = {}
        for number, ((body, _), key) in enumerate(zip(rows, current, strict=True)):
            data = getattr(body, self._name)
            if data is None:
                values[number] = dict.fromkeys(self._rows.refers_by)
                continue
            if key is not None and key not in there:
                raise invalid(pointer, f"There is no {self._writer.spec.singular} that you may change.", "unknown")
            own = self._key_in(data, NO_VALUES, there.get(key, {}), pointer)
            one = Object(pointer, data)
            if own is None:
                new[number] = one
            elif changed.setdefault(own, one).data != data:
                raise self._repeated(pointer, own)  # the bulk write then writes each body alone, in order
            else:
                kept[number] = own
        differing = [found for key, one in changed.items() for found in self._changed(one, there[key][key], key)]
        touched = {one.owner for one in await self._rows.change(session, viewer, differing)}
        made = await self._rows.make(session, viewer, list(new.values()))
        for number, key in zip(new, made, strict=True):
            values[number] = dict(zip(self._rows.refers_by, key_values(names, key).values(), strict=True))
        return [(one, number in new or kept.get(number) in touched) for number, one in enumerate(values)]

    def _match(
        self, body: BaseModel, known: Values, mine: Mapping[Hashable, Row]
    ) -> tuple[list[Object], dict[Hashable, Object]]:
        """Return the new objects of a body, and those of existing rows by key. Raise InvalidInputError."""
        new: list[Object] = []
        seen: dict[Hashable, Object] = {}
        for pointer, data in self._objects(body):
            own = self._key_in(data, known, mine, pointer)
            if own is None:
                new.append(Object(pointer, data, known))
            elif own in seen:
                raise self._repeated(pointer, own)
            else:
                seen[own] = Object(pointer, data)
        return new, seen

    def _objects(self, body: BaseModel) -> Iterator[tuple[str, BaseModel]]:
        """Yield the nested objects of a body, each with its JSON pointer."""
        found, pointer = getattr(body, self._name), f"/{self._name}"
        if isinstance(found, BaseModel):
            yield pointer, found
        else:
            yield from ((f"{pointer}/{number}", one) for number, one in enumerate(found or ()))

    def _key_in(self, data: BaseModel, known: Values, mine: Mapping[Hashable, Row], pointer: str) -> Hashable | None:
        """Return the key of the existing row of an object; None if it is new. Raise InvalidInputError."""
        names = key_names(self._model)
        own = [name for name in names if name not in known]
        given = {name: getattr(data, name, MISSING) for name in own}
        if any(value is MISSING or value is None for value in given.values()):
            return None if self._is_list else next(iter(mine), None)
        key = key_from([{**known, **given}[name] for name in names])
        if key in mine:
            return key
        if not any(is_made(getattr(self._model, name).property.columns[0]) for name in own):
            return None
        raise invalid(f"{pointer}/{own[0]}", f"There is no {self._writer.spec.singular} {key_text(key)}.", "unknown")

    def _changed(self, one: Object, row: Row, owner: Hashable) -> list[Changed]:
        """Return the object, in a list, if it differs from its row or has nested objects; else an empty list."""
        values = values_of(self._writer.spec, one.data, frozenset())
        differs = any(not is_same(getattr(row.item, name), value) for name, value in values.items())
        if not differs and not self._writer.nested.are_named([one.data]):
            return []
        return [Changed(one.pointer, one.data, row=row, differs=differs, owner=owner)]

    def _repeated(self, pointer: str, key: Hashable) -> Exception:
        return invalid(pointer, f"The {self._writer.spec.singular} {key_text(key)} comes twice.", "repeated")

    def _target_of(self, item: object | None) -> Hashable | None:
        """Return the key of the nested row that a parent row refers to."""
        values = [] if item is None else [getattr(item, name) for name in self._rows.refers_by]
        return key_from(values) if values and None not in values else None
