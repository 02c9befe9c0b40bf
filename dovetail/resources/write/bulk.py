"""Many rows in one transaction, all or none, with an error for each item that cannot be done.

First all items are written together, in few statements. If that fails, each is tried alone in a savepoint to find those
that fail, and everything is rolled back. The rows stay locked in between, so the policy is checked once for each item.
"""

from collections.abc import Awaitable, Callable, Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from pydantic import BaseModel
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from dovetail.database.error_translation import client_error
from dovetail.database.fast_unit_of_work import SessionSource
from dovetail.errors import (
    ConflictError,
    DovetailError,
    FieldError,
    InvalidInputError,
    NotFoundError,
    PermissionDeniedError,
    PreconditionRequiredError,
    StaleWriteError,
)
from dovetail.resources.declaration.declared import ADD, CHANGE, DELETE, Create, Model, Replace, Update, Viewer
from dovetail.resources.query.keys import key_from, key_of, key_text, key_values
from dovetail.resources.read.plans import Batch
from dovetail.resources.schemas.pointers import as_sent
from dovetail.resources.schemas.values.refused_rows import check_deferred_keys, refused_row
from dovetail.resources.write.links import Links, find_links
from dovetail.resources.write.nested.contracts import Change
from dovetail.resources.write.one_row import Locked
from dovetail.resources.write.writer import Writer
from dovetail.state import CHANGE_SOURCE, note_of_request

All = TypeVar("All")
One = TypeVar("One")
# Errors that a client can correct; any other error fails the whole request at once.
EXPECTED = (
    ConflictError,
    InvalidInputError,
    NotFoundError,
    PermissionDeniedError,
    PreconditionRequiredError,
    StaleWriteError,
)


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
        return await _written(writer, session, viewer, ADD, await writer.creator.create_items(session, viewer, items))

    async def apart() -> Callable[[int], Awaitable[Hashable]]:
        # Find the links of all items at once, as before: row locks in another order could deadlock with other requests.
        links = await find_links(writer.spec.finders, session, items)

        async def one(number: int) -> Hashable:
            keys = await writer.creator.create_items(session, viewer, [items[number]], links)
            await _written(writer, session, viewer, ADD, keys)
            return keys[0]

        return one

    def check(number: int) -> None:
        writer.creator.check_create(viewer, items[number])

    writer.spec.written_visibility(viewer, ADD)  # raises if the viewer may not add rows
    done = await _Job(session, "/items", len(items), check, together, apart, writer.spec.model, items).run()
    return done if isinstance(done, WrittenRows) else await _written(writer, session, viewer, ADD, done)


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
        return Change(_take(writer, viewer, CHANGE, locked, keys, number), *items[number])

    async def together() -> WrittenRows:
        await writer.update_items(session, viewer, [change(number) for number in range(len(keys))])
        return await _written(writer, session, viewer, CHANGE, keys)

    async def apart() -> Callable[[int], Awaitable[Hashable]]:
        nonlocal locked
        # Load the rows again: the rollback of the savepoint expired them.
        locked = await writer.lock_items(session, viewer, keys, CHANGE)
        links = await find_links(writer.spec.finders, session, [data for data, _ in items])

        async def one(number: int) -> Hashable:
            await writer.update_items(session, viewer, [change(number)], links)
            await _written(writer, session, viewer, CHANGE, [keys[number]])
            return keys[number]

        return one

    def check(number: int) -> None:
        writer.check_update(viewer, change(number))

    bodies = [data for data, _ in items]
    done = await _Job(session, "/items", len(keys), check, together, apart, writer.spec.model, bodies).run()
    return done if isinstance(done, WrittenRows) else await _written(writer, session, viewer, CHANGE, done)


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
    locked = await writer.lock_known(session, viewer, keys, CHANGE)

    def change(number: int) -> Change[Model, Update, Replace]:
        return Change(_take(writer, viewer, CHANGE, locked, keys, number), *items[number])

    def check(number: int) -> None:
        if keys[number] in locked or keys[number] in keys[:number]:
            writer.check_update(viewer, change(number))
            return
        writer.spec.written_visibility(viewer, ADD)  # raises if the viewer may not add rows
        writer.creator.check_create(viewer, items[number][0])  # type: ignore[arg-type]  # here `replace` creates rows too
        if items[number][1] is not None:
            raise StaleWriteError  # the version that the client saw is gone

    async def write(numbers: Sequence[int], found: Links | None) -> list[object]:
        old = [number for number in numbers if keys[number] in locked]
        new = [number for number in numbers if keys[number] not in locked]
        answers: dict[int, object] = {}
        if old:
            changes = [change(number) for number in old]
            await writer.update_items(session, viewer, changes, found)
            kept = [key_of(one.item) for one in changes]
            answers |= dict(zip(old, (await _written(writer, session, viewer, CHANGE, kept)).items(), strict=True))
        if new:
            bodies, known = [items[n][0] for n in new], [key_values(writer.spec.known_by, keys[n]) for n in new]
            made = await writer.creator.create_items(session, viewer, bodies, found, known)  # type: ignore[arg-type]  # as above
            answers |= dict(zip(new, (await _written(writer, session, viewer, ADD, made)).items(), strict=True))
        return [answers[number] for number in numbers]

    async def together() -> list[object]:
        return await write(range(len(keys)), None)

    async def apart() -> Callable[[int], Awaitable[object]]:
        nonlocal locked
        locked = await writer.lock_known(session, viewer, keys, CHANGE)  # another request may have created some
        links = await find_links(writer.spec.finders, session, [data for data, _ in items])

        async def one(number: int) -> object:
            check(number)
            return (await write([number], links))[0]

        return one

    bodies = [data for data, _ in items]
    job: _Job[list[object], object] = _Job(
        session, "/items", len(keys), check, together, apart, writer.spec.model, bodies
    )
    return await job.run()


async def delete_all(
    writer: Writer[Model, Viewer, Create, Update, Replace],
    session: AsyncSession,
    viewer: Viewer,
    keys: Sequence[Hashable],
) -> None:
    """Delete the rows with these keys. Raise one error that lists every row that cannot be deleted."""
    locked = await writer.lock_items(session, viewer, keys, DELETE)

    def item(number: int) -> Model:
        return _take(writer, viewer, DELETE, locked, keys, number)

    async def together() -> None:
        await writer.delete_items(session, [item(number) for number in range(len(keys))])

    async def apart() -> Callable[[int], Awaitable[None]]:
        nonlocal locked
        locked = await writer.lock_items(session, viewer, keys, DELETE)  # as above
        return lambda number: writer.delete_items(session, [item(number)])

    def check(number: int) -> None:
        writer.check_delete(viewer, item(number))

    await _Job(session, "/ids", len(keys), check, together, apart, writer.spec.model).run()


@dataclass
class _Job(Generic[All, One]):
    """A job for `total` items: `check` each, then write all `together`; if that fails, write each `apart`."""

    session: AsyncSession
    pointer: str  # the JSON pointer to the list of items in the body
    total: int
    check: Callable[[int], None]
    together: Callable[[], Awaitable[All]]
    apart: Callable[[], Awaitable[Callable[[int], Awaitable[One]]]]  # returns the function that writes one item
    model: type[object]
    bodies: Sequence[BaseModel] = ()  # empty for deletions
    errors: dict[int, DovetailError] = field(default_factory=dict)  # by the item's number

    async def run(self) -> All | list[One]:
        """Return the result of `together`, or those of `apart` in order. Raise one error that lists every failure."""
        note_of_request(CHANGE_SOURCE, "bulk")
        for number in range(self.total):
            with self._noting(number):
                self.check(number)
        if not self.errors:
            try:
                async with self.session.begin_nested():
                    done = await self.together()
                    await check_deferred_keys(self.session, self.model, self.bodies)
                    return done
            except (*EXPECTED, SQLAlchemyError) as error:
                _expected(error)
        one = await self.apart()
        each = [await self._try(number, one) for number in range(self.total) if number not in self.errors]
        for number, body in enumerate(self.bodies if not self.errors else ()):
            with self._noting(number):
                await check_deferred_keys(self.session, self.model, [body])
        self._raise_errors()
        return [done for done in each if done is not None]

    async def _try(self, number: int, one: Callable[[int], Awaitable[One]]) -> One | None:
        """Write one item and return the result; on an expected error, note it and return None."""
        with self._noting(number):
            try:
                async with self.session.begin_nested():
                    return await one(number)
            except (*EXPECTED, SQLAlchemyError) as error:
                refused = await self._refused(number, error)
                if refused is None:
                    raise
                raise refused from error
        return None

    async def _refused(self, number: int, error: Exception) -> DovetailError | None:
        return await refused_row(self.session, self.model, self.bodies[number], error) if self.bodies else None

    @contextmanager
    def _noting(self, number: int) -> Iterator[None]:
        """Note the error that the block raises, if it is one that a client can correct."""
        try:
            yield
        except (*EXPECTED, SQLAlchemyError) as error:
            self.errors[number] = _expected(error)

    def _raise_errors(self) -> None:
        """Raise all errors as one, which rolls everything back: of their class if they share one, else 422."""
        if not self.errors:
            return
        kinds = {type(error) for error in self.errors.values()}
        kind = kinds.pop() if len(kinds) == 1 else InvalidInputError
        errors = [one for number in sorted(self.errors) for one in self._located(number)]
        raise kind(f"{len(self.errors)} of {self.total} cannot be done; nothing was changed.", errors=errors)

    def _located(self, number: int) -> list[FieldError]:
        error, pointer = self.errors[number], f"{self.pointer}/{number}"
        if not error.errors:
            return [FieldError(pointer=pointer, detail=error.detail, type=error.slug)]
        schema = type(self.bodies[number]) if self.bodies else BaseModel
        return list(as_sent(error.errors, schema, pointer))


def _expected(error: Exception) -> DovetailError:
    """Return the error as one that a client can correct. Raise it again if it is not."""
    known = error if isinstance(error, DovetailError) else client_error(error)
    if not isinstance(known, EXPECTED):
        raise error
    return known


async def _written(
    writer: Writer[Model, Viewer, Create, Update, Replace],
    session: AsyncSession,
    viewer: Viewer,
    action: str,
    keys: Sequence[Hashable],
) -> WrittenRows:
    """Read written rows. Raise PermissionDeniedError if the policy does not allow one as it is now."""
    visibility = writer.spec.written_visibility(viewer, action)
    batch = await writer.spec.written_reader.read_keys(SessionSource(session), keys, visibility)
    if batch.refused():
        raise writer.spec.refusal(viewer, action)
    return WrittenRows(keys, batch)


def _take(  # noqa: PLR0917 - the parameters of `Writer.taken`, and which of the keys
    writer: Writer[Model, Viewer, Create, Update, Replace],
    viewer: Viewer,
    action: str,
    locked: Mapping[Hashable, Locked[Model]],
    keys: Sequence[Hashable],
    number: int,
) -> Model:
    key = keys[number]
    if key in keys[:number]:
        detail = f"The {writer.spec.singular} {key_text(key)} comes twice."
        raise InvalidInputError(detail, errors=[FieldError(pointer="", detail=detail, type="repeated")])
    return writer.taken(viewer, action, key, locked.get(key))
