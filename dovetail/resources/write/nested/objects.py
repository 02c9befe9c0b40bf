"""Nested objects of a body, their existing rows, and errors with JSON pointers to them."""

from collections.abc import Awaitable, Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeVar

from pydantic import BaseModel
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from dovetail.database.error_translation import client_error
from dovetail.errors import DovetailError, FieldError, InvalidInputError
from dovetail.resources.schemas.pointers import as_sent
from dovetail.resources.schemas.values.refused_rows import check_deferred_keys, refused_row
from dovetail.resources.write.nested.contracts import Values

ObjectT = TypeVar("ObjectT", bound="Object")


@dataclass(frozen=True)
class Row:
    """An existing row, locked, and what the viewer may do to it."""

    item: object
    may_change: bool
    may_delete: bool


@dataclass(frozen=True)
class Object:
    """A nested object: the JSON pointer to it, its data, and values that its parent gives."""

    pointer: str
    data: BaseModel
    known: Values = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Changed(Object):
    """A nested object that updates an existing row."""

    row: Row
    differs: bool  # True if its own values differ from the row, not only those of objects nested in it
    owner: Hashable  # the key of the parent row


async def together(
    session: AsyncSession,
    model: type[object],
    objects: Sequence[ObjectT],
    write: Callable[[Sequence[ObjectT]], Awaitable[None]],
) -> None:
    """Write all objects in few statements; if that fails, write each alone to find the one that fails."""
    if len(objects) == 1:
        await _alone(session, model, objects[0], write)
        return
    try:
        async with session.begin_nested():
            await write(objects)
            await check_deferred_keys(session, model, [one.data for one in objects])
    except (DovetailError, SQLAlchemyError):

        async def try_to_write(some: Sequence[ObjectT]) -> None:
            async with session.begin_nested():
                await write(some)

        for one in objects:
            await _alone(session, model, one, try_to_write)
        raise


@contextmanager
def pointing(pointer: str, data: BaseModel | None = None) -> Iterator[None]:
    """Add the JSON pointer to errors that the block raises."""
    try:
        yield
    except (DovetailError, SQLAlchemyError) as error:
        known = error if isinstance(error, DovetailError) else client_error(error)
        if known is None:
            raise
        found = known.errors or (FieldError(pointer="", detail=known.detail, type=known.slug),)
        known.errors = tuple(as_sent(found, BaseModel if data is None else type(data), pointer))
        raise known from error


def invalid(pointer: str, detail: str, kind: str) -> InvalidInputError:
    """Return a validation error for the value at a JSON pointer."""
    return InvalidInputError(detail, errors=[FieldError(pointer=pointer, detail=detail, type=kind)])


async def _alone(
    session: AsyncSession,
    model: type[object],
    one: ObjectT,
    write: Callable[[Sequence[ObjectT]], Awaitable[None]],
) -> None:
    with pointing(one.pointer, one.data):
        try:
            await write([one])
            await check_deferred_keys(session, model, [one.data])
        except (DovetailError, SQLAlchemyError) as error:
            refused = await refused_row(session, model, one.data, error)
            if refused is None:
                raise
            raise refused from error
