"""What writing endpoints do with a row: find it and lock it, check the precondition, and the default services."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from dovetail.errors import PreconditionRequiredError
from dovetail.resources.policy import not_found
from dovetail.resources.read.etags import check_if_match
from dovetail.resources.read.reads import Batch
from dovetail.resources.spec import Spec
from dovetail.resources.write.delete import delete_rows
from dovetail.resources.write.insert import Inserter
from dovetail.resources.write.insert_statements import NewRow
from dovetail.resources.write.links import Links, find_links, keys_of
from dovetail.resources.write.update import Change, write_changes
from dovetail.resources.write.validation import check_members


@dataclass(frozen=True)
class Asked:
    """A change that a client asks for, of a row that is locked."""

    item: Any
    data: Any
    if_match: str | None


class Writer:
    """Finds, locks and writes the rows of a resource."""

    def __init__(self, spec: Spec) -> None:
        self.spec = spec

    @cached_property
    def inserter(self) -> Inserter:
        """Inserts rows, and reads what was just written."""
        return Inserter(self.spec.written_reader, self.spec.key)

    async def lock_items(self, session: AsyncSession, viewer: Any, keys: Iterable[Any]) -> dict[Any, Any]:
        """Return the rows with these keys that the viewer may know of, by key, locked until the transaction ends.

        They are locked in the order of their keys, so that no two writers wait for each other.
        """
        model, key = self.spec.model, self.spec.key
        column = getattr(model, key)
        statement = select(model).where(self.spec.policy.rows(viewer), column.in_(list(keys))).order_by(column)
        # On PostgreSQL this is FOR NO KEY UPDATE, which lets others refer to the row; SQLite's writers take turns.
        statement = statement.with_for_update(key_share=True, of=model).execution_options(populate_existing=True)
        return {getattr(item, key): item for item in await session.scalars(statement)}

    async def lock_item(self, session: AsyncSession, viewer: Any, key: Any) -> Any:
        """One such row. Raises NotFoundError."""
        found = await self.lock_items(session, viewer, [key])
        if key not in found:
            raise not_found(self.spec.singular, key)
        return found[key]

    def check_precondition(self, item: Any, if_match: str | None) -> None:
        """Raise StaleWriteError if the row is not what the client saw, PreconditionRequiredError if it has to say."""
        if if_match is not None:
            check_if_match(if_match, [getattr(item, key) for key in self.spec.reader.version])
        elif self.spec.requires_if_match:
            raise PreconditionRequiredError

    async def create_and_read(self, session: AsyncSession, viewer: Any, data: Any) -> tuple[Any, Batch]:
        """Make a row, if the policy allows it; its key, and the row as the viewer may see it.

        Raises what policy and services raise.
        """
        visibility = self.spec.written_visibility(viewer)
        made = await self._made(session, viewer, data)
        links = keys_of(self.spec, data, await find_links(self.spec, session, [data]))
        if isinstance(made, Mapping):
            done = await self.inserter.insert_and_read(session, NewRow(made, links), visibility)
            if done is not None:
                return done
        key = await self._insert(session, made, links)
        return key, await self.spec.written_reader.read(session, self.spec.by_key.request((key,)), visibility)

    async def create_items(
        self, session: AsyncSession, viewer: Any, items: Sequence[Any], found: Links | None = None
    ) -> list[Any]:
        """Make rows, if the policy allows it, in as few statements as it can be; their keys.

        `found` is what `find_links` found, if it was asked before. Raises what policy and services raise.
        """
        made = [await self._made(session, viewer, data) for data in items]
        links = await self._keys_of(session, items, found)
        if all(isinstance(one, Mapping) for one in made):
            return await self.inserter.insert_many(session, [NewRow(*pair) for pair in zip(made, links, strict=True)])
        return [await self._insert(session, *pair) for pair in zip(made, links, strict=True)]

    async def update_items(
        self, session: AsyncSession, viewer: Any, asked: Sequence[Asked], found: Links | None = None
    ) -> None:
        """Change rows, if the policy allows it, in as few statements as it can be.

        `found` is what `find_links` found, if it was asked before. Raises what policy, precondition and services raise.
        """
        for one in asked:
            self.spec.policy.may_update(viewer, one.item, frozenset(one.data.model_fields_set))
            self.check_precondition(one.item, one.if_match)
        links = await self._keys_of(session, [one.data for one in asked], found)
        changes = [Change(one.item, self._values(one.data), keys) for one, keys in zip(asked, links, strict=True)]
        if self.spec.update_with is not None:
            for one in asked:
                await self.spec.update_with(session, viewer, one.item, one.data)
            await session.flush()
        for change in changes:
            check_members(self.spec.model, change.values)
        await write_changes(session, self.spec.model, changes)

    async def delete_items(self, session: AsyncSession, viewer: Any, items: Sequence[Any]) -> None:
        """Remove rows, if the policy allows it; the database removes what hangs on them."""
        for item in items:
            self.spec.policy.may_delete(viewer, item)
        if self.spec.delete_with is not None:
            for item in items:
                await self.spec.delete_with(session, item)
            await session.flush()
            return
        await delete_rows(session, self.spec.model, items)

    async def _keys_of(
        self, session: AsyncSession, items: Sequence[Any], found: Links | None
    ) -> list[dict[str, list[Any]]]:
        known = await find_links(self.spec, session, items) if found is None else found
        return [keys_of(self.spec, data, known) for data in items]

    def _values(self, data: Any) -> dict[str, Any]:
        """What a change sets, if no service does it."""
        if self.spec.update_with is not None:
            return {}
        everything = isinstance(data, self.spec.replace or ())
        found: dict[str, Any] = data.model_dump(exclude_unset=not everything, exclude=set(self.spec.links))
        return found

    async def _made(self, session: AsyncSession, viewer: Any, data: Any) -> Any:
        """An object, or the values of one."""
        self.spec.policy.may_create(viewer, data)
        if self.spec.create_with is not None:
            made = await self.spec.create_with(session, viewer, data)
        else:
            made = data.model_dump(exclude=set(self.spec.links))
        if isinstance(made, Mapping):
            check_members(self.spec.model, made)
        return made

    async def _insert(self, session: AsyncSession, made: Any, links: Mapping[str, Any]) -> Any:
        if isinstance(made, Mapping):
            return await self.inserter.insert(session, NewRow(made, links))
        session.add(made)
        await session.flush()
        key = getattr(made, self.spec.key)
        await self.inserter.link(session, key, links)
        return key
