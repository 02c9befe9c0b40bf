"""Typed keys of what an application carries for its requests, one for each thing in `app.state`.

    SEARCH_ENGINE = StateKey[SearchEngine]("search_engine", "enable plugins.search")

    SEARCH_ENGINE.set(app, engine)                   # once, in a plugin's `setup`
    engine = SEARCH_ENGINE.get(connection.app)       # in a dependency

A key stands beside the type that it names. As `aiohttp.web.AppKey`; Starlette's `State` itself takes any attribute.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from dovetail.errors import ConfigurationError

if TYPE_CHECKING:
    from starlette.applications import Starlette

ValueT = TypeVar("ValueT")


@dataclass(frozen=True)
class StateKey(Generic[ValueT]):
    """A thing in `app.state`: the attribute's name, and what to do about an application that lacks it."""

    name: str
    hint: str = "make the application with create_app"

    def set(self, app: "Starlette", value: ValueT) -> None:
        """Put the thing into the application, in place of an earlier one."""
        setattr(app.state, self.name, value)

    def get(self, app: "Starlette") -> ValueT:
        """Return the thing. Raise ConfigurationError if the application has none."""
        try:
            value: ValueT = getattr(app.state, self.name)
        except AttributeError:
            raise ConfigurationError(f"The application has no {self.name}; {self.hint}.") from None
        return value

    def find(self, app: "Starlette") -> ValueT | None:
        """Return the thing, or None if the application has none."""
        value: ValueT | None = getattr(app.state, self.name, None)
        return value
