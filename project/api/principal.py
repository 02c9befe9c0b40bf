"""Who is asking: the seam by which a plugin (contrib/auth) tells the kernel, which knows no user model."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Protocol

from fastapi import Depends
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import HTTPConnection

from project.api.openapi_security import authenticates
from project.errors import NotAuthenticatedError, PermissionDeniedError


class Principal(Protocol):
    """Somebody who proved who they are and is active."""

    @property
    def id(self) -> int:
        """The primary key."""

    @property
    def is_staff(self) -> bool:
        """Whether they may use what is for staff only."""


Authenticator = Callable[[HTTPConnection, AsyncSession], Awaitable[Principal | None]]


@authenticates(required=True)
async def require_staff(connection: HTTPConnection) -> Principal:
    """Answer 401 to the anonymous and 403 to those who are not staff; without an authenticator nobody gets in.

    A plugin sets `app.state.authenticate` (an Authenticator) in its `setup`. The session used here stands outside the
    pool, so that an operator can look at an exhausted pool.
    """
    authenticate: Authenticator | None = getattr(connection.app.state, "authenticate", None)
    if authenticate is None:
        raise NotAuthenticatedError("No enabled plugin authenticates users; add project.contrib.auth to the plugins.")
    async with connection.app.state.database.outside_the_pool() as session:
        principal = await authenticate(connection, session)
    if principal is None:
        raise NotAuthenticatedError
    if not principal.is_staff:
        raise PermissionDeniedError("This is for staff only.")
    return principal


StaffDep = Annotated[Principal, Depends(require_staff)]
