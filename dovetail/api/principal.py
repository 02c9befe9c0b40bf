"""Who is asking: the seam by which a plugin (contrib/auth) tells the kernel, which knows no user model."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Protocol

from fastapi import Depends
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import HTTPConnection

from dovetail.api.security import authenticates
from dovetail.errors import NotAuthenticatedError, PermissionDeniedError


class Principal(Protocol):
    """Somebody who proved who they are and is active."""

    @property
    def id(self) -> int:
        """The primary key."""

    @property
    def is_staff(self) -> bool:
        """Whether they may use what is for staff only."""


Authenticator = Callable[[HTTPConnection, AsyncSession], Awaitable[Principal | None]]


async def find_staff(connection: HTTPConnection, *, pages: bool = False) -> Principal:
    """The member of staff who is asking; `pages` lets in those who are logged in to pages (the back office) too.

    Raises NotAuthenticatedError and PermissionDeniedError; without an authenticator nobody gets in. A plugin sets
    `app.state.authenticate`, and one with pages `app.state.authenticate_visitor` (each an Authenticator), in its
    `setup`. The session used here stands outside the pool, so that an operator can look at an exhausted pool.
    """
    state = connection.app.state
    names = ("authenticate", "authenticate_visitor") if pages else ("authenticate",)
    found: list[Authenticator | None] = [getattr(state, name, None) for name in names]
    authenticators = [authenticate for authenticate in found if authenticate is not None]
    if not authenticators:
        raise NotAuthenticatedError("No enabled plugin authenticates users; add dovetail.contrib.auth to the plugins.")
    async with state.database.outside_the_pool() as session:
        for authenticate in authenticators:
            principal = await authenticate(connection, session)
            if principal is not None:
                break
    if principal is None:
        raise NotAuthenticatedError
    if not principal.is_staff:
        raise PermissionDeniedError("This is for staff only.")
    return principal


@authenticates(required=True)
async def require_staff(connection: HTTPConnection) -> Principal:
    """Answer 401 to the anonymous and 403 to those who are not staff, as `find_staff` finds them by their token."""
    return await find_staff(connection)


@authenticates(required=True)
async def require_staff_reader(connection: HTTPConnection) -> Principal:
    """As `require_staff`, for what is only read: a session of the back office is as good as a token."""
    return await find_staff(connection, pages=True)


StaffDep = Annotated[Principal, Depends(require_staff)]
