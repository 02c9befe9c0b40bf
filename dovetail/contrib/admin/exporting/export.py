"""Write a list as a file in batches of a few hundred rows, with little memory and without holding a connection."""

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from time import monotonic
from typing import ClassVar, TypeAlias

from anyio import CancelScope
from anyio.lowlevel import checkpoint
from anyio.to_thread import run_sync
from sqlalchemy import inspect, text, tuple_
from sqlalchemy.exc import InvalidRequestError
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request

from dovetail.contrib.admin.columns.columns import TITLE
from dovetail.contrib.admin.columns.identifiers import identifier_of, primary_keys
from dovetail.contrib.admin.entry.sessions import has_same_rights
from dovetail.contrib.admin.exporting.cell_texts import exported_as
from dovetail.contrib.admin.exporting.formats import Rows, Writer
from dovetail.contrib.admin.exporting.plain_rows import PlainRows, plain_rows
from dovetail.contrib.admin.lists.relations import loading
from dovetail.contrib.admin.permissions import Rights, user_of
from dovetail.contrib.admin.request_context import enter_request_context
from dovetail.contrib.admin.shown import is_attribute
from dovetail.contrib.admin.sqladmin_private import AnySelect
from dovetail.contrib.admin.views import ModelAdmin
from dovetail.database.drivers.sqlalchemy_private_statements import merges_rows
from dovetail.database.pool_share import PoolShare
from dovetail.errors import PermissionDeniedError
from dovetail.files.media import address_of
from dovetail.files.stored_file import StoredFile

BATCH = 500
LISTS = (list, set, tuple)
PLAIN = frozenset({str, int, bool, datetime, type(None)})  # the types of most values
# Objects that rows of a batch refer to, by `id()`: many rows share one, and some objects are not hashable.
Titles: TypeAlias = dict[int, tuple[object, str]]
Write: TypeAlias = Callable[[object], object]
CHECKED_EVERY = 5.0  # seconds after which the user's rights are looked at again
AT_ONCE = 100  # rows that are formatted before other tasks run


@dataclass(frozen=True, kw_only=True)
class Export:
    """Writes the rows of `statement` in the order of their primary keys, with the export columns of the view."""

    view: ModelAdmin
    statement: AnySelect
    request: Request
    rights: Rights
    writer: type[Writer]

    reads_columns: ClassVar[bool] = True  # whether rows are read as tuples if they have columns only

    @cached_property
    def names(self) -> Sequence[str]:
        """The columns that the user may read, as paths."""
        return self.view.exported(self.request)

    @cached_property
    def labels(self) -> Sequence[str]:
        """The headings of the columns."""
        return [self.view.label(name) for name in self.names]

    @cached_property
    def paths(self) -> Sequence[str]:
        """The paths to load."""
        return self.view.paths(self.names)

    @cached_property
    def columns(self) -> Sequence[tuple[str, bool, Write | None]]:
        """For each name, whether it is an attribute, and the conversion of its values if they need one."""
        return [(name, is_attribute(self.view, name), self.writes.get(name)) for name in self.names]

    @cached_property
    def writes(self) -> Mapping[str, Write | None]:
        """The conversions of the values of columns, by their names."""
        known, keeps = self.view.mapper.column_attrs, self.writer.keeps_structure
        names = {*self.names, *self.paths}
        kinds = {name: known[name].columns[0].type for name in names if name in known}
        return {name: exported_as(kind, keeps_structure=keeps) for name, kind in kinds.items()}

    async def begin(self, session: AsyncSession, database: PoolShare) -> AsyncGenerator[str | bytes, None]:
        """Return the chunks of the file.

        The first rows are read at once, so that an error results in an error page; later errors can only abort the
        download, as the end of the user's session or a change of their permissions does. Each further batch is read in
        its own short transaction. The file is written in a thread.
        """
        plain = None
        if self.reads_columns:
            keyed = self.writer.keeps_structure
            plain = plain_rows(session, self.view, self.statement, self.names, self.rights, keyed=keyed)
        return self._stream(await self._read(session, plain, None), plain, database)

    async def _stream(
        self, batch: "ExportBatch", plain: PlainRows | None, database: PoolShare
    ) -> AsyncGenerator[str | bytes, None]:
        writer, checked_at = await run_sync(self.writer, self.names, self.labels), monotonic()
        try:
            yield await run_sync(lambda: writer.start() + writer.write(batch.rows))
            while batch.last is not None:
                # If the client disconnects, the stream is cancelled, with a running statement and its connection.
                with CancelScope(shield=True):
                    async with database.unit_of_work(read_only=True) as session:
                        await _read_in_one_process(session)
                        if monotonic() - checked_at >= CHECKED_EVERY:  # a client may take hours to read a file
                            checked_at = await self._check_rights(session)
                        batch = await self._read(session, plain, batch.last)
                if piece := await run_sync(writer.write, batch.rows):
                    yield piece
            rest = iter(writer.end())
            while (last := await run_sync(next, rest, None)) is not None:
                yield last
        finally:
            with CancelScope(shield=True):
                await run_sync(writer.close)

    async def _check_rights(self, session: AsyncSession) -> float:
        """Return the time. Raise PermissionDeniedError if the user may not do what they might when the file began."""
        if not await has_same_rights(session, user_of(self.request)):
            raise PermissionDeniedError("The session or the permissions have changed, so the export was cut off.")
        return monotonic()

    async def _read(
        self, session: AsyncSession, plain: PlainRows | None, last: tuple[object, ...] | None
    ) -> "ExportBatch":
        with enter_request_context(self.request, session):  # later batches are read after the transaction of the page
            if plain is not None:
                return await self._read_plain(session, plain, last)
            return await self.view.deferred_columns.retry_with_missed(session, lambda: self._try_to_read(session, last))

    async def _read_plain(
        self, session: AsyncSession, plain: PlainRows, last: tuple[object, ...] | None
    ) -> "ExportBatch":
        titles: Titles = {}
        width = len(primary_keys(self.view.model))
        found = (await session.execute(self._page(plain.statement, last))).all()
        cells = [(read, write) for read, (_, _, write) in zip(plain.reads, self.columns, strict=True)]
        unique = {row[:width]: row for row in found}.values()  # a join may return a row twice
        rows = [[self.written(read(row), write, titles) for read, write in cells] for row in unique]
        return ExportBatch(rows, found[-1][:width] if len(found) == BATCH else None)

    async def _try_to_read(self, session: AsyncSession, last: tuple[object, ...] | None) -> "ExportBatch":
        view, page = self.view, self._page(self.statement, last)
        columns, joined = view.deferred_columns, not merges_rows(page)
        titled = TITLE in self.names
        page = page.options(*loading(view.model, self.paths, self.rights, columns, joined=joined, titled=titled))
        found = (await session.scalars(page)).unique(id).all()
        titles: Titles = {}
        rows: list[Sequence[object]] = []
        for place, one in enumerate(found):
            if place % AT_ONCE == 0:
                await checkpoint()  # let other tasks run
            rows.append(await self.cells_of(one, titles))
        return ExportBatch(rows, inspect(found[-1]).identity if len(found) == BATCH else None)

    def _page(self, statement: AnySelect, last: tuple[object, ...] | None) -> AnySelect:
        keys = primary_keys(self.view.model)
        page = statement.order_by(None).order_by(*keys).limit(BATCH)
        return page if last is None else page.where(tuple_(*keys) > tuple_(*last))

    async def cells_of(self, one: object, titles: Titles) -> list[object]:
        """Return the values of a row."""
        values: list[object] = []
        for name, is_plain, write in self.columns:
            try:
                value = getattr(one, name, None) if is_plain else await self.view.get_prop_value(one, name)
            except InvalidRequestError as error:
                if not self.rights.fields.is_masked(error):
                    raise
                value = None
            values.append(self.written(value, write, titles))
        return values

    def written(self, value: object, write: Write | None, titles: Titles) -> object:
        """Return a value for the file."""
        if write is not None and value is not None:
            return write(value)
        if type(value) in PLAIN:
            return value
        if isinstance(value, LISTS):
            return [self._named(part, titles) for part in value]
        return self._named(value, titles)

    def _named(self, value: object, titles: Titles) -> object:
        if isinstance(value, StoredFile):
            return f"{self.request.url.scheme}://{self.request.url.netloc}{address_of(value)}"
        if not hasattr(value, "__mapper__"):
            return value
        if self.writer.keeps_structure:  # programs find objects by their keys, and so does an import
            return identifier_of(value)
        found = titles.get(id(value))
        if found is None:
            found = titles[id(value)] = value, self.view.title_of(value)  # while it lives, its id is unique
        return found[1]


@dataclass(frozen=True)
class ExportBatch:
    """A batch of rows, and the key of the last one if more may follow."""

    rows: Rows
    last: tuple[object, ...] | None


async def _read_in_one_process(session: AsyncSession) -> None:
    """Let PostgreSQL start no parallel workers in this transaction: starting them costs more than reading a batch."""
    if session.get_bind().dialect.name == "postgresql":
        await session.execute(text("SET LOCAL max_parallel_workers_per_gather = 0"))
