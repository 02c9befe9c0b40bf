"""Nested objects in a body that are rows of their own: created, updated and deleted with their parent row.

    Resource(model=Order, fields=("number", "lines.id", "lines.amount"), nested=("lines",), policy=ORDERS)

A body lists all rows of the relation: an object with the key of an existing row updates it, one without a key is a new
row, and existing rows that are left out are removed. The policies of the models are checked as if each row had a
request of its own, and rows that the viewer may not view stay as they are. `relation.py` writes one relation.
"""

from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from pydantic import MISSING, BaseModel
from sqlalchemy import inspect
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import MANYTOONE

from dovetail.resources.spec import Spec
from dovetail.resources.write.nested.contracts import RowWriter, Values
from dovetail.resources.write.nested.declaration import nested_spec
from dovetail.resources.write.nested.relation import NestedRelation


@dataclass
class Targets:
    """The foreign keys of parent rows to the nested rows, and the numbers of the parents whose nested row changed."""

    values: list[Values]
    touched: set[int] = field(default_factory=set)


class NestedRows:
    """Writes the rows nested in the bodies of a resource."""

    def __init__(self, spec: Spec, make_writer: Callable[[Spec], RowWriter]) -> None:
        self._spec = spec
        self._make_writer = make_writer
        self._relations: dict[tuple[str, type[BaseModel]], NestedRelation] = {}

    def are_named(self, bodies: Sequence[BaseModel]) -> bool:
        """Return True if one of the bodies sets a nested field, be it to null or an empty list."""
        return any(getattr(body, name, MISSING) is not MISSING for name in self._names for body in bodies)

    async def write_targets(
        self, session: AsyncSession, viewer: object, rows: Sequence[tuple[BaseModel, object | None]]
    ) -> Targets:
        """Write the nested rows that their parents refer to (many-to-one), and return the parents' foreign keys.

        Each body comes with its parent row, None if that is new.
        """
        found = Targets([{} for _ in rows])
        for relation, numbers in self._named([body for body, _ in rows], is_target=True):
            written = await relation.write_targets(session, viewer, [rows[number] for number in numbers])
            for number, (values, is_touched) in zip(numbers, written, strict=True):
                found.values[number] = {**found.values[number], **values}
                if is_touched:
                    found.touched.add(number)
        return found

    async def write_parts(
        self, session: AsyncSession, viewer: object, rows: Sequence[tuple[Hashable, BaseModel, bool]]
    ) -> set[Hashable]:
        """Write the nested rows that refer to their parents (one-to-many, one-to-one).

        `rows` has of each parent its key, its body, and whether it is new. Return the keys of the parents with changes.
        """
        touched: set[Hashable] = set()
        for relation, numbers in self._named([body for _, body, _ in rows], is_target=False):
            touched |= await relation.write_parts(session, viewer, [rows[number] for number in numbers])
        return touched

    def _named(self, bodies: Sequence[BaseModel], *, is_target: bool) -> Iterator[tuple[NestedRelation, list[int]]]:
        """Yield each relation that bodies set, with the numbers of those bodies."""
        for name in self._names:
            if (inspect(self._spec.model).relationships[name].direction is MANYTOONE) is not is_target:
                continue
            numbers = [number for number, one in enumerate(bodies) if getattr(one, name, MISSING) is not MISSING]
            if numbers:
                yield self._relation(name, type(bodies[numbers[0]])), numbers

    def _relation(self, name: str, body: type[BaseModel]) -> NestedRelation:
        place = (name, body)
        if place not in self._relations:
            spec = nested_spec(self._spec, name, body)
            self._relations[place] = NestedRelation(self._spec, name, self._make_writer(spec))
        return self._relations[place]

    @cached_property
    def _names(self) -> Sequence[str]:
        return [name for name in self._spec.nested if "." not in name]
