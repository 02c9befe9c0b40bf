"""The principal of a request: the user, whom a plugin (contrib/auth) finds for the kernel."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Protocol, TypeAlias

from fastapi import Depends
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import HTTPConnection

from dovetail.api.security import authenticates
from dovetail.database.unit_of_work import DATABASE
from dovetail.errors import NotAuthenticatedError, PermissionDeniedError
from dovetail.state import StateKey


class Principal(Protocol):
    """An active user who has logged in."""

    @property
    def id(self) -> int:
        """Return the primary key."""

    @property
    def is_staff(self) -> bool:
        """Return True for a member of staff."""


Authenticator: TypeAlias = Callable[[HTTPConnection, AsyncSession], Awaitable[Principal | None]]

AUTHENTICATOR = StateKey[Authenticator]("authenticate", "add dovetail.contrib.auth to the plugins")
"""A function that returns the user of a request by its token; a plugin sets it in its `setup`."""

VISITOR_AUTHENTICATOR = StateKey[Authenticator]("authenticate_visitor", "add dovetail.contrib.admin to the plugins")
"""A function that returns the user who visits a page by its cookies; a plugin with pages sets it in its `setup`."""


async def find_staff(connection: HTTPConnection, *, pages: bool = False) -> Principal:
    """Return the member of staff who is asking; with `pages`, a login to the back office is enough.

    Raise NotAuthenticatedError, also without an authenticator, and PermissionDeniedError. The session is outside of the
    pool, so that an operator can look at an exhausted pool.
    """
    app = connection.app
    keys = (AUTHENTICATOR, VISITOR_AUTHENTICATOR) if pages else (AUTHENTICATOR,)
    authenticators = [authenticate for key in keys if (authenticate := key.find(app)) is not None]
    if not authenticators:
        raise NotAuthenticatedError("No enabled plugin authenticates users; add dovetail.contrib.auth to the plugins.")
    async with DATABASE.get(app).outside_the_pool() as session:
        for authenticate in authenticators:
            principal = await authenticate(connection, session)
            if principal is not None:
                break
    if principal is None:
        raise NotAuthenticatedError
    if not principal.is_staff:
        raise PermissionDeniedError("This is for staff only.")
    if getattr(principal, "token_scopes", None) is not None:  # of a token that is limited to permissions
        raise PermissionDeniedError("The token is limited to its scopes; this takes one without scopes, or a login.")
    return principal


@authenticates(required=True)
async def require_staff(connection: HTTPConnection) -> Principal:
    """Answer 401 to the anonymous and 403 to those who are not staff, as `find_staff` finds them by their token."""
    return await find_staff(connection)


@authenticates(required=True)
async def require_staff_reader(connection: HTTPConnection) -> Principal:
    """Answer as `require_staff` does, for what is only read: a session of the back office is as good as a token."""
    return await find_staff(connection, pages=True)


StaffDep = Annotated[Principal, Depends(require_staff)]
