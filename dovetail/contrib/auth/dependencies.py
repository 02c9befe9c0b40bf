"""Who is asking, as endpoints ask for it: the one place that decides it.

    async def create_post(user: CurrentUser, session: SessionDep) -> PostRead: ...

Deactivated users never pass.
"""

from typing import Annotated

from fastapi import Depends
from fastapi.security import OAuth2PasswordBearer
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import HTTPConnection

from dovetail.api.dependencies import plugin_settings
from dovetail.api.security import authenticates
from dovetail.contrib.auth.accounts.tokens import get_user_by_token
from dovetail.contrib.auth.email import EmailSender
from dovetail.contrib.auth.models import User
from dovetail.contrib.auth.settings import AuthSettings
from dovetail.database.session import SessionDep
from dovetail.database.unit_of_work import lookup_session
from dovetail.errors import NotAuthenticatedError, PermissionDeniedError

# For the OpenAPI document, and so that /docs can log in; the URL is that of the operation, wherever it is mounted.
_scheme = OAuth2PasswordBearer(
    tokenUrl="login", scheme_name="Bearer", description="Log in with e-mail or username.", auto_error=False
)


def bearer_token(connection: HTTPConnection) -> str | None:
    """The bearer token in the Authorization header (RFC 6750, section 2.1)."""
    scheme, _, token = connection.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


async def authenticate_request(connection: HTTPConnection, session: AsyncSession) -> User | None:
    """Who is asking; the kernel's `app.state.authenticate`."""
    token = bearer_token(connection)
    return await get_user_by_token(session, token) if token else None


async def _bearer_token(connection: HTTPConnection) -> str | None:
    # FastAPI runs what is not async in a thread, and threads are what slow mail servers hold.
    return bearer_token(connection)


BearerToken = Annotated[str | None, Depends(_bearer_token)]
Documented = Annotated[str | None, Depends(_scheme)]


@authenticates(required=False)
async def get_optional_user(session: SessionDep, token: BearerToken, _: Documented) -> User | None:
    """The user whose token came with the request, None without one.

    Raises NotAuthenticatedError for a token that is wrong, expired or revoked: who sends it believes to be logged in.
    """
    if token is None:
        return None
    user = await get_user_by_token(session, token)
    if user is None:
        raise bad_token()
    return user


def bad_token() -> NotAuthenticatedError:
    """What to say to a token that is nobody's."""
    error = NotAuthenticatedError("The token is wrong, expired or revoked; log in again.")
    error.headers["WWW-Authenticate"] = 'Bearer error="invalid_token"'  # RFC 6750, section 3.1
    return error


OptionalUser = Annotated[User | None, Depends(get_optional_user)]


@authenticates(required=True)
async def get_current_user(user: OptionalUser) -> User:
    """The user who is asking. Raises NotAuthenticatedError."""
    if user is None:
        raise NotAuthenticatedError
    return user


CurrentUser = Annotated[User, Depends(get_current_user)]


async def get_staff_user(user: CurrentUser) -> User:
    """The member of staff who is asking. Raises NotAuthenticatedError and PermissionDeniedError."""
    if not user.is_staff:
        raise PermissionDeniedError("This is for staff only.")
    return user


StaffUser = Annotated[User, Depends(get_staff_user)]


@authenticates(required=True)
async def get_user_beside(session: SessionDep, token: BearerToken, _: Documented) -> User:
    """The user who is asking, looked up in a transaction that is over when the endpoint begins.

    For endpoints that hash a password, or wait for anything else that is no database, before they touch a row: the
    session has not been used yet and holds no connection. What was true of the user may have changed by the time the
    row is locked. Raises NotAuthenticatedError.
    """
    if token is None:
        raise NotAuthenticatedError
    async with lookup_session(session) as lookup:
        user = await get_user_by_token(lookup, token)
    if user is None:
        raise bad_token()
    return user


UserBeside = Annotated[User, Depends(get_user_beside)]


async def get_staff_beside(user: UserBeside) -> User:
    """The member of staff who is asking, as UserBeside. Raises NotAuthenticatedError and PermissionDeniedError."""
    return await get_staff_user(user)


StaffBeside = Annotated[User, Depends(get_staff_beside)]


async def get_email_sender(connection: HTTPConnection) -> EmailSender:
    """Who delivers e-mail for this application."""
    sender: EmailSender = connection.app.state.email_sender
    return sender


AuthSettingsDep = Annotated[AuthSettings, Depends(plugin_settings("auth", AuthSettings))]
EmailSenderDep = Annotated[EmailSender, Depends(get_email_sender)]
