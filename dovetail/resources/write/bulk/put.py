"""Replace or create many rows, identified by the keys in a body: the PUT of a collection."""

from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic

from sqlalchemy.ext.asyncio import AsyncSession

from dovetail.errors import StaleWriteError
from dovetail.resources.declaration.declared import ADD, CHANGE, Create, Model, Replace, Update, Viewer
from dovetail.resources.query.keys import key_of, key_values
from dovetail.resources.write.bulk.job import BulkJob
from dovetail.resources.write.bulk.rows import locked_item, read_written
from dovetail.resources.write.links import Links, find_links
from dovetail.resources.write.nested.contracts import Change
from dovetail.resources.write.one_row import Locked
from dovetail.resources.write.writer import Writer


async def put_all(
    writer: Writer[Model, Viewer, Create, Update, Replace],
    session: AsyncSession,
    viewer: Viewer,
    keys: Sequence[Hashable],
    items: Sequence[tuple[Replace, str | None]],
) -> list[object]:
    """Replace the rows identified in URLs by these keys, create those that are missing; return the rows to answer.

    If another request creates one of the rows meanwhile, the INSERT fails, the rows are looked up again, and that row
    is replaced instead. Raise one error that lists every failure.
    """
    put = _Put(writer, session, viewer, keys, items)
    await put.lock()
    bodies = [data for data, _ in items]
    job: BulkJob[list[object], object] = BulkJob(
        session, "/items", len(keys), put.check, put.together, put.apart, writer.spec.model, bodies
    )
    return await job.run()


@dataclass
class _Put(Generic[Model, Viewer, Create, Update, Replace]):
    """The rows of one request: `locked` are those that exist, by their keys."""

    writer: Writer[Model, Viewer, Create, Update, Replace]
    session: AsyncSession
    viewer: Viewer
    keys: Sequence[Hashable]
    items: Sequence[tuple[Replace, str | None]]  # each with its If-Match
    locked: Mapping[Hashable, Locked[Model]] = field(default_factory=dict)

    async def lock(self) -> None:
        """Lock the rows that exist."""
        self.locked = await self.writer.lock_known(self.session, self.viewer, self.keys, CHANGE)

    def check(self, number: int) -> None:
        """Raise the error of an item that the viewer may not replace or create."""
        key, (data, if_match) = self.keys[number], self.items[number]
        if key in self.locked or key in self.keys[:number]:
            self.writer.check_update(self.viewer, self._change(number))
            return
        self.writer.spec.written_visibility(self.viewer, ADD)  # raises if the viewer may not add rows
        self.writer.creator.check_create(self.viewer, data)  # type: ignore[arg-type]  # here `replace` creates rows too
        if if_match is not None:
            raise StaleWriteError  # the version that the client saw is gone

    async def together(self) -> list[object]:
        """Write all items and return the rows as the response shows them."""
        return await self._write(range(len(self.keys)), None)

    async def apart(self) -> Callable[[int], Awaitable[object]]:
        """Return the function that writes one item, after looking up the rows again."""
        await self.lock()  # another request may have created some
        links = await find_links(self.writer.spec.finders, self.session, [data for data, _ in self.items])

        async def one(number: int) -> object:
            self.check(number)
            return (await self._write([number], links))[0]

        return one

    async def _write(self, numbers: Sequence[int], links: Links | None) -> list[object]:
        old = [number for number in numbers if self.keys[number] in self.locked]
        new = [number for number in numbers if self.keys[number] not in self.locked]
        written = (await self._replace(old, links) if old else {}) | (await self._create(new, links) if new else {})
        return [written[number] for number in numbers]

    async def _replace(self, numbers: Sequence[int], links: Links | None) -> dict[int, object]:
        changes = [self._change(number) for number in numbers]
        await self.writer.update_items(self.session, self.viewer, changes, links)
        kept = [key_of(one.item) for one in changes]
        rows = await read_written(self.writer, self.session, self.viewer, CHANGE, kept)
        return dict(zip(numbers, rows.items(), strict=True))

    async def _create(self, numbers: Sequence[int], links: Links | None) -> dict[int, object]:
        bodies = [self.items[number][0] for number in numbers]
        known = [key_values(self.writer.spec.known_by, self.keys[number]) for number in numbers]
        made = await self.writer.creator.create_items(self.session, self.viewer, bodies, links, known)  # type: ignore[arg-type]  # as above
        rows = await read_written(self.writer, self.session, self.viewer, ADD, made)
        return dict(zip(numbers, rows.items(), strict=True))

    def _change(self, number: int) -> Change[Model, Update, Replace]:
        item = locked_item(self.writer, self.viewer, CHANGE, self.locked, self.keys, number)
        return Change(item, *self.items[number])
