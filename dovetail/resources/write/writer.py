"""Creates, updates and deletes rows as a resource's policy and hooks say, or by the default services."""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Generic, TypeAlias

from pydantic import MISSING
from sqlalchemy.ext.asyncio import AsyncSession

from dovetail.database.fast_unit_of_work import SessionSource
from dovetail.errors import PreconditionRequiredError
from dovetail.resources.policy import not_found
from dovetail.resources.read.etags import check_if_match
from dovetail.resources.read.reader import Batch, Cache
from dovetail.resources.spec import Create, Model, Replace, Spec, Update, Viewer
from dovetail.resources.visibility import EVERYTHING, Visibility
from dovetail.resources.write.insert import Inserter
from dovetail.resources.write.insert_statements import NewRow
from dovetail.resources.write.links import Links, LinksOfRow, find_links, keys_of
from dovetail.resources.write.locked_rows import delete_rows, link_rows, lock_rows, update_rows
from dovetail.resources.write.model_rules import check_enums
from dovetail.resources.write.one_row import OneRow, RowChange

Values: TypeAlias = Mapping[str, object]  # by attribute


@dataclass(frozen=True)
class Change(Generic[Model, Update, Replace]):
    """A change that a client asks for, of a row that is locked."""

    item: Model
    data: Update | Replace
    if_match: str | None


class Writer(Generic[Model, Viewer, Create, Update, Replace]):
    """Locks and writes the rows of a resource.

    A method named after one item asks the policy; of those named after many, who calls has to have asked it of each
    item (`check_create`, `check_update`, `check_delete`), so that it is asked once whatever is tried again.
    """

    def __init__(self, spec: Spec[Model, Viewer, Create, Update, Replace]) -> None:
        self.spec = spec
        self._templates = Cache()  # for `_row_visibility`

    @cached_property
    def inserter(self) -> Inserter:
        """Return what inserts rows, and reads what was just inserted."""
        return Inserter(self.spec.written_reader, self.spec.key)

    @cached_property
    def one_row(self) -> OneRow[Model]:
        """Return what locks, updates and deletes a row by statements that are compiled."""
        return OneRow(self.spec.model, self.spec.key, self.spec.written_reader)

    async def lock_items(
        self, session: AsyncSession, viewer: Viewer, keys: Iterable[Hashable]
    ) -> dict[Hashable, Model]:
        """Return the rows with these keys that the viewer may know of, by key, locked until the transaction ends."""
        return await lock_rows(session, self.spec.model, self.spec.key, keys, self.spec.policy.rows(viewer))

    async def lock_item(self, session: AsyncSession, viewer: Viewer, key: Hashable) -> Model:
        """Return one such row. Raises NotFoundError."""
        visibility = self._row_visibility(viewer)
        lock = self.one_row.find_lock(session, key, visibility)
        if lock is None:
            item = (await lock_rows(session, self.spec.model, self.spec.key, [key], visibility.rows)).get(key)
        else:
            item = await lock.take(session, key)
        if item is None:
            raise not_found(self.spec.singular, key)
        return item

    def check_precondition(self, item: Model, if_match: str | None) -> None:
        """Raise StaleWriteError if the row is not what the client saw, PreconditionRequiredError if it has to say."""
        if if_match is not None:
            check_if_match(if_match, [getattr(item, key) for key in self.spec.reader.version])
        elif self.spec.requires_if_match:
            raise PreconditionRequiredError

    def check_create(self, viewer: Viewer, data: Create) -> None:
        """Raise what the policy raises."""
        self.spec.policy.may_create(viewer, data)

    def check_update(self, viewer: Viewer, change: Change[Model, Update, Replace]) -> None:
        """Raise what the policy raises, and then what `check_precondition` does."""
        self.spec.policy.may_update(viewer, change.item, frozenset(change.data.model_fields_set))
        self.check_precondition(change.item, change.if_match)

    def check_delete(self, viewer: Viewer, item: Model) -> None:
        """Raise what the policy raises."""
        self.spec.policy.may_delete(viewer, item)

    async def create_and_read(self, session: AsyncSession, viewer: Viewer, data: Create) -> tuple[Hashable, Batch]:
        """Create a row; return its key, and the row as the viewer may see it. Raises what policy and hooks raise."""
        self.check_create(viewer, data)
        visibility = self._visibility(viewer)
        made = await self._make(session, viewer, data)
        (links,) = await self._links(session, [data], None)
        if isinstance(made, Mapping):
            done = await self.inserter.insert_and_read(session, NewRow(made, links), visibility)
            if done is not None:
                return done
        key = await self._insert(session, made, links)
        return key, await self.spec.written_reader.read_keys(SessionSource(session), (key,), visibility)

    async def update_and_read(
        self, session: AsyncSession, viewer: Viewer, key: Hashable, data: Update | Replace, if_match: str | None
    ) -> Batch:
        """Update the row with this key, and return it as the viewer may see it, whatever the policy says of the row.

        Raises NotFoundError, and what policy, precondition and hooks raise.
        """
        change = Change(await self.lock_item(session, viewer, key), data, if_match)
        self.check_update(viewer, change)
        visibility = self._visibility(viewer)
        if self.spec.update_with is None and self.one_row.can_update(session, visibility):
            (row,) = await self._row_changes(session, [change], None)
            is_touched = bool(row.links and await link_rows(session, self.spec.model, [row]))
            batch = await self.one_row.update(session, row, visibility, is_touched=is_touched)
            if batch is not None:
                return batch
        else:
            await self.update_items(session, viewer, [change])
        return await self.spec.written_reader.read_keys(SessionSource(session), (key,), visibility)

    async def delete_item(self, session: AsyncSession, viewer: Viewer, key: Hashable, if_match: str | None) -> None:
        """Delete the row with this key. Raises NotFoundError, and what policy, precondition and hooks raise."""
        item = await self.lock_item(session, viewer, key)
        self.check_delete(viewer, item)
        self.check_precondition(item, if_match)
        if self.spec.delete_with is None and self.one_row.can_delete(session):
            await self.one_row.delete(session, item)
        else:
            await self.delete_items(session, [item])

    async def create_items(
        self, session: AsyncSession, viewer: Viewer, items: Sequence[Create], found: Links | None = None
    ) -> list[Hashable]:
        """Create rows, which the policy allows, in as few statements as it can be; return their keys.

        `found` is what `find_links` found, if it was asked before. Raises what hooks raise.
        """
        made = [await self._make(session, viewer, data) for data in items]
        links = await self._links(session, items, found)
        values = [one for one in made if isinstance(one, Mapping)]
        if len(values) == len(made):
            return await self.inserter.insert_many(session, [NewRow(*pair) for pair in zip(values, links, strict=True)])
        return [await self._insert(session, *pair) for pair in zip(made, links, strict=True)]

    async def update_items(
        self,
        session: AsyncSession,
        viewer: Viewer,
        changes: Sequence[Change[Model, Update, Replace]],
        found: Links | None = None,
    ) -> None:
        """Update rows, which the policy allows, in as few statements as it can be.

        `found` is what `find_links` found, if it was asked before. Raises what hooks raise.
        """
        rows = await self._row_changes(session, changes, found)
        if self.spec.update_with is not None:
            for change in changes:
                await self.spec.update_with(session, viewer, change.item, change.data)
            await session.flush()
        await update_rows(session, self.spec.model, rows)

    async def delete_items(self, session: AsyncSession, items: Sequence[Model]) -> None:
        """Delete rows, which the policy allows; the database deletes what hangs on them. Raises what hooks raise."""
        if self.spec.delete_with is None:
            await delete_rows(session, self.spec.model, items)
            return
        for item in items:
            await self.spec.delete_with(session, item)
        await session.flush()

    def _row_visibility(self, viewer: Viewer) -> Visibility:
        """Return the rows that a viewer may know of; of fields and related rows it does not ask the policy."""
        if self.spec.hides_nothing:
            return self.spec.visibility(viewer)
        return Visibility(self.spec.policy.rows(viewer), {}, frozenset(), self._templates)

    def _visibility(self, viewer: Viewer) -> Visibility:
        """Return what the viewer may see of rows they just wrote, whatever the policy says of the rows."""
        return EVERYTHING if self.spec.hides_nothing else self.spec.written_visibility(viewer)

    async def _row_changes(
        self, session: AsyncSession, changes: Sequence[Change[Model, Update, Replace]], found: Links | None
    ) -> list[RowChange[Model]]:
        """Return what the default service writes, which is links only where a hook writes the rest."""
        links = await self._links(session, [change.data for change in changes], found)
        rows = [
            RowChange(change.item, self._values(change.data), keys) for change, keys in zip(changes, links, strict=True)
        ]
        for row in rows:
            check_enums(self.spec.model, row.values)
        return rows

    async def _links(
        self, session: AsyncSession, items: Sequence[Create | Update | Replace], found: Links | None
    ) -> list[LinksOfRow]:
        if not self._names_links(items):
            return [{} for _ in items]
        known = await find_links(self.spec.links, session, items) if found is None else found
        return [keys_of(data, known) for data in items]

    def _names_links(self, items: Sequence[Create | Update | Replace]) -> bool:
        """Return True if one of `items` names rows, or that there are to be none."""
        return any(getattr(data, field, None) not in (None, MISSING) for field in self.spec.links for data in items)

    def _values(self, data: Update | Replace) -> dict[str, object]:
        """Return what a change sets, if no hook does it."""
        if self.spec.update_with is not None:
            return {}
        everything = isinstance(data, self.spec.replace or ())
        return data.model_dump(exclude_unset=not everything, exclude=set(self.spec.links))

    async def _make(self, session: AsyncSession, viewer: Viewer, data: Create) -> Model | Values:
        """Return a new object, or the values of one."""
        if self.spec.create_with is not None:
            made = await self.spec.create_with(session, viewer, data)
        else:
            made = data.model_dump(exclude=set(self.spec.links))
        if isinstance(made, Mapping):
            check_enums(self.spec.model, made)
        return made

    async def _insert(self, session: AsyncSession, made: Model | Values, links: LinksOfRow) -> Hashable:
        key: Hashable
        if isinstance(made, Mapping):
            key = await self.inserter.insert(session, NewRow(made, links))
            return key
        session.add(made)
        await session.flush()
        key = getattr(made, self.spec.key)
        await self.inserter.link(session, key, links)
        return key
