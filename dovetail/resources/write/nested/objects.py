"""Objects that stand in a body, the rows that they are, and errors that point to them."""

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

Written = TypeVar("Written", bound="Object")


@dataclass(frozen=True)
class Row:
    """A row that is there, locked, and what the viewer may do to it."""

    item: object
    may_change: bool
    may_delete: bool


@dataclass(frozen=True)
class Object:
    """An object in a body, where it stands there, and the values that it has from elsewhere."""

    pointer: str
    data: BaseModel
    known: Values = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Changed(Object):
    """An object that is a row which is there."""

    row: Row
    differs: bool  # itself, and not only what it holds
    owner: Hashable  # the key of the row around it


async def together(
    session: AsyncSession,
    model: type[object],
    objects: Sequence[Written],
    write: Callable[[Sequence[Written]], Awaitable[None]],
) -> None:
    """Write all objects in as few statements as it can be; if that fails, each alone, to say which one it is."""
    if len(objects) == 1:
        await _alone(session, model, objects[0], write)
        return
    try:
        async with session.begin_nested():
            await write(objects)
            await check_deferred_keys(session, model, [one.data for one in objects])
    except (DovetailError, SQLAlchemyError):

        async def try_to_write(some: Sequence[Written]) -> None:
            async with session.begin_nested():
                await write(some)

        for one in objects:
            await _alone(session, model, one, try_to_write)
        raise


@contextmanager
def pointing(pointer: str, data: BaseModel | None = None) -> Iterator[None]:
    """Let errors say where in the body what they are about stands."""
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
    """Return the error of what stands at a pointer."""
    return InvalidInputError(detail, errors=[FieldError(pointer=pointer, detail=detail, type=kind)])


async def _alone(
    session: AsyncSession,
    model: type[object],
    one: Written,
    write: Callable[[Sequence[Written]], Awaitable[None]],
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
