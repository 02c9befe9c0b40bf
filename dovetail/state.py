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
DOOR = "dovetail.door"  # in the same: by which door it came, "bulk" say; without it, by an operation of the API
CREDENTIAL = "dovetail.credential"  # in the same: by what they proved who they are, "token 'ci'" say
IMPERSONATOR = "dovetail.impersonator"  # in the same: who really sends it, "root, who is somebody else" say
APPLICATION = "dovetail.application"  # in the same: the whole application, where "app" may be one mounted in it
# The ASGI scope of the request that is being answered, for what is handed none: who asks, from where; None outside.
current_scope: ContextVar[MutableMapping[str, object] | None] = ContextVar("current_scope", default=None)


def note_of_request(key: str, value: object) -> None:
    """Note something of the request that is being answered, for what is recorded of it; outside of one, nothing."""
    scope = current_scope.get()
    if scope is not None:
        scope[key] = value


class Carried(Protocol):
    """Starlette's `State`; to ask it for an attribute takes six times as long, as Python looks elsewhere first."""

    def __getitem__(self, name: str, /) -> object:
        """Return the thing of this name. Raise KeyError if there is none."""


@runtime_checkable
class HasState(Protocol):
    """An application of Starlette, or a request."""

    @property
    def state(self) -> "Carried":
        """The attributes that it carries."""


def current_application() -> HasState | None:
    """Return the application that answers the request at hand, and not one that is mounted in it; None outside."""
    scope = current_scope.get() or {}
    found = scope.get(APPLICATION)
    return found if isinstance(found, HasState) else None


def forget_actor() -> None:
    """Leave it open again who sends the request at hand."""
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
    """A thing in the `info` of a session or a connection; it is found by this very object, which nobody else has.

    What every request does may spare the call: `connection: AsyncConnection | None = session.info.get(CONNECTION)`.
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
