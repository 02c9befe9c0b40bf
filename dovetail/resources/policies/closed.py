"""The policy of what has none: closed to all but staff with the permission on the model."""

from dataclasses import dataclass
from typing import Annotated, ClassVar, Protocol, runtime_checkable

from fastapi import Depends
from sqlalchemy import ColumnElement, false, true
from sqlalchemy.orm import class_mapper
from starlette.requests import HTTPConnection
from typing_extensions import override

from dovetail.api.principal import AUTHENTICATOR, Principal
from dovetail.api.security import authenticates
from dovetail.database.session import SessionDep
from dovetail.errors import NotAuthenticatedError, PermissionDeniedError
from dovetail.resources.policy import Policy
from dovetail.state import Info, InfoKey
from dovetail.translation.texts import gettext

# Who may change rows may see them: there is no other way to find what to change.
PERMITTED_BY = {"view": ("view", "change")}


@dataclass(frozen=True)
class Label:
    """The plugin that a model belongs to, and the model's name: what its permissions are made of."""

    plugin: str
    model: str

    def permissions(self, action: str) -> tuple[str, ...]:
        """Return the permissions, each of which allows an action: `blog.change_post`."""
        return tuple(f"{self.plugin}.{one}_{self.model.lower()}" for one in PERMITTED_BY.get(action, (action,)))


@dataclass(frozen=True)
class Registered:
    """The label of a model, and its policy if it has one; an internal model has no permissions."""

    label: Label
    policy: Policy | None
    is_internal: bool = False


REGISTERED = InfoKey[dict[type[object], Registered]]("registered")  # by model, in the info of its table


@runtime_checkable
class Permitted(Principal, Protocol):
    """Somebody who is permitted things."""

    def has_perm(self, permission: str) -> bool:
        """Return True if they have a permission."""


@authenticates(required=True)
async def get_staff(connection: HTTPConnection, session: SessionDep) -> Principal:
    """Return the member of staff who is asking, whom the site's authenticator knows.

    Raise NotAuthenticatedError and PermissionDeniedError; without an authenticator nobody gets in.
    """
    authenticate = AUTHENTICATOR.find(connection.app)
    user = None if authenticate is None else await authenticate(connection, session)
    if user is None:
        raise NotAuthenticatedError
    if not user.is_staff:
        raise PermissionDeniedError("This is for staff only.")
    return user


class Closed(Policy):
    """Lets staff do with all rows of a model what they are permitted; what a model has for which none was given."""

    reader: ClassVar[object] = Annotated[Principal, Depends(get_staff)]
    writer: ClassVar[object] = Annotated[Principal, Depends(get_staff)]

    def __init__(self, model: type[object]) -> None:
        self._model = model

    @override
    def where(self, viewer: object, action: str) -> ColumnElement[bool]:
        """Return a condition that all rows fulfil, or none."""
        label = self._label
        if label is None or not isinstance(viewer, Permitted) or not viewer.is_staff:
            return false()
        return true() if any(map(viewer.has_perm, label.permissions(action))) else false()

    @override
    def explain(self, viewer: object, action: str) -> str:
        """Return the sentence that names the permission."""
        label = self._label
        if label is None:
            return gettext("No plugin has this.")
        return gettext("This takes the permission %(action)s.") % {"action": label.permissions(action)[0]}

    @property
    def _label(self) -> Label | None:
        registered = registered_model(self._model)
        return None if registered is None else registered.label


def registered_model(model: type[object]) -> Registered | None:
    """Return what the site has registered for a model; None if no plugin has the model."""
    return (REGISTERED.find(_info(model)) or {}).get(model)


def is_within_scopes(viewer: object, model: type[object], action: str = "view") -> bool:
    """Return True unless the viewer came by a token with scopes of which none lets them do `action` to such rows."""
    scopes: frozenset[str] | None = getattr(viewer, "token_scopes", None)
    if scopes is None:
        return True
    registered = registered_model(model)
    return registered is not None and not scopes.isdisjoint(registered.label.permissions(action))


def register(model: type[object], registered: Registered) -> None:
    """Note what the site has registered for a model; several models may share a table."""
    REGISTERED.set(_info(model), (REGISTERED.find(_info(model)) or {}) | {model: registered})


def _info(model: type[object]) -> Info:
    found: Info = class_mapper(model, configure=False).local_table.info  # type: ignore[attr-defined]  # a Table has it
    return found
