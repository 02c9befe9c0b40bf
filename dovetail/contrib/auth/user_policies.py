"""Policies whose viewers are users."""

import re
from collections.abc import Hashable, Iterable
from typing import Any, ClassVar, get_args

from sqlalchemy import ColumnElement, false, true
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import HTTPConnection
from typing_extensions import TypeVar, override

from dovetail.contrib.auth.accounts.access_tokens import find_user_by_token, loaded_values
from dovetail.contrib.auth.credentials.reading import (
    BEARER_ONLY,
    CREDENTIALS,
    Credential,
    CredentialReader,
    credential_of,
)
from dovetail.contrib.auth.credentials.scopes import check_scopes
from dovetail.contrib.auth.current_user import (
    CurrentUser,
    OptionalUser,
    StaffUser,
    bad_token,
    check_cookie,
    get_current_user,
    get_staff_user,
)
from dovetail.contrib.auth.factors.requirement import check_factor
from dovetail.contrib.auth.models import User
from dovetail.contrib.auth.sessions.current import CurrentSession
from dovetail.contrib.auth.sessions.use import remember_use
from dovetail.contrib.auth.setting_types.schemes import Scheme
from dovetail.contrib.auth.settings import AUTH_SETTINGS, AuthSettings
from dovetail.contrib.auth.tokens.current import token_of
from dovetail.database.fast_unit_of_work import SessionSource
from dovetail.database.prepared_reads import ReadSource
from dovetail.errors import ConfigurationError
from dovetail.resources.policies.closed import Label
from dovetail.resources.policy import Policy, Recognized
from dovetail.resources.sql.statements import Found
from dovetail.state import ACTOR, CREDENTIAL, current_scope
from dovetail.translation.texts import gettext

Model = TypeVar("Model", contravariant=True, default=object)  # noqa: PLC0105 - as in Policy
Create = TypeVar("Create", contravariant=True, default=Any)  # noqa: PLC0105 - as in Policy
NOBODY: Recognized[User | None] = Recognized(None)


class _RecognizedUser(Recognized[User]):
    """A user whose row was read. Often its values are enough, since what the user may see is cached by them."""

    _found: Found[User]
    _is_remembered: bool

    def __init__(self, found: Found[User], *, is_remembered: bool) -> None:
        # Not by assignment, since `__setattr__` of a frozen dataclass is slow.
        vars(self).update(_found=found, _is_remembered=is_remembered)

    @property
    @override
    def values(self) -> Hashable | None:
        """All values that were loaded for the user, if the policy caches by them; otherwise None."""
        return self._found.values if self._is_remembered else None

    @property
    @override
    def viewer(self) -> User:
        """The User object, created on first use."""
        return self._found.item


class UserPolicy(Policy[Model, User, Create]):
    """A policy whose viewers are users; subclasses decide what they may see and change: here, nothing.

    The viewer of a write is a User; the viewer of a read is a User, or None without a token.
    """

    reader: ClassVar[object] = OptionalUser
    writer: ClassVar[object] = CurrentUser
    # True if `where`, `related` and `hidden` depend only on the user's columns and permissions, and on nothing else
    # that changes while the process runs. Then their results are cached until one of these values changes.
    remembers_viewers: ClassVar[bool] = False

    @override
    async def recognize_reader(self, connection: HTTPConnection, source: ReadSource) -> Recognized[User | None] | None:
        """Return the user of the request, by one statement; None for a custom `reader`.

        Raise the same errors as OptionalUser, CurrentUser and StaffUser.
        """
        reader = self.reader
        if reader is not OptionalUser and reader is not CurrentUser and reader is not StaffUser:
            return await super().recognize_reader(connection, source)
        try:
            reading: CredentialReader = connection.app.state[CREDENTIALS.name]  # inlined CREDENTIALS.find, for speed
        except KeyError:
            reading = BEARER_ONLY
        sent = [name for name, _ in connection.scope["headers"]]
        credential = None if reading.headers.isdisjoint(sent) else reading.read(connection)  # most requests have none
        recognized = None if credential is None else await self._recognize(connection, source, credential)
        if reader is not OptionalUser:
            user = await get_current_user(None if recognized is None else recognized.viewer)
            if reader is StaffUser:
                await get_staff_user(user)
        return recognized or NOBODY

    async def _recognize(
        self, connection: HTTPConnection, source: ReadSource, credential: Credential
    ) -> _RecognizedUser:
        """Return the user of a credential, without creating a User object if it is not needed.

        The checks are those of `get_optional_user`, each after a cheap test of whether it applies.
        """
        found = await find_user_by_token(source, credential.token, credential.kind)
        if found is None:
            raise bad_token(credential)
        recognized, current = _RecognizedUser(found.user, is_remembered=self.remembers_viewers), found.current
        if credential.scheme is Scheme.SESSION:
            check_cookie(connection, recognized.viewer, credential)
        settings: AuthSettings = connection.app.state[AUTH_SETTINGS.name]
        if settings.require_second_factor != "none":
            check_factor(recognized.viewer, settings)
        if current is not None and current.is_due:
            remember_use(connection.app, current)
        if (scope := current_scope.get()) is not None:
            scope[ACTOR], scope[CREDENTIAL] = found.who, current
        if not isinstance(current, CurrentSession):  # a session has no scopes
            check_scopes(connection, recognized.viewer)
        return recognized

    @override
    def identity(self, viewer: User | None) -> str | None:
        """Return the user's id, and that of a scoped token, so that cached responses are not shared between tokens."""
        if viewer is None:
            return None
        token = None if viewer.token_scopes is None else token_of(viewer)
        return str(viewer.id) if token is None else f"{viewer.id} by token {token.id}"

    @override
    def viewer_values(self, viewer: User) -> Hashable | None:
        """Return the user's columns and permissions, if the class sets `remembers_viewers`."""
        return loaded_values(viewer) if self.remembers_viewers else None

    @override
    def sample_viewers(self) -> Iterable[User | None]:
        """Return an anonymous viewer, a user, a member of staff and a superuser."""
        flags = ((False, False), (True, False), (True, True))
        users = [User(id=0, is_active=True, is_staff=staff, is_superuser=superuser) for staff, superuser in flags]
        for user in users:
            user.remember_permissions(())
        return (None, *users)

    @override
    async def recognize_writer(self, connection: HTTPConnection, session: AsyncSession) -> Recognized[User] | None:
        """Return the user of the request; None without a credential, or for a custom `writer`.

        Raise the same errors as CurrentUser and StaffUser.
        """
        writer, credential = self.writer, credential_of(connection)
        if (writer is not CurrentUser and writer is not StaffUser) or credential is None:
            return None
        recognized = await self._recognize(connection, SessionSource(session), credential)
        if writer is StaffUser:
            await get_staff_user(recognized.viewer)
        return recognized


class StaffWrite(UserPolicy[Model, Create]):
    """Allows everybody to read and staff to write. Reads are fast, since they do not look up the user."""

    remembers_anonymous: ClassVar[bool] = True
    remembers_viewers: ClassVar[bool] = True
    reader: ClassVar[object] = Policy.reader
    writer: ClassVar[object] = StaffUser

    @override
    def where(self, viewer: User | None, action: str) -> ColumnElement[bool]:
        """Return a condition that is true for all rows or for none."""
        return true() if action == "view" or (viewer is not None and viewer.is_staff) else false()


class StaffOnly(UserPolicy[Model, Create]):
    """Allows staff to read and write, and nobody else anything."""

    reader: ClassVar[object] = StaffUser
    writer: ClassVar[object] = StaffUser
    remembers_viewers: ClassVar[bool] = True

    @override
    def where(self, viewer: User | None, action: str) -> ColumnElement[bool]:
        """Return a condition that is true for all rows or for none."""
        return true() if viewer is not None and viewer.is_staff else false()


class ModelPermissions(UserPolicy[Model, Create]):
    """Allows staff what their permissions on a model allow, on all its rows: `ModelPermissions("shop.product")`.

    Reading requires `shop.view_product` or `shop.change_product`, adding `shop.add_product`, and so on. Superusers may
    do everything. Raise ConfigurationError for an invalid label.
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
        """Return a condition that is true for all rows or for none."""
        if viewer is None or not viewer.is_staff:
            return false()
        return true() if any(map(viewer.has_perm, self._label.permissions(action))) else false()

    @override
    def explain(self, viewer: User | None, action: str) -> str:
        """Return a sentence that names the required permission."""
        return gettext("This takes the permission %(action)s.") % {"action": self._label.permissions(action)[0]}


def decides_for_users(policy: Policy) -> bool:
    """Return whether the viewers of a policy are users, as far as its type says."""
    viewer = (get_args(policy.writer) or (None,))[0]
    if viewer is None or viewer is type(None) or not isinstance(viewer, type):
        return True
    try:
        return issubclass(User, viewer)
    except TypeError:  # a protocol, for which issubclass may not be allowed
        return True
