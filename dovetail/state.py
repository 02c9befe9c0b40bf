"""Typed keys of what an application, a request or a session carries, one for each thing.

    SEARCH_ENGINE = StateKey[SearchEngine]("search_engine", "enable plugins.search")

    SEARCH_ENGINE.set(app, engine)                   # once, in a plugin's `setup`
    engine = SEARCH_ENGINE.get(connection.app)       # in a dependency

A key stands beside the type that it names. As `aiohttp.web.AppKey`; Starlette's `State` itself takes any attribute, and
`info` of SQLAlchemy any key.
"""

from collections.abc import MutableMapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Generic, Protocol, TypeAlias, TypeVar, cast, runtime_checkable

from dovetail.errors import ConfigurationError

ValueT = TypeVar("ValueT")
Info: TypeAlias = MutableMapping[object, object]  # `info` of a session or a connection of SQLAlchemy


ACTOR = "dovetail.actor"  # in the scope of a request: who sends it, once that is known
CHANGE_SOURCE = "dovetail.change_source"  # in the same: the `door` of its changes, "bulk"; not set by single writes
CREDENTIAL = "dovetail.credential"  # in the same: the credential that it came with, for example "token 'ci'"
IMPERSONATOR = "dovetail.impersonator"  # in the same: the user who acts as the sender, if there is one
APPLICATION = "dovetail.application"  # in the same: the whole application; "app" may be one that is mounted in it
# The ASGI scope of the current request, for functions that are given no request; None outside of a request.
current_scope: ContextVar[MutableMapping[str, object] | None] = ContextVar("current_scope", default=None)


def note_of_request(key: str, value: object) -> None:
    """Put a value into the scope of the current request, for logs and the history; outside of a request do nothing."""
    scope = current_scope.get()
    if scope is not None:
        scope[key] = value


class StateItems(Protocol):
    """Starlette's `State`, by item: reading an attribute of it takes six times as long."""

    def __getitem__(self, name: str, /) -> object:
        """Return the thing of this name. Raise KeyError if there is none."""


@runtime_checkable
class HasState(Protocol):
    """An application of Starlette, or a request."""

    @property
    def state(self) -> "StateItems":
        """The attributes that it carries."""


def current_application() -> HasState | None:
    """Return the application that answers the current request, not one mounted in it; None outside of a request."""
    scope = current_scope.get() or {}
    found = scope.get(APPLICATION)
    return found if isinstance(found, HasState) else None


def forget_actor() -> None:
    """Forget who sends the current request, so that it is found out again."""
    scope = current_scope.get() or {}
    for name in (ACTOR, CREDENTIAL):
        scope.pop(name, None)


@dataclass(frozen=True)
class StateKey(Generic[ValueT]):
    """A thing in the `state` of an application or a request: the attribute's name, and what to do where it is not."""

    name: str
    hint: str = "make the application with create_app"

    def set(self, holder: HasState, value: ValueT) -> None:
        """Put the thing into the state, in place of an earlier one."""
        setattr(holder.state, self.name, value)

    def get(self, holder: HasState) -> ValueT:
        """Return the thing. Raise ConfigurationError if the state has none."""
        try:
            return holder.state[self.name]  # type: ignore[return-value]  # what `set` put there
        except KeyError:
            raise ConfigurationError(f"The {_kind(holder)} has no {self.name}; {self.hint}.") from None

    def find(self, holder: HasState) -> ValueT | None:
        """Return the thing, or None if the state has none."""
        try:
            return holder.state[self.name]  # type: ignore[return-value]  # as above
        except KeyError:
            return None


@dataclass(frozen=True, eq=False)
class InfoKey(Generic[ValueT]):
    """A thing in the `info` of a session or a connection; this object itself is the key, so no two can clash.

    Code that runs at every request may spare the call of `find` by `session.info.get(KEY)`.
    """

    name: str

    def set(self, info: Info, value: ValueT) -> None:
        """Put the thing into `info`, in place of an earlier one."""
        info[self] = value

    def find(self, info: Info) -> ValueT | None:
        """Return the thing, or None if there is none."""
        return cast("ValueT | None", info.get(self))

    def pop(self, info: Info) -> ValueT | None:
        """Take the thing out and return it, or None if there is none."""
        return cast("ValueT | None", info.pop(self, None))


def _kind(holder: HasState) -> str:
    return "application" if hasattr(holder, "router") else "request"
