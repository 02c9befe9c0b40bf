"""Policies of resources whose viewers are users."""

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
    """A user whose row was read. Mostly its values suffice: what the user may see is cached by them."""

    _found: Found[User]
    _is_remembered: bool

    def __init__(self, found: Found[User], *, is_remembered: bool) -> None:
        # Not by assignment: `__setattr__` of a frozen class is slow.
        vars(self).update(_found=found, _is_remembered=is_remembered)

    @property
    @override
    def values(self) -> Hashable | None:
        """All that was loaded of the user, if what they may see is cached by it."""
        return self._found.values if self._is_remembered else None

    @property
    @override
    def viewer(self) -> User:
        """The user, made of the row when first asked for."""
        return self._found.item


class UserPolicy(Policy[Model, User, Create]):
    """A policy whose viewers are users; subclasses decide what they may see and change: here, nothing.

    The viewer of a write is a User; the viewer of a read is a User, or None without a token.
    """

    reader: ClassVar[object] = OptionalUser
    writer: ClassVar[object] = CurrentUser
    # True if `where`, `related` and `hidden` use nothing of a user but columns and permissions, and nothing else that
    # changes while the process runs: then what a user may see is cached until one of those changes.
    remembers_viewers: ClassVar[bool] = False

    @override
    async def recognize_reader(self, connection: HTTPConnection, source: ReadSource) -> Recognized[User | None] | None:
        """Return the user whose token came with the request, by one statement; None for a `reader` of one's own.

        Raises what OptionalUser, CurrentUser and StaffUser raise.
        """
        reader = self.reader
        if reader is not OptionalUser and reader is not CurrentUser and reader is not StaffUser:
            return await super().recognize_reader(connection, source)
        try:
            reading: CredentialReader = connection.app.state[CREDENTIALS.name]  # as CREDENTIALS.find, without the call
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
        """Return the user whose credential this is, without making a User of the row where none is needed.

        The checks are those of `get_optional_user`, each behind a cheap test of whether it applies.
        """
        found = await find_user_by_token(source, credential.token, credential.door)
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
        if not isinstance(current, CurrentSession):  # a login has no scopes
            check_scopes(connection, recognized.viewer)
        return recognized

    @override
    def identity(self, viewer: User | None) -> str | None:
        """Return the user's key, and that of a token with scopes: it may not see what another token was answered."""
        if viewer is None:
            return None
        token = None if viewer.token_scopes is None else token_of(viewer)
        return str(viewer.id) if token is None else f"{viewer.id} by token {token.id}"

    @override
    def viewer_values(self, viewer: User) -> Hashable | None:
        """Return the user's columns and permissions, if the class has `remembers_viewers`."""
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
        """Return the user whose token came with the request; None without one, or for a `writer` of one's own.

        Raises what CurrentUser and StaffUser raise.
        """
        writer, credential = self.writer, credential_of(connection)
        if (writer is not CurrentUser and writer is not StaffUser) or credential is None:
            return None
        recognized = await self._recognize(connection, SessionSource(session), credential)
        if writer is StaffUser:
            await get_staff_user(recognized.viewer)
        return recognized


class StaffWrite(UserPolicy[Model, Create]):
    """Lets everybody read everything and staff write it. Reads are fast, since they do not look up the user."""

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


class ModelPermissions(UserPolicy[Model, Create]):
    """Lets staff do what their permissions on a model allow, with all its rows: `ModelPermissions("shop.product")`.

    Reading takes `shop.view_product` or `shop.change_product`; adding `shop.add_product`, and so on. Superusers may do
    everything. Raises ConfigurationError for a label that is no such pair.
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
        return gettext("This takes the permission %(action)s.") % {"action": self._label.permissions(action)[0]}


def decides_for_users(policy: Policy) -> bool:
    """Return whether the viewers of a policy are users, as far as their type tells."""
    viewer = (get_args(policy.writer) or (None,))[0]
    if viewer is None or viewer is type(None) or not isinstance(viewer, type):
        return True
    try:
        return issubclass(User, viewer)
    except TypeError:  # a protocol, which tells nothing of classes
        return True
