"""Lock, update and delete rows: check the policy, then run the resource's hooks or the default services.

`creation/creator.py` creates rows.
"""

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Generic

from sqlalchemy.ext.asyncio import AsyncSession

from dovetail.database.deletion.missing_references import has_deferred_keys
from dovetail.database.fast_unit_of_work import SessionSource
from dovetail.errors import NotFoundError, PreconditionRequiredError
from dovetail.resources.declaration.declared import CHANGE, DELETE, Create, Model, Replace, Update, Viewer
from dovetail.resources.declaration.model_rules import check_enums
from dovetail.resources.policy import not_found
from dovetail.resources.query.keys import Names, key_of
from dovetail.resources.read.etags import check_if_match
from dovetail.resources.read.reader import Batch
from dovetail.resources.spec import Spec
from dovetail.resources.visibility import Visibility
from dovetail.resources.write.creation.creator import Creator
from dovetail.resources.write.creation.values import check_address
from dovetail.resources.write.links import Links
from dovetail.resources.write.locked_rows import delete_rows, link_rows, lock_rows, update_rows
from dovetail.resources.write.nested.contracts import Change
from dovetail.resources.write.nested.rows import NestedRows
from dovetail.resources.write.one_row import Locked, OneRow, RowChange
from dovetail.resources.write.own_tables.checks import check_written
from dovetail.resources.write.own_tables.earlier import keep_rows
from dovetail.resources.write.references import References
from dovetail.resources.write.single_statement import SingleStatementWrite, values_of


class NoRowError(NotFoundError):
    """The row does not exist, or the viewer may not know that it does."""


class Writer(Generic[Model, Viewer, Create, Update, Replace]):
    """Locks, updates and deletes the rows of a resource; its `creator` creates them.

    The methods for a single row check the policy themselves. Before calling a method for many rows, the caller checks
    each row (`check_update`, `check_delete`), and afterwards `Batch.refused` of the rows written.
    """

    def __init__(self, spec: Spec[Model, Viewer, Create, Update, Replace]) -> None:
        self.spec = spec

    @cached_property
    def has_deferred_keys(self) -> bool:
        """True if a foreign key of the model is deferred: the database checks it only at COMMIT."""
        return has_deferred_keys(self.spec.model)

    @cached_property
    def references(self) -> References[Model, Viewer, Create, Update, Replace]:
        """Return the object that checks the foreign keys given in bodies."""
        return References(self.spec)

    @cached_property
    def nested(self) -> NestedRows:
        """Return the object that writes the rows nested in bodies."""
        return NestedRows(self.spec, Writer)

    @cached_property
    def one_row(self) -> OneRow[Model]:
        """Return the object that locks, updates and deletes one row, identified by its primary key."""
        return OneRow(self.spec.model, self.spec.key, self.spec.written_reader)

    @cached_property
    def known_row(self) -> OneRow[Model]:
        """Return the same for a row identified as in URLs: by the `lookup` attribute if there is one."""
        if not self.spec.lookup:
            return self.one_row
        return OneRow(self.spec.model, self.spec.lookup, self.spec.written_reader)

    @cached_property
    def creator(self) -> Creator[Model, Viewer, Create, Update, Replace]:
        """Return the object that creates rows."""
        return Creator(self.spec, self.references, self.nested)

    @cached_property
    def single_statement(self) -> SingleStatementWrite[Model, Viewer, Create, Update, Replace]:
        """Return the object that updates or deletes a row by a single statement, where that is possible."""
        return SingleStatementWrite(self.spec, self.known_row, self.references)

    async def lock_items(
        self, session: AsyncSession, viewer: Viewer, keys: Iterable[Hashable], action: str
    ) -> dict[Hashable, Locked[Model]]:
        """Lock the rows with these primary keys until the transaction ends; return those visible to the viewer, by key.

        Each `Locked` says whether the viewer may do `action`.
        """
        return await self._lock_many(session, viewer, self.spec.keys, keys, action)

    async def lock_known(
        self, session: AsyncSession, viewer: Viewer, keys: Iterable[Hashable], action: str
    ) -> dict[Hashable, Locked[Model]]:
        """Do as `lock_items` does for rows identified as in URLs."""
        return await self._lock_many(session, viewer, self.spec.known_by, keys, action)

    async def lock_item(self, session: AsyncSession, viewer: Viewer, key: Hashable, action: str) -> Model:
        """Lock one row, identified as in URLs, and return it.

        Raise NotFoundError, or PermissionDeniedError if the viewer may not do `action`.
        """
        return await self._lock(session, viewer, key, action, self.spec.lock_visibility(viewer, action))

    async def _lock_many(
        self, session: AsyncSession, viewer: Viewer, names: Names, keys: Iterable[Hashable], action: str
    ) -> dict[Hashable, Locked[Model]]:
        visibility = self.spec.lock_visibility(viewer, action)
        rows = await lock_rows(session, self.spec.model, names, keys, visibility, to_delete=action == DELETE)
        if action != DELETE:
            await keep_rows(session, self.spec.model, visibility, [key_of(one.item) for one in rows.values()])
        return rows

    async def _lock(
        self, session: AsyncSession, viewer: Viewer, key: Hashable, action: str, visibility: Visibility
    ) -> Model:
        to_delete, known_by = action == DELETE, self.spec.known_by
        lock = self.known_row.find_lock(session, key, visibility, to_delete=to_delete)
        if lock is None:
            rows = await lock_rows(session, self.spec.model, known_by, [key], visibility, to_delete=to_delete)
            locked = rows.get(key)
        else:
            locked = await lock.take(session, key)
        item = self.taken(viewer, action, key, locked)
        if action != DELETE:
            await keep_rows(session, self.spec.model, visibility, [key_of(item)])
        return item

    def taken(self, viewer: Viewer, action: str, key: Hashable, locked: Locked[Model] | None) -> Model:
        """Return the locked row. Raise as `lock_item` does if there is none, or `action` is not allowed."""
        if locked is None:
            raise NoRowError(not_found(self.spec.singular, key).detail)
        if not locked.is_allowed:
            raise self.spec.refusal(viewer, action)
        return locked.item

    def check_precondition(self, viewer: Viewer, item: Model, if_match: str | None) -> None:
        """Raise StaleWriteError if `If-Match` names another version, PreconditionRequiredError if it is missing."""
        if if_match is not None:
            check_if_match(if_match, [getattr(item, key) for key in self.spec.version_for(viewer)])
        elif self.spec.requires_if_match:
            raise PreconditionRequiredError

    def check_update(self, viewer: Viewer, change: Change[Model, Update, Replace]) -> None:
        """Raise PermissionDeniedError for a field that the viewer may not write, then as `check_precondition`."""
        self.spec.check_fields(viewer, change.data)
        if "may_update" in self.spec.policy.old_hooks:
            self.spec.policy.may_update(viewer, change.item, frozenset(change.data.model_fields_set))
        self.check_precondition(viewer, change.item, change.if_match)

    def check_delete(self, viewer: Viewer, item: Model) -> None:
        """Call the policy's deprecated hook `may_delete`, if it has one, and let its error through."""
        if "may_delete" in self.spec.policy.old_hooks:
            self.spec.policy.may_delete(viewer, item)

    async def update_and_read(  # noqa: PLR0917 - as FastAPI gives them
        self,
        session: AsyncSession,
        viewer: Viewer,
        asked: Visibility,
        key: Hashable,
        data: Update | Replace,
        if_match: str | None,
    ) -> Batch:
        """Update the row identified in the URL by `key`; return it, even if the viewer may not view it afterwards.

        `asked` is the viewer's `Spec.change_visibility`. Raise NotFoundError or PermissionDeniedError; errors of
        `check_precondition` and of hooks pass through.
        """
        visibility = asked.after_write
        change = Change(await self._lock(session, viewer, key, CHANGE, asked.to_lock), data, if_match)
        primary = key_of(change.item)
        self.check_update(viewer, change)
        batch = None
        is_plain = self.spec.update_with is None and not self.nested.are_named([data])
        if is_plain and self.one_row.can_update(session, visibility):
            (row,) = await self._row_changes(session, viewer, [change], None)
            visible = self.references.visible_links(viewer) if row.links else {}
            is_touched = bool(row.links and await link_rows(session, self.spec.model, [row], visible))
            batch = await self.one_row.update(session, row, visibility, is_touched=is_touched)
        else:
            await self.update_items(session, viewer, [change])
        if batch is None:
            batch = await self.spec.written_reader.read_keys(SessionSource(session), (primary,), visibility)
        if not batch.items:
            raise self.spec.refusal(viewer, CHANGE)
        await check_written(self.spec, session, viewer, CHANGE, visibility, batch, [primary])
        return batch

    async def delete_item(
        self, session: AsyncSession, viewer: Viewer, asked: Visibility, key: Hashable, if_match: str | None
    ) -> None:
        """Delete the row identified in the URL by `key`. Raise as `update_and_read` does."""
        item = await self._lock(session, viewer, key, DELETE, asked.to_lock)
        self.check_delete(viewer, item)
        self.check_precondition(viewer, item, if_match)
        await self.delete_locked(session, item)

    async def delete_locked(self, session: AsyncSession, item: Model) -> None:
        """Delete a row that was locked for deletion: by one compiled statement where that is possible."""
        if self.spec.delete_with is None and self.one_row.can_delete(session):
            await self.one_row.delete(session, item)
        else:
            await self.delete_items(session, [item])

    async def update_items(
        self,
        session: AsyncSession,
        viewer: Viewer,
        changes: Sequence[Change[Model, Update, Replace]],
        found: Links | None = None,
    ) -> set[Hashable]:
        """Update rows that the policy allows, in as few statements as possible.

        Return the keys of the rows whose nested objects changed. `found` is the result of `find_links`, if the caller
        has it already. Errors of hooks pass through.
        """
        rows = await self._row_changes(session, viewer, changes, found)
        bodies = [change.data for change in changes]
        touched: set[Hashable] = set()
        if self.nested.are_named(bodies):
            targets = await self.nested.write_targets(session, viewer, [(one.data, one.item) for one in changes])
            rows = [replace(row, values={**row.values, **own}) for row, own in zip(rows, targets.values, strict=True)]
            parts = [(key_of(change.item), change.data, False) for change in changes]
            touched = await self.nested.write_parts(session, viewer, parts)
            touched |= {key_of(changes[number].item) for number in targets.touched}
        if self.spec.update_with is not None:
            for change in changes:
                await self.spec.update_with(session, viewer, change.item, change.data)
                check_address(self.spec, change.item.__dict__)
            await session.flush()
        await update_rows(session, self.spec.model, rows, self.references.visible_links(viewer), touched)
        return touched

    async def delete_items(self, session: AsyncSession, items: Sequence[Model]) -> None:
        """Delete rows that the policy allows; the database cascades. Errors of hooks pass through."""
        if self.spec.delete_with is None:
            await delete_rows(session, self.spec.model, items)
            return
        for item in items:
            await self.spec.delete_with(session, item)
        await session.flush()

    async def _row_changes(
        self,
        session: AsyncSession,
        viewer: Viewer,
        changes: Sequence[Change[Model, Update, Replace]],
        found: Links | None,
    ) -> list[RowChange[Model]]:
        """Return the values and links to write; links alone where the hook `update_with` writes the values."""
        await self.references.check(session, viewer, [(change.data, change.item) for change in changes])
        links = await self.references.links_of(session, viewer, [change.data for change in changes], found)
        hooked = self.spec.update_with is not None
        kept = self.spec.kept_fields(viewer) if self.spec.replace is not None else frozenset()
        rows = [
            RowChange(change.item, {} if hooked else values_of(self.spec, change.data, kept), keys)
            for change, keys in zip(changes, links, strict=True)
        ]
        for row in rows:
            check_enums(self.spec.model, row.values)
            check_address(self.spec, row.values)
        return rows
