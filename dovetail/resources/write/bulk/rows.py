"""Create, update or delete many rows in one transaction, all or none; `job.py` says how errors are found."""

from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from dovetail.database.fast_unit_of_work import SessionSource
from dovetail.errors import FieldError, InvalidInputError
from dovetail.resources.declaration.declared import ADD, CHANGE, DELETE, Create, Model, Replace, Update, Viewer
from dovetail.resources.query.keys import key_from, key_text
from dovetail.resources.read.reader import Batch
from dovetail.resources.write.bulk.job import BulkJob
from dovetail.resources.write.links import find_links
from dovetail.resources.write.nested.contracts import Change
from dovetail.resources.write.one_row import Locked
from dovetail.resources.write.own_tables.checks import check_written
from dovetail.resources.write.writer import Writer


@dataclass(frozen=True)
class WrittenRows:
    """Written rows: their keys in the order of the items, and the batch that was read back."""

    keys: Sequence[Hashable]
    batch: Batch

    def items(self) -> list[object]:
        """Return the rows as the response shows them, in the order of the items."""
        batch = self.batch
        if len(self.keys) == 1:
            return batch.items
        by_key = {key_from(batch.position(number)): item for number, item in enumerate(batch.items)}
        return [by_key[key] for key in self.keys]


async def create_all(
    writer: Writer[Model, Viewer, Create, Update, Replace],
    session: AsyncSession,
    viewer: Viewer,
    items: Sequence[Create],
) -> WrittenRows:
    """Create rows. Raise one error that lists every item that cannot be created."""

    async def together() -> WrittenRows:
        return await read_written(
            writer, session, viewer, ADD, await writer.creator.create_items(session, viewer, items)
        )

    async def apart() -> Callable[[int], Awaitable[Hashable]]:
        # Find the links of all items at once, as before: row locks in another order could deadlock with other requests.
        links = await find_links(writer.spec.finders, session, items)

        async def one(number: int) -> Hashable:
            keys = await writer.creator.create_items(session, viewer, [items[number]], links)
            await read_written(writer, session, viewer, ADD, keys)
            return keys[0]

        return one

    def check(number: int) -> None:
        writer.creator.check_create(viewer, items[number])

    writer.spec.written_visibility(viewer, ADD)  # raises if the viewer may not add rows
    done = await BulkJob(session, "/items", len(items), check, together, apart, writer.spec.model, items).run()
    return done if isinstance(done, WrittenRows) else await read_written(writer, session, viewer, ADD, done)


async def update_all(
    writer: Writer[Model, Viewer, Create, Update, Replace],
    session: AsyncSession,
    viewer: Viewer,
    keys: Sequence[Hashable],
    items: Sequence[tuple[Update | Replace, str | None]],
) -> WrittenRows:
    """Update the rows with these keys, each by its data and If-Match. Raise one error that lists every failure."""
    locked = await writer.lock_items(session, viewer, keys, CHANGE)

    def change(number: int) -> Change[Model, Update, Replace]:
        return Change(locked_item(writer, viewer, CHANGE, locked, keys, number), *items[number])

    async def together() -> WrittenRows:
        await writer.update_items(session, viewer, [change(number) for number in range(len(keys))])
        return await read_written(writer, session, viewer, CHANGE, keys)

    async def apart() -> Callable[[int], Awaitable[Hashable]]:
        nonlocal locked
        # Load the rows again: the rollback of the savepoint expired them.
        locked = await writer.lock_items(session, viewer, keys, CHANGE)
        links = await find_links(writer.spec.finders, session, [data for data, _ in items])

        async def one(number: int) -> Hashable:
            await writer.update_items(session, viewer, [change(number)], links)
            await read_written(writer, session, viewer, CHANGE, [keys[number]])
            return keys[number]

        return one

    def check(number: int) -> None:
        writer.check_update(viewer, change(number))

    bodies = [data for data, _ in items]
    done = await BulkJob(session, "/items", len(keys), check, together, apart, writer.spec.model, bodies).run()
    return done if isinstance(done, WrittenRows) else await read_written(writer, session, viewer, CHANGE, done)


async def delete_all(
    writer: Writer[Model, Viewer, Create, Update, Replace],
    session: AsyncSession,
    viewer: Viewer,
    keys: Sequence[Hashable],
) -> None:
    """Delete the rows with these keys. Raise one error that lists every row that cannot be deleted."""
    locked = await writer.lock_items(session, viewer, keys, DELETE)

    def item(number: int) -> Model:
        return locked_item(writer, viewer, DELETE, locked, keys, number)

    async def together() -> None:
        await writer.delete_items(session, [item(number) for number in range(len(keys))])

    async def apart() -> Callable[[int], Awaitable[None]]:
        nonlocal locked
        locked = await writer.lock_items(session, viewer, keys, DELETE)  # as above
        return lambda number: writer.delete_items(session, [item(number)])

    def check(number: int) -> None:
        writer.check_delete(viewer, item(number))

    await BulkJob(session, "/ids", len(keys), check, together, apart, writer.spec.model).run()


async def read_written(
    writer: Writer[Model, Viewer, Create, Update, Replace],
    session: AsyncSession,
    viewer: Viewer,
    action: str,
    keys: Sequence[Hashable],
) -> WrittenRows:
    """Read written rows. Raise PermissionDeniedError if the policy does not allow one as it is now."""
    visibility = writer.spec.written_visibility(viewer, action)
    batch = await writer.spec.written_reader.read_keys(SessionSource(session), keys, visibility)
    await check_written(writer.spec, session, viewer, action, visibility, batch, keys)
    return WrittenRows(keys, batch)


def locked_item(  # noqa: PLR0917 - the parameters of `Writer.taken`, and which of the keys
    writer: Writer[Model, Viewer, Create, Update, Replace],
    viewer: Viewer,
    action: str,
    locked: Mapping[Hashable, Locked[Model]],
    keys: Sequence[Hashable],
    number: int,
) -> Model:
    """Return the locked row of an item. Raise InvalidInputError if its key is repeated, and as `Writer.taken` does."""
    key = keys[number]
    if key in keys[:number]:
        detail = f"The {writer.spec.singular} {key_text(key)} comes twice."
        raise InvalidInputError(detail, errors=[FieldError(pointer="", detail=detail, type="repeated")])
    return writer.taken(viewer, action, key, locked.get(key))
