"""Know who is asking: dependencies for endpoints, policies for resources, and what others may know of a user.

    async def create_post(user: CurrentUser, session: SessionDep) -> PostRead: ...

Deactivated users never pass. A token that is wrong, expired or revoked is answered with 401, also where none is needed.
"""

import re
from collections.abc import Awaitable, Callable, Hashable, Iterable
from typing import Annotated, Any, ClassVar

from fastapi import Depends
from fastapi.security import OAuth2PasswordBearer
from pydantic import Field
from sqlalchemy import ColumnElement, false, true
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import HTTPConnection
from typing_extensions import TypeVar, override

from dovetail.api.schemas import Id, Schema
from dovetail.api.security import authenticates
from dovetail.api.throttling.rates import network_of as network_of  # noqa: PLC0414 - names of the public API
from dovetail.api.throttling.throttled import THROTTLED as THROTTLED  # noqa: PLC0414 - as above
from dovetail.api.throttling.throttled import throttle as throttle  # noqa: PLC0414 - as above
from dovetail.api.throttling.throttled import throttled as throttled  # noqa: PLC0414 - as above
from dovetail.contrib.auth.accounts.access_tokens import (
    current_of,
    find_user_by_token,
    get_user_by_token,
    loaded_values,
)
from dovetail.contrib.auth.credentials.browser_sessions import check_csrf
from dovetail.contrib.auth.credentials.reading import Credential, credential_of
from dovetail.contrib.auth.credentials.scopes import InsufficientScopeError, check_scopes
from dovetail.contrib.auth.credentials.scopes import takes_scopes as takes_scopes  # noqa: PLC0414 - it is public
from dovetail.contrib.auth.events.origin import Who
from dovetail.contrib.auth.factors.requirement import check_factor, lacks_factor
from dovetail.contrib.auth.factors.second_step import SecondStep as SecondStep  # noqa: PLC0414 - names of the public API
from dovetail.contrib.auth.factors.second_step import begin_login as begin_login  # noqa: PLC0414 - as above
from dovetail.contrib.auth.models import User
from dovetail.contrib.auth.sessions.current import CurrentSession, session_of
from dovetail.contrib.auth.sessions.use import remember_use
from dovetail.contrib.auth.setting_types.schemes import Scheme
from dovetail.contrib.auth.settings import AuthSettings
from dovetail.contrib.auth.tokens.current import token_of
from dovetail.database.prepared_reads import ReadSource
from dovetail.database.session import SessionDep
from dovetail.database.unit_of_work import lookup_session
from dovetail.errors import ConfigurationError, NotAuthenticatedError, PermissionDeniedError
from dovetail.plugin import PLUGIN_SETTINGS
from dovetail.resources.policies.closed import Label
from dovetail.resources.policy import Policy, Recognized
from dovetail.resources.sql.statements import Found
from dovetail.state import ACTOR, current_scope

Model = TypeVar("Model", contravariant=True, default=object)  # noqa: PLC0105 - as in Policy
Create = TypeVar("Create", contravariant=True, default=Any)  # noqa: PLC0105 - as in Policy

# For the OpenAPI document, and so that /docs can log in; the URL is that of the operation, wherever it is mounted.
_scheme = OAuth2PasswordBearer(
    tokenUrl="login", scheme_name="Bearer", description="Log in with e-mail or username.", auto_error=False
)


async def authenticate_request(connection: HTTPConnection, session: AsyncSession) -> User | None:
    """Return the user whose token came with a request; the kernel's AUTHENTICATOR."""
    credential = credential_of(connection)
    user = await get_user_by_token(session, credential.token, credential.door) if credential else None
    if user is not None:
        _check_cookie(connection, user, credential)
    return None if user is None or lacks_factor(user, _settings(connection)) else _noted(connection, user)


async def _credential(connection: HTTPConnection) -> Credential | None:
    # FastAPI runs what is not async in a thread, and threads are what slow mail servers hold.
    return credential_of(connection)


CredentialDep = Annotated[Credential | None, Depends(_credential)]
Documented = Annotated[str | None, Depends(_scheme)]


async def _find(connection: HTTPConnection, session: AsyncSession, credential: Credential) -> User:
    user = await get_user_by_token(session, credential.token, credential.door)
    if user is None:
        raise bad_token(credential)
    _check_cookie(connection, user, credential)
    return user


def _check_cookie(connection: HTTPConnection, user: User, credential: Credential | None) -> None:
    login = session_of(user) if credential is not None and credential.scheme is Scheme.SESSION else None
    if login is not None:
        check_csrf(connection, user.id, login.id)


@authenticates(required=False)
async def get_any_user(
    connection: HTTPConnection, session: SessionDep, credential: CredentialDep, _: Documented
) -> User | None:
    """Return the user whose token came with the request, whatever its scopes, and None without one.

    What they may do is for the endpoint to ask. Raise as `get_optional_user` does, but not for scopes.
    """
    if credential is None:
        return None
    user = await _find(connection, session, credential)
    check_factor(user, _settings(connection))
    return _noted(connection, user)


AnyUser = Annotated[User | None, Depends(get_any_user)]


@authenticates(required=False)
async def get_optional_user(connection: HTTPConnection, user: AnyUser) -> User | None:
    """Return the user whose token came with the request, None without one.

    Raise NotAuthenticatedError for a token that is wrong, expired or revoked: who sends it believes to be logged in;
    SecondFactorRequiredError for a user who has to enrol a second factor first; InsufficientScopeError for a token
    with scopes, of which the endpoint asks for none.
    """
    return user if user is None else check_scopes(connection, user)


def _note_actor(user: User | Found[User]) -> None:
    scope = current_scope.get()  # of the whole site, whatever it is mounted in
    if scope is not None:
        scope[ACTOR] = user if isinstance(user, Found) else Who(user.id, user.username)


def bad_token(credential: Credential | None = None) -> NotAuthenticatedError:
    """Return the error for a token that is nobody's."""
    error = NotAuthenticatedError("The token is wrong, expired or revoked; log in again.")
    scheme = Scheme.BEARER if credential is None else credential.scheme
    error.headers["WWW-Authenticate"] = f'{scheme} error="invalid_token"'  # RFC 6750, section 3.1
    return error


OptionalUser = Annotated[User | None, Depends(get_optional_user)]


@authenticates(required=True)
async def get_current_user(user: OptionalUser) -> User:
    """Return the user who is asking. Raise NotAuthenticatedError."""
    if user is None:
        raise NotAuthenticatedError
    return user


CurrentUser = Annotated[User, Depends(get_current_user)]


@authenticates(required=True)
async def get_enrolling_user(
    connection: HTTPConnection, session: SessionDep, credential: CredentialDep, _: Documented
) -> User:
    """Return the user who is asking, one who has to enrol a second factor too: to enrol it, or to log out.

    Raise NotAuthenticatedError.
    """
    if credential is None:
        raise NotAuthenticatedError
    return check_scopes(connection, _noted(connection, await _find(connection, session, credential)))


EnrollingUser = Annotated[User, Depends(get_enrolling_user)]


@authenticates(required=True)
async def get_enrolling_user_beside(
    connection: HTTPConnection, session: SessionDep, credential: CredentialDep, _: Documented
) -> User:
    """Return the same, looked up in a transaction that is over when the endpoint begins, as UserBeside does.

    Raise NotAuthenticatedError.
    """
    return check_scopes(connection, _noted(connection, await _look_up(connection, session, credential)))


EnrollingUserBeside = Annotated[User, Depends(get_enrolling_user_beside)]


async def get_staff_user(user: CurrentUser) -> User:
    """Return the member of staff who is asking. Raise NotAuthenticatedError and PermissionDeniedError."""
    if not user.is_staff:
        raise PermissionDeniedError("This is for staff only.")
    return user


StaffUser = Annotated[User, Depends(get_staff_user)]


@authenticates(required=True)
async def get_user_beside(
    connection: HTTPConnection, session: SessionDep, credential: CredentialDep, _: Documented
) -> User:
    """Return the user who is asking, looked up in a transaction that is over when the endpoint begins.

    For endpoints that hash a password, or wait for anything else that is no database, before they touch a row: the
    session has not been used yet and holds no connection. What was true of the user may have changed by the time the
    row is locked. Raise NotAuthenticatedError.
    """
    user = await _look_up(connection, session, credential)
    check_factor(user, _settings(connection))
    return check_scopes(connection, _noted(connection, user))


UserBeside = Annotated[User, Depends(get_user_beside)]


async def get_staff_beside(user: UserBeside) -> User:
    """Return the member of staff who is asking, as UserBeside does. Raise as `get_staff_user` does."""
    return await get_staff_user(user)


StaffBeside = Annotated[User, Depends(get_staff_beside)]


class _RecognizedUser(Recognized[User | None]):
    """A user of whom mostly no more is needed than the values: what they may see was found out before."""

    def __init__(self, found: Found[User], *, is_remembered: bool) -> None:
        self._found = found
        self.values = found.values if is_remembered else None

    @property
    @override
    def viewer(self) -> User:  # type: ignore[override]  # it is read only
        """The user."""
        return self._found.item


class UserPolicy(Policy[Model, User, Create]):
    """Lets anybody ask and users write; subclasses say what they may see and change: here, nothing.

    The viewer of a write is a User; that of a read is a User, or None for somebody who sends no token.
    """

    reader: ClassVar[object] = OptionalUser
    writer: ClassVar[object] = CurrentUser
    # True if `where`, `related` and `hidden` look at nothing of a user but columns and permissions, and at nothing else
    # that changes while the process runs: what they may see is remembered until one of those changes.
    remembers_viewers: ClassVar[bool] = False

    @override
    async def recognize_reader(self, connection: HTTPConnection, source: ReadSource) -> Recognized[User | None] | None:
        """Return the user whose token came with the request, by one statement; None for a `reader` of one's own.

        Raises what OptionalUser, CurrentUser and StaffUser raise.
        """
        reader = self.reader
        if reader is not OptionalUser and reader is not CurrentUser and reader is not StaffUser:
            return await super().recognize_reader(connection, source)
        credential, recognized = credential_of(connection), None
        if credential is not None:
            found = await find_user_by_token(source, credential.token, credential.door)
            if found is None:
                raise bad_token(credential)
            remember_use(connection.app, found.current or current_of(found.user.item))
            _note_actor(found.user)
            recognized = _RecognizedUser(found.user, is_remembered=self.remembers_viewers)
            if not isinstance(found.current, CurrentSession):  # a login has no scopes
                check_scopes(connection, recognized.viewer)
            if _settings(connection).require_second_factor != "none":  # or there is no need to make a user of the row
                check_factor(recognized.viewer, _settings(connection))
        if reader is not OptionalUser:
            user = await get_current_user(None if recognized is None else recognized.viewer)
            if reader is StaffUser:
                await get_staff_user(user)
        return recognized or Recognized(None)

    @override
    def identity(self, viewer: User | None) -> str | None:
        """Return the user's key; with a token that has scopes, the token's too: it is shown no other one's answers."""
        if viewer is None:
            return None
        token = None if viewer.token_scopes is None else token_of(viewer)
        return str(viewer.id) if token is None else f"{viewer.id} by token {token.id}"

    @override
    def viewer_values(self, viewer: User) -> Hashable | None:
        """Return the user's columns and permissions, if that is all that decides what they may see."""
        return loaded_values(viewer) if self.remembers_viewers else None

    @override
    def sample_viewers(self) -> Iterable[User | None]:
        """Return somebody unknown, a user, a member of staff and a superuser."""
        flags = ((False, False), (True, False), (True, True))
        users = [User(id=0, is_active=True, is_staff=staff, is_superuser=superuser) for staff, superuser in flags]
        for user in users:
            user.remember_permissions(())
        return (None, *users)

    @override
    async def recognize_writer(self, connection: HTTPConnection, session: AsyncSession) -> Recognized[User] | None:
        """Return the user whose token came with the request; None without one, or for a `writer` of one's own.

        Raises what CurrentUser and StaffUser raise.
        """
        writer, credential = self.writer, credential_of(connection)
        if (writer is not CurrentUser and writer is not StaffUser) or credential is None:
            return None
        user = await _find(connection, session, credential)
        check_factor(user, _settings(connection))
        check_scopes(connection, _noted(connection, user))
        return Recognized(user if writer is CurrentUser else await get_staff_user(user))


class StaffWrite(UserPolicy[Model, Create]):
    """Lets everybody read everything and staff write it. Reads do not ask who is asking, which makes them fast."""

    remembers_anonymous: ClassVar[bool] = True
    remembers_viewers: ClassVar[bool] = True
    reader: ClassVar[object] = Policy.reader
    writer: ClassVar[object] = StaffUser

    @override
    def where(self, viewer: User | None, action: str) -> ColumnElement[bool]:
        """Return a condition that all rows fulfil, or none."""
        return true() if action == "view" or (viewer is not None and viewer.is_staff) else false()


class StaffOnly(UserPolicy[Model, Create]):
    """Lets staff read and write everything, and nobody else anything."""

    reader: ClassVar[object] = StaffUser
    writer: ClassVar[object] = StaffUser
    remembers_viewers: ClassVar[bool] = True

    @override
    def where(self, viewer: User | None, action: str) -> ColumnElement[bool]:
        """Return a condition that all rows fulfil, or none."""
        return true() if viewer is not None and viewer.is_staff else false()


async def _look_up(connection: HTTPConnection, session: AsyncSession, credential: Credential | None) -> User:
    if credential is None:
        raise NotAuthenticatedError
    async with lookup_session(session) as lookup:
        return await _find(connection, lookup, credential)


def _settings(connection: HTTPConnection) -> AuthSettings:
    settings = PLUGIN_SETTINGS.get(connection.app)["auth"]
    assert isinstance(settings, AuthSettings)  # noqa: S101 - the plugin names this class
    return settings


def check_permission(user: User, *permissions: str) -> None:
    """Raise PermissionDeniedError unless the user has one of these permissions, `blog.change_post`."""
    if any(map(user.has_perm, permissions)):
        return
    if user.token_scopes is not None and user.token_scopes.isdisjoint(permissions):
        raise InsufficientScopeError(permissions[0])
    raise PermissionDeniedError(f"This takes the permission {permissions[0]}.")


def permission_required(permission: str) -> Callable[[User], Awaitable[User]]:
    """Return a dependency that gives the user who is asking, if they have this permission.

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


class ModelPermissions(UserPolicy[Model, Create]):
    """Lets staff do with all rows of a model what they are permitted: `ModelPermissions("shop.product")`.

    Raises ConfigurationError for a label that is no such pair.

    To read takes `shop.view_product` or `shop.change_product`; to write `shop.add_product` and so on. Superusers may
    do everything.
    """

    reader: ClassVar[object] = StaffUser
    writer: ClassVar[object] = StaffUser
    remembers_anonymous: ClassVar[bool] = True
    remembers_viewers: ClassVar[bool] = True

    def __init__(self, label: str) -> None:
        if re.fullmatch(r"[a-z][a-z0-9_]*\.[A-Za-z_][A-Za-z0-9_]*", label) is None:
            raise ConfigurationError(
                f'ModelPermissions({label!r}) names no model, expected a plugin and a model: "shop.product"'
            )
        plugin, _, model = label.partition(".")
        self._label = Label(plugin, model)

    @override
    def where(self, viewer: User | None, action: str) -> ColumnElement[bool]:
        """Return a condition that all rows fulfil, or none."""
        if viewer is None or not viewer.is_staff:
            return false()
        return true() if any(map(viewer.has_perm, self._label.permissions(action))) else false()

    @override
    def explain(self, viewer: User | None, action: str) -> str:
        """Return the sentence that names the permission."""
        return f"This takes the permission {self._label.permissions(action)[0]}."


def _noted(connection: HTTPConnection, user: User) -> User:
    """Return the user, of whose session it is remembered that it is used."""
    remember_use(connection.app, current_of(user))
    _note_actor(user)
    return user


class UserPublic(Schema):
    """A user as anybody may know them, for instance as an author."""

    id: Id
    username: Annotated[str, Field(examples=["ada"])]
    full_name: Annotated[str, Field(examples=["Ada Lovelace"])]
