"""Create rows: check the policy, run the hook `create_with` or the default service, and read the row back."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Generic

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from dovetail.database.fast_unit_of_work import SessionSource, confirm_presumed
from dovetail.resources.declaration.declared import ADD, Create, Model, Replace, Update, Viewer
from dovetail.resources.declaration.model_rules import check_enums
from dovetail.resources.policy import Recognized
from dovetail.resources.query.keys import have_keys, key_of
from dovetail.resources.read.reader import Batch
from dovetail.resources.spec import Spec
from dovetail.resources.sql.insert_statements import NewRow
from dovetail.resources.write.creation.new_keys import NewKeys
from dovetail.resources.write.creation.single_statement import SingleStatementCreate
from dovetail.resources.write.creation.values import NewValues, check_address
from dovetail.resources.write.insert import Inserter
from dovetail.resources.write.links import Links, LinksOfRow
from dovetail.resources.write.nested.contracts import NO_VALUES, Values
from dovetail.resources.write.nested.rows import NestedRows
from dovetail.resources.write.own_tables.checks import check_written
from dovetail.resources.write.references import References


@dataclass(frozen=True)
class CreatedRow:
    """A new row: its primary key, and the batch that holds it as the response shows it."""

    key: Hashable
    batch: Batch
    known_by: Hashable  # the value that identifies it in URLs: the key, or the `lookup` attribute


class Creator(Generic[Model, Viewer, Create, Update, Replace]):
    """Creates the rows of a resource.

    `create_and_read` checks the policy itself; before `create_items` the caller calls `check_create` for each row.
    """

    def __init__(
        self,
        spec: Spec[Model, Viewer, Create, Update, Replace],
        references: References[Model, Viewer, Create, Update, Replace],
        nested: NestedRows,
    ) -> None:
        self._spec = spec
        self._references = references
        self._nested = nested

    def check_create(self, viewer: Viewer, data: Create) -> None:
        """Raise PermissionDeniedError if the body sets a field that the viewer may not write."""
        self._spec.check_fields(viewer, data)
        if "may_create" in self._spec.policy.old_hooks:
            self._spec.policy.may_create(viewer, data)

    async def create_and_read(
        self, session: AsyncSession, recognized: Recognized[Viewer], data: Create, known: Values = NO_VALUES
    ) -> CreatedRow:
        """Create a row and return it as the viewer may see it. Errors of the policy and of hooks pass through.

        `known` holds attributes that the path gives, such as the key of a PUT.
        """
        created = None if known else await self._single_statement.create(session, recognized, data)
        if created is not None:
            key, batch, values = created
            return CreatedRow(key, batch, await self._known_by(session, values, key))
        await confirm_presumed(session)  # before a hook or a statement runs on behalf of that user
        visibility = self._spec.written_visibility_of(recognized, ADD)
        viewer = recognized.viewer
        self.check_create(viewer, data)
        await self._references.check(session, viewer, [(data, None)])
        made = await self._make(session, viewer, data, known)
        (links,) = await self._references.links_of(session, viewer, [data], None)
        has_nested = self._nested.are_named([data])
        if has_nested:
            (made,) = await self._with_targets(session, viewer, [data], [made])
        done = None
        if isinstance(made, Mapping) and not has_nested:
            done = await self._inserter.insert_and_read(session, NewRow(made, links), visibility)
        if done is None:
            key = await self._insert(session, made, links)
            await self._nested.write_parts(session, viewer, [(key, data, True)])
            done = key, await self._spec.written_reader.read_keys(SessionSource(session), (key,), visibility)
        if not done[1].items:
            raise self._spec.refusal(viewer, ADD)
        await check_written(self._spec, session, viewer, ADD, visibility, done[1], [done[0]])
        return CreatedRow(*done, await self._known_by(session, made, done[0]))

    async def create_items(
        self,
        session: AsyncSession,
        viewer: Viewer,
        items: Sequence[Create],
        found: Links | None = None,
        known: Sequence[Values] = (),
    ) -> list[Hashable]:
        """Create rows that the policy allows, in as few statements as possible; return their keys in the same order.

        `found` is the result of `find_links`, if the caller has it already; `known` holds, for each row, values that
        are not in its body. Errors of hooks pass through.
        """
        await self._references.check(session, viewer, [(data, None) for data in items])
        pairs = zip(items, known or [NO_VALUES] * len(items), strict=True)
        made = [await self._make(session, viewer, data, own) for data, own in pairs]
        links = await self._references.links_of(session, viewer, items, found)
        has_nested = self._nested.are_named(items)
        if has_nested:
            made = await self._with_targets(session, viewer, items, made)
        keys = await self._insert_many(session, made, links)
        if has_nested:
            await self._nested.write_parts(
                session, viewer, [(key, data, True) for key, data in zip(keys, items, strict=True)]
            )
        return keys

    async def _make(
        self, session: AsyncSession, viewer: Viewer, data: Create, known: Values = NO_VALUES
    ) -> Model | Values:
        """Return the values of a new row, or an object where the hook `create_with` makes one."""
        if self._spec.put_creates and known:
            self._new_keys.check(known)
        if self._spec.create_with is None:
            return self._new_values.of(Recognized(viewer), data, known)
        made = await self._spec.create_with(session, viewer, data)
        if isinstance(made, Mapping):
            check_enums(self._spec.model, made)
        check_address(self._spec, made if isinstance(made, Mapping) else made.__dict__)
        return made

    async def _with_targets(
        self, session: AsyncSession, viewer: Viewer, items: Sequence[Create], made: Sequence[Model | Values]
    ) -> list[Model | Values]:
        """Write the nested rows that the new rows refer to; return the new rows with those foreign keys set."""
        targets = await self._nested.write_targets(session, viewer, [(data, None) for data in items])
        return [_with_values(one, own) for one, own in zip(made, targets.values, strict=True)]

    async def _insert_many(
        self, session: AsyncSession, made: Sequence[Model | Values], links: Sequence[LinksOfRow]
    ) -> list[Hashable]:
        values = [one for one in made if isinstance(one, Mapping)]
        if len(values) == len(made):
            return await self._inserter.insert_many(
                session, [NewRow(*pair) for pair in zip(values, links, strict=True)]
            )
        return [await self._insert(session, *pair) for pair in zip(made, links, strict=True)]

    async def _insert(self, session: AsyncSession, made: Model | Values, links: LinksOfRow) -> Hashable:
        key: Hashable
        if isinstance(made, Mapping):
            key = await self._inserter.insert(session, NewRow(made, links))
            return key
        session.add(made)
        await session.flush()
        key = key_of(made)
        await self._inserter.link(session, key, links)
        return key

    async def _known_by(self, session: AsyncSession, made: Model | Values, key: Hashable) -> Hashable:
        """Return the value that identifies a new row in URLs."""
        spec = self._spec
        if not spec.lookup:
            return key
        if isinstance(made, Mapping) and spec.lookup in made:
            return made[spec.lookup]
        statement = select(getattr(spec.model, spec.lookup)).where(have_keys(spec.model, spec.keys, [key]))
        known: Hashable = (await session.execute(statement)).scalar_one()
        return known

    @cached_property
    def _inserter(self) -> Inserter:
        return Inserter(self._spec.written_reader, self._spec.key)

    @cached_property
    def _new_keys(self) -> NewKeys:
        return NewKeys(self._spec)

    @cached_property
    def _single_statement(self) -> SingleStatementCreate[Model, Viewer, Create, Update, Replace]:
        return SingleStatementCreate(self._spec, self._inserter, self._references, self._new_values)

    @cached_property
    def _new_values(self) -> NewValues:
        return NewValues(self._spec)


def _with_values(made: Model | Values, values: Values) -> Model | Values:
    if isinstance(made, Mapping):
        return {**made, **values}
    for name, value in values.items():
        setattr(made, name, value)
    return made
