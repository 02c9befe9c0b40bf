"""Decide who may see and change what: the hooks that every endpoint of a resource asks.

    class PostPolicy(UserPolicy[Post, PostCreate]):
        @override
        def rows(self, viewer: User | None) -> ColumnElement[bool]:
            return Post.is_published.is_(True)

A `Policy` is generic in the model, in the viewer of a write and in the schema of a create, so that a type checker
refuses a hook with another signature; `typing_extensions.override` lets it refuse a misspelt one. A `Resource` refuses
both when it is made, with a ConfigurationError.
"""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Annotated, ClassVar, Generic

from fastapi import Depends
from sqlalchemy import ColumnElement, false, true
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import HTTPConnection
from typing_extensions import TypeVar, override

from dovetail.database.prepared_reads import ReadSource
from dovetail.errors import NotFoundError, PermissionDeniedError, quoted

# Their names stand in signatures that authors of plugins read.
Model = TypeVar("Model", contravariant=True, default=object)  # noqa: PLC0105 - see above; an instance is one row
Viewer = TypeVar("Viewer", default=object)  # who writes; who reads is this or None
Create = TypeVar("Create", contravariant=True, default=object)  # noqa: PLC0105 - see above; the schema of a create


async def nobody() -> None:
    """Return the viewer of a policy that knows no users: None."""


@dataclass
class Recognized(Generic[Viewer]):
    """Somebody who reads or writes."""

    viewer: Viewer
    values: Hashable | None = None  # all that was loaded of them, if what they may see is to be remembered by that


class Policy(Generic[Model, Viewer, Create]):
    """Decides rows and fields for a viewer; this one lets nobody see or change anything.

    Subclasses open what they want open. `reader` and `writer` are the `Annotated` dependencies that give the viewer of
    a read and of a write, for example OptionalUser and CurrentUser; a viewer of None is somebody unknown. Every hook is
    asked once a request, and of each row once; it is not `async`, because the row it decides on is locked.
    """

    reader: ClassVar[object] = Annotated[None, Depends(nobody)]
    writer: ClassVar[object] = Annotated[None, Depends(nobody)]
    # True if what somebody unknown may see never changes while the process runs; reads are faster then. A rule
    # that compares with the clock says so in SQL (`Post.publish_at <= utcnow()`), and may be remembered too.
    remembers_anonymous: ClassVar[bool] = False

    async def recognize_reader(
        self,
        connection: HTTPConnection,  # noqa: ARG002 - for subclasses
        source: ReadSource,  # noqa: ARG002 - for subclasses
    ) -> Recognized[Viewer | None] | None:
        """Return whom `reader` would give, found without FastAPI; None if `reader` has to be asked.

        Raises what `reader` would raise. A statement that it takes runs on `source`, as the read itself will.
        """
        return Recognized(None) if self.reader is Policy.reader else None

    async def recognize_writer(
        self,
        connection: HTTPConnection,  # noqa: ARG002 - for subclasses
        session: AsyncSession,  # noqa: ARG002 - for subclasses
    ) -> Recognized[Viewer] | None:
        """Return whom `writer` would give, found without FastAPI; None if `writer` has to be asked."""
        return Recognized(None) if self.writer is Policy.writer else None  # type: ignore[arg-type]  # nobody gives None

    def viewer_values(self, viewer: Viewer) -> Hashable | None:  # noqa: ARG002 - for subclasses
        """Return all that `rows`, `related` and `hidden` look at of a viewer; None if it cannot be told, as here.

        What a viewer may see is remembered by these values, so that the hooks are not asked about equal ones again:
        they may look at nothing else that changes, be it a clock, a setting or another row.
        """
        return None

    def identity(self, viewer: Viewer | None) -> str | None:
        """Return a text that only this viewer has; None for somebody unknown."""
        return None if viewer is None else str(viewer.id)  # type: ignore[attr-defined]  # a viewer without one overrides

    def rows(self, viewer: Viewer | None) -> ColumnElement[bool]:  # noqa: ARG002 - for subclasses
        """Return the condition on the rows of the model that the viewer may know of."""
        return false()

    def related(self, viewer: Viewer | None) -> Mapping[str, ColumnElement[bool]]:  # noqa: ARG002 - for subclasses
        """Return conditions on the rows of related models, by the name of the relation (`post` or `post.tags`).

        What they hide is left out of nested objects and matches no filter; a relation that is not named is open.
        """
        return {}

    def hidden(self, viewer: Viewer | None) -> frozenset[str]:  # noqa: ARG002 - for subclasses
        """Return the fields (`email`, `author.email`) that are not shown, filtered, ordered or searched."""
        return frozenset()

    def may_create(self, viewer: Viewer, data: Create) -> None:  # noqa: ARG002 - for subclasses
        """Raise PermissionDeniedError if the viewer may not create a row of this `data`, the validated body."""
        raise PermissionDeniedError

    def may_update(self, viewer: Viewer, item: Model, changes: frozenset[str]) -> None:  # noqa: ARG002 - for subclasses
        """Raise PermissionDeniedError if the viewer may not change the fields `changes` of a row they may know of."""
        raise PermissionDeniedError

    def may_delete(self, viewer: Viewer, item: Model) -> None:  # noqa: ARG002 - for subclasses
        """Raise PermissionDeniedError if the viewer may not delete a row they may know of."""
        raise PermissionDeniedError


class ReadOnly(Policy[Model, Viewer, Create]):
    """Everybody may read everything; nobody may change anything."""

    @override
    def rows(self, viewer: Viewer | None) -> ColumnElement[bool]:
        """Return a condition that all rows fulfil."""
        return true()


class Open(ReadOnly[Model, Viewer, Create]):
    """Everybody may do everything: for prototypes, and for APIs that nobody else can reach."""

    @override
    def may_create(self, viewer: Viewer, data: Create) -> None:
        """Allow it."""

    @override
    def may_update(self, viewer: Viewer, item: Model, changes: frozenset[str]) -> None:
        """Allow it."""

    @override
    def may_delete(self, viewer: Viewer, item: Model) -> None:
        """Allow it."""


def not_found(name: str, key: object) -> NotFoundError:
    """Return the error for a row that is not there or is hidden from the viewer: nobody can tell the two apart."""
    return NotFoundError(f"There is no {name} {quoted(key) if isinstance(key, str) else key}.")
