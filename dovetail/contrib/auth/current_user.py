"""Dependencies that return the user of a request, found by its token or cookie, or refuse the request.

Each has an `Annotated` alias for the signatures of endpoints: `user: CurrentUser`.
"""

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Depends
from fastapi.security import OAuth2PasswordBearer
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import HTTPConnection

from dovetail.api.security import authenticates
from dovetail.contrib.auth.accounts.access_tokens import current_of, get_user_by_token
from dovetail.contrib.auth.credentials.browser_sessions import check_csrf
from dovetail.contrib.auth.credentials.reading import Credential, credential_of
from dovetail.contrib.auth.credentials.scopes import InsufficientScopeError, check_scopes
from dovetail.contrib.auth.events.origin import AccountRef
from dovetail.contrib.auth.factors.requirement import check_factor, lacks_factor
from dovetail.contrib.auth.models import User
from dovetail.contrib.auth.sessions.current import session_of
from dovetail.contrib.auth.sessions.use import remember_use
from dovetail.contrib.auth.setting_types.schemes import Scheme
from dovetail.contrib.auth.settings import AUTH_SETTINGS, AuthSettings
from dovetail.database.session import SessionDep
from dovetail.database.unit_of_work import lookup_session
from dovetail.errors import NotAuthenticatedError, PermissionDeniedError
from dovetail.state import ACTOR, CREDENTIAL, current_scope, note_of_request
from dovetail.translation.texts import gettext

# Documents the login in OpenAPI, so that /docs can use it; the URL is that of the operation `login`, wherever mounted.
_scheme = OAuth2PasswordBearer(
    tokenUrl="login", scheme_name="Bearer", description="Log in with e-mail or username.", auto_error=False
)


async def authenticate_request(connection: HTTPConnection, session: AsyncSession) -> User | None:
    """Return the user of a request's credential, or None; registered with the kernel as AUTHENTICATOR."""
    credential = credential_of(connection)
    user = await get_user_by_token(session, credential.token, credential.kind) if credential else None
    if user is not None:
        check_cookie(connection, user, credential)
    return None if user is None or lacks_factor(user, settings_of_request(connection)) else note_use(connection, user)


async def _credential(connection: HTTPConnection) -> Credential | None:
    # An async function, since FastAPI runs others in threads, which may all be busy.
    return credential_of(connection)


CredentialDep = Annotated[Credential | None, Depends(_credential)]


Documented = Annotated[str | None, Depends(_scheme)]


async def find_user(connection: HTTPConnection, session: AsyncSession, credential: Credential) -> User:
    """Return the user of a credential. Raise NotAuthenticatedError if there is none."""
    user = await get_user_by_token(session, credential.token, credential.kind)
    if user is None:
        raise bad_token(credential)
    check_cookie(connection, user, credential)
    return user


def check_cookie(connection: HTTPConnection, user: User, credential: Credential | None) -> None:
    """Raise PermissionDeniedError for an unsafe request with a session cookie and without its CSRF token."""
    login = session_of(user) if credential is not None and credential.scheme is Scheme.SESSION else None
    if login is not None:
        check_csrf(connection, user.id, login.id)


@authenticates(required=False)
async def get_any_user(
    connection: HTTPConnection, session: SessionDep, credential: CredentialDep, _: Documented
) -> User | None:
    """Return the user of the request, whatever the scopes of their token; None without a credential.

    The endpoint has to check permissions itself. Raise as `get_optional_user` does, except for scopes.
    """
    if credential is None:
        return None
    user = await find_user(connection, session, credential)
    check_factor(user, settings_of_request(connection))
    return note_use(connection, user)


AnyUser = Annotated[User | None, Depends(get_any_user)]


@authenticates(required=False)
async def get_optional_user(connection: HTTPConnection, user: AnyUser) -> User | None:
    """Return the user of the request; None without a credential.

    Raise NotAuthenticatedError for a wrong, expired or revoked token, since its sender expects to be logged in. Raise
    SecondFactorRequiredError for a user who has to enrol a second factor first, and InsufficientScopeError for a token
    whose scopes do not allow the endpoint.
    """
    return user if user is None else check_scopes(connection, user)


def note_actor(user: User) -> None:
    """Store the user in the scope of the request, for security events, logs and the history."""
    scope = current_scope.get()  # the scope of the whole site, not of an application mounted in it
    if scope is not None:
        scope[ACTOR] = AccountRef(user.id, user.username)


def bad_token(credential: Credential | None = None) -> NotAuthenticatedError:
    """Return the error for an invalid token."""
    error = NotAuthenticatedError("The token is wrong, expired or revoked; log in again.")
    scheme = Scheme.BEARER if credential is None else credential.scheme
    error.headers["WWW-Authenticate"] = f'{scheme} error="invalid_token"'  # RFC 6750, section 3.1
    return error


OptionalUser = Annotated[User | None, Depends(get_optional_user)]


@authenticates(required=True)
async def get_current_user(user: OptionalUser) -> User:
    """Return the user of the request. Raise NotAuthenticatedError without one."""
    if user is None:
        raise NotAuthenticatedError
    return user


CurrentUser = Annotated[User, Depends(get_current_user)]


@authenticates(required=True)
async def get_enrolling_user(
    connection: HTTPConnection, session: SessionDep, credential: CredentialDep, _: Documented
) -> User:
    """Return the user of the request, even if they have to enrol a second factor; for enrolling one and logging out.

    Raise NotAuthenticatedError without one.
    """
    if credential is None:
        raise NotAuthenticatedError
    return check_scopes(connection, note_use(connection, await find_user(connection, session, credential)))


EnrollingUser = Annotated[User, Depends(get_enrolling_user)]


@authenticates(required=True)
async def get_enrolling_user_beside(
    connection: HTTPConnection, session: SessionDep, credential: CredentialDep, _: Documented
) -> User:
    """Return the same user as EnrollingUser, looked up in a transaction of its own as for UserBeside.

    Raise NotAuthenticatedError without one.
    """
    return check_scopes(connection, note_use(connection, await _look_up(connection, session, credential)))


EnrollingUserBeside = Annotated[User, Depends(get_enrolling_user_beside)]


async def get_staff_user(user: CurrentUser) -> User:
    """Return the user of the request, who has to be staff. Raise NotAuthenticatedError and PermissionDeniedError."""
    if not user.is_staff:
        raise PermissionDeniedError("This is for staff only.")
    return user


StaffUser = Annotated[User, Depends(get_staff_user)]


@authenticates(required=True)
async def get_user_beside(
    connection: HTTPConnection, session: SessionDep, credential: CredentialDep, _: Documented
) -> User:
    """Return the user of the request, looked up in a transaction that ends before the endpoint begins.

    Use it in endpoints that first hash a password or wait for something else outside of the database: the session is
    unused until then and holds no connection. The user may change before the endpoint locks the row. Raise
    NotAuthenticatedError without one.
    """
    user = await _look_up(connection, session, credential)
    check_factor(user, settings_of_request(connection))
    return check_scopes(connection, note_use(connection, user))


UserBeside = Annotated[User, Depends(get_user_beside)]


async def get_staff_beside(user: UserBeside) -> User:
    """Return the user of the request as UserBeside does, who has to be staff. Raise as `get_staff_user` does."""
    return await get_staff_user(user)


StaffBeside = Annotated[User, Depends(get_staff_beside)]


def settings_of_request(connection: HTTPConnection) -> AuthSettings:
    """Return auth's settings of the site that handles the request."""
    return AUTH_SETTINGS.get(connection.app)


def check_permission(user: User, *permissions: str) -> None:
    """Raise PermissionDeniedError unless the user has at least one of these permissions, such as `blog.change_post`."""
    if any(map(user.has_perm, permissions)):
        return
    if user.token_scopes is not None and user.token_scopes.isdisjoint(permissions):
        raise InsufficientScopeError(permissions[0])
    raise PermissionDeniedError(gettext("This takes the permission %(action)s.") % {"action": permissions[0]})


def permission_required(permission: str) -> Callable[[User], Awaitable[User]]:
    """Return a dependency that returns the user of the request if they have this permission.

        Refunder = Annotated[User, Depends(permission_required("shop.refund_order"))]

    It raises NotAuthenticatedError and PermissionDeniedError.
    """

    @authenticates(required=True)
    async def get_permitted_user(user: AnyUser) -> User:
        if user is None:
            raise NotAuthenticatedError
        check_permission(user, permission)
        return user

    return get_permitted_user


def note_use(connection: HTTPConnection, user: User) -> User:
    """Record that the user's session or token is used, store the user in the request's scope, and return the user."""
    current = current_of(user)
    remember_use(connection.app, current)
    note_actor(user)
    note_of_request(CREDENTIAL, current)
    return user


async def _look_up(connection: HTTPConnection, session: AsyncSession, credential: Credential | None) -> User:
    if credential is None:
        raise NotAuthenticatedError
    async with lookup_session(session) as lookup:
        return await find_user(connection, lookup, credential)
