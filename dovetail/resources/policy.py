"""Who may see and change what: the one hook through which every endpoint of a resource decides it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from fastapi import Depends
from sqlalchemy import ColumnElement, false, true
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import HTTPConnection

from dovetail.errors import NotFoundError, PermissionDeniedError, quoted


async def nobody() -> None:
    """The viewer of a policy that knows no users."""


@dataclass(frozen=True)
class Recognized:
    """Somebody who writes."""

    viewer: Any


class Policy:
    """Decides rows and fields for a viewer; this one lets nobody see or change anything.

    Subclasses open what they want open. `reader` and `writer` are the `Annotated` dependencies that give the viewer of
    a read and of a write, for example OptionalUser and CurrentUser; a viewer of None is somebody unknown.
    """

    reader: ClassVar[Any] = Annotated[None, Depends(nobody)]
    writer: ClassVar[Any] = Annotated[None, Depends(nobody)]
    # Whether what somebody unknown may see never changes while the process runs; reads are faster if it is so. A rule
    # that compares with the clock says so in SQL (`Post.publish_at <= utcnow()`), and may be remembered too.
    remembers_anonymous: ClassVar[bool] = False

    def is_anonymous(self, connection: HTTPConnection) -> bool:  # noqa: ARG002 - for subclasses
        """Whether a request surely has the viewer None, so that `reader` need not be asked."""
        return self.reader is Policy.reader

    async def recognize_writer(self, connection: HTTPConnection, session: AsyncSession) -> "Recognized | None":  # noqa: ARG002 - for subclasses
        """Whom `writer` would give, found without FastAPI; None if `writer` has to be asked."""
        return Recognized(None) if self.writer is Policy.writer else None

    def identity(self, viewer: Any) -> str | None:
        """A text that only this viewer has; None for somebody unknown."""
        return None if viewer is None else str(viewer.id)

    def rows(self, viewer: Any) -> ColumnElement[bool]:  # noqa: ARG002 - for subclasses
        """Which rows of the model the viewer may know of."""
        return false()

    def related(self, viewer: Any) -> Mapping[str, ColumnElement[bool]]:  # noqa: ARG002 - for subclasses
        """Which rows of related models the viewer may know of, by the name of the relation (`post` or `post.tags`).

        What is hidden is left out of nested objects and matches no filter; a relation that is not named is open.
        """
        return {}

    def hidden(self, viewer: Any) -> frozenset[str]:  # noqa: ARG002 - for subclasses
        """Fields the viewer may not know of (`email` or `author.email`): not shown, filtered, ordered or searched."""
        return frozenset()

    def may_create(self, viewer: Any, data: Any) -> None:  # noqa: ARG002 - for subclasses
        """Raise PermissionDeniedError if the viewer may not make this."""
        raise PermissionDeniedError

    def may_update(self, viewer: Any, item: Any, changes: frozenset[str]) -> None:  # noqa: ARG002 - for subclasses
        """Raise PermissionDeniedError if the viewer may not change these fields of a row they may know of."""
        raise PermissionDeniedError

    def may_delete(self, viewer: Any, item: Any) -> None:  # noqa: ARG002 - for subclasses
        """Raise PermissionDeniedError if the viewer may not remove a row they may know of."""
        raise PermissionDeniedError


class ReadOnly(Policy):
    """Everybody may read everything; nobody may change anything."""

    def rows(self, viewer: Any) -> ColumnElement[bool]:  # noqa: ARG002 - the signature is the hook's
        """All rows."""
        return true()


class Open(ReadOnly):
    """Everybody may do everything: for prototypes, and for APIs that nobody else can reach."""

    def may_create(self, viewer: Any, data: Any) -> None:
        """Anybody may."""

    def may_update(self, viewer: Any, item: Any, changes: frozenset[str]) -> None:
        """Anybody may."""

    def may_delete(self, viewer: Any, item: Any) -> None:
        """Anybody may."""


def not_found(name: str, key: object) -> NotFoundError:
    """What a row answers that is not there or that the viewer may not know of: nobody can tell the two apart."""
    return NotFoundError(f"There is no {name} {quoted(key) if isinstance(key, str) else key}.")
