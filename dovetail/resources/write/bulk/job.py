"""A job for many items in one transaction, all or none, with an error for each item that cannot be done.

First all items are written together, in few statements. If that fails, each is tried alone in a savepoint to find those
that fail, and everything is rolled back. The rows stay locked in between, so the policy is checked once for each item.
"""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from pydantic import BaseModel
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from dovetail.database.error_translation import client_error
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
from dovetail.resources.schemas.pointers import as_sent
from dovetail.resources.schemas.values.refused_rows import check_deferred_keys, refused_row
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


@dataclass
class BulkJob(Generic[All, One]):
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
