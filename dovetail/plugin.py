"""The contract between the kernel and a plugin: `Plugin`, its commands and checks, and the `Context` that they get.

This module imports next to nothing, since `manage.py help` reads every plugin. It also has public names that plugins
need everywhere: those that mark texts for translation, that which shortens a text, and those that render Markdown.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from enum import IntEnum
from functools import cached_property, wraps
from pkgutil import resolve_name
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, Protocol, TypeAlias, TypeVar, cast, overload

from dovetail.errors import DovetailError
from dovetail.markdown.rendering import render_excerpt as render_excerpt
from dovetail.markdown.rendering import render_markdown as render_markdown
from dovetail.state import InfoKey
from dovetail.state import StateKey as StateKey
from dovetail.translation.shortening import shorten as shorten
from dovetail.translation.texts import get_language as get_language
from dovetail.translation.texts import gettext as gettext
from dovetail.translation.texts import gettext_lazy as gettext_lazy
from dovetail.translation.texts import ngettext as ngettext
from dovetail.translation.texts import npgettext as npgettext
from dovetail.translation.texts import pgettext as pgettext
from dovetail.translation.texts import pgettext_lazy as pgettext_lazy

if TYPE_CHECKING:
    from fastapi import APIRouter, FastAPI
    from pydantic import BaseModel
    from sqladmin import BaseView
    from sqlalchemy import Connection
    from sqlalchemy.ext.asyncio import AsyncSession
    from starlette.requests import HTTPConnection

    from dovetail.database.change_log import ChangeLog
    from dovetail.database.models import Base
    from dovetail.database.unit_of_work import Database
    from dovetail.resources.policies.registered import Policies
    from dovetail.resources.policy import Policy
    from dovetail.settings import Settings


P = ParamSpec("P")
ModelT = TypeVar("ModelT", bound="BaseModel")
PLUGIN_SETTINGS = StateKey["Mapping[str, BaseModel]"]("plugin_settings")  # by the names of the plugins


class Level(IntEnum):
    """The severity of a finding; `manage.py check` fails from ERROR on."""

    INFO = 20
    WARNING = 30
    ERROR = 40


@dataclass(frozen=True, kw_only=True)
class CheckMessage:
    """One finding: a stable code (`kernel.W001`), what is wrong, and what to do about it."""

    id: str
    level: Level
    message: str
    hint: str = ""

    def __str__(self) -> str:
        hint = f" Hint: {self.hint}" if self.hint else ""
        return f"{self.level.name} ({self.id}) {self.message}{hint}"


def warning(code: str, message: str, hint: str) -> CheckMessage:
    """Return a finding that needs attention: `warning("shop.W001", "It is odd.", "make it even")`."""
    return CheckMessage(id=code, level=Level.WARNING, message=message, hint=hint)


def error(code: str, message: str, hint: str) -> CheckMessage:
    """Return a finding with which the site does not work; `manage.py check` fails."""
    return CheckMessage(id=code, level=Level.ERROR, message=message, hint=hint)


def info(code: str, message: str, hint: str) -> CheckMessage:
    """Return a finding that may be intended."""
    return CheckMessage(id=code, level=Level.INFO, message=message, hint=hint)


@dataclass(frozen=True, kw_only=True)
class Context:
    """The settings, the database and the plugins of a running application, or of a command."""

    settings: "Settings"
    database: "Database"
    plugins: "Sequence[Plugin]"
    plugin_settings: "Mapping[str, BaseModel]"
    paths: "Mapping[str, str | None]" = field(default_factory=dict)  # {"admin.office": "/admin"}; None: not mounted
    mounted: "Mapping[str, Sequence[Mountable]]" = field(default_factory=dict)  # the site's own objects to mount

    @cached_property
    def policies(self) -> "Policies":
        """The policies of all models: `context.policies.of(Post)`. Raise ConfigurationError if they do not fit."""
        # Imported here: most commands have no use for it.
        from dovetail.resources.policies.registered import load_policies

        return load_policies(self.plugins)

    def extensions(self, point: str) -> list[Any]:
        """Return what the enabled plugins contribute to the extension point `point`, in the plugins' order."""
        return [extension for plugin in self.plugins for extension in plugin.extensions.get(point, ())]


_CONTEXT = InfoKey[Context]("context")  # in `session.info`


def session_info(context: Context) -> dict[object, object]:
    """Return the `info` of sessions in which `context_of` finds the context: `async_sessionmaker(..., info=...)`."""
    logs = [plugin.change_log for plugin in context.plugins if plugin.change_log is not None]
    return {_CONTEXT: context} | _change_log(context, logs)


def context_of(session: "AsyncSession") -> Context:
    """Return the context of the application that opened a session; services find extensions of plugins by it.

    Raise DovetailError for a session that no application has opened.
    """
    context = _CONTEXT.find(session.info)
    if context is None:
        raise DovetailError(
            "The session knows no plugins; open it with context.database.unit_of_work(), or make it with "
            "info=session_info(context)."
        )
    return context


Check: TypeAlias = "Callable[[Context], Iterable[CheckMessage]]"
Lifespan: TypeAlias = "Callable[[FastAPI, Context], AbstractAsyncContextManager[None]]"
Setup: TypeAlias = "Callable[[FastAPI, Context], None]"
Routers: TypeAlias = "Mapping[str, APIRouter] | Sequence[APIRouter]"  # by name, so that a site can say where each goes
# The site's changes to routers, by the name of a router ("blog.posts") or of a plugin: a path moves it, None drops it,
# and another router replaces it.
Mounts: TypeAlias = "Mapping[str, str | APIRouter | Mountable | Sequence[Mountable] | None]"


class Mountable:
    """An object of the site that replaces what a plugin mounts by itself, such as an `AdminSite`."""

    path: str  # for example "/admin"


@dataclass(frozen=True, kw_only=True)
class Command:
    """One command of `manage.py`, as a plugin lists it.

    `run` names a `click.Command` as `"package.module:attribute"`; it is imported only when the command runs, so that
    listing commands stays cheap. `quickstart`, if given, holds the arguments with which `manage.py quickstart` runs
    the command after migrating; such a run must be harmless when repeated.
    """

    name: str
    help: str
    run: str
    quickstart: Sequence[str] | None = None


Execute: TypeAlias = Callable[[str], Iterable[Sequence[object]]]  # returns the rows of a SELECT without parameters


@dataclass(frozen=True, kw_only=True)
class Migrated:
    """The state of a database after `migrate`: the enabled plugins, and the names of those whose migrations it has."""

    plugins: "Sequence[Plugin]"
    applied: Collection[str]


@dataclass(frozen=True, kw_only=True)
class AfterMigrate:
    """Rows that a plugin derives from the code of all plugins, such as permissions; `migrate` updates them.

    `is_due` returns whether anything is to be done; it has to be quick, since most runs of `migrate` do no more. `run`
    does it, in a transaction of its own. Neither is called before all migrations of the plugin itself are applied.
    """

    is_due: "Callable[[Execute, Migrated], bool]"
    run: "Callable[[Connection, Migrated], None]"


@dataclass(frozen=True, kw_only=True)
class Plugin:
    """A feature as a value: its name, what it needs and what it brings.

    Write lists with `lazy`, so that each command imports only what it uses.
    """

    name: str  # also the Alembic branch label and the prefix of its tables: blog_post
    depends_on: Sequence[str] = ()
    settings: "type[BaseModel] | None" = None  # read from the environment under BLOG_
    models: "Sequence[type[Base]]" = ()
    internal_models: Collection[str] = ()  # names of models that nobody manages: they get no permissions
    # The policy of each model, by the model or by its name: lazy(Post="plugins.blog.policies:POSTS").
    policies: "Mapping[type[Base], Policy] | Mapping[str, Policy]" = field(default_factory=dict)
    routers: "Routers" = ()  # below /api, unless the site says otherwise
    root_routers: "Routers" = ()  # the same, at the root of the site
    # The paths at which `setup` mounts what is no router: {"office": "/admin"}. A site can change them, so `setup`
    # reads `Context.paths`.
    paths: Mapping[str, str] = field(default_factory=dict)
    # Only contrib/admin imports them, if it is enabled. So their module, `admin.py`, may import contrib/admin, although
    # the plugin does not depend on it.
    admin_views: "Sequence[type[BaseView]]" = ()
    commands: Sequence[Command] = ()  # become `manage.py <name>`
    checks: "Sequence[Check]" = ()
    extensions: Mapping[str, Sequence[Any]] = field(default_factory=dict)  # for plugins it depends on: {point: things}
    after_migrate: AfterMigrate | None = None
    # Makes the log of changes for the sessions of an application; only one plugin of a site may have it.
    change_log: "Callable[[Context], ChangeLog] | None" = None
    lifespan: "Lifespan | None" = None
    setup: "Setup | None" = None  # the one escape hatch: (app, context)

    @property
    def model_names(self) -> list[str]:
        """Return the names of the models, without importing those that are listed with `lazy`."""
        if isinstance(self.models, _Lazy):
            return [name.rpartition(":")[2] for name in self.models.names]
        return [model.__name__ for model in self.models]


@overload
def lazy(name: str, /, *names: str) -> Sequence[Any]: ...
@overload
def lazy(**names: str) -> Mapping[str, Any]: ...
def lazy(*names: str, **by_key: str) -> Sequence[object] | Mapping[str, object]:
    """Return objects, each named as `"package.module:attribute"`, that are imported when first looked at.

        models=lazy("plugins.blog.models:Post", "plugins.blog.models:Tag")
        routers=lazy(posts="plugins.blog.api:posts", tags="plugins.blog.api:tags")

    With keywords it returns a mapping, else a sequence. When they are first looked at, both raise what the import
    raises; the registry makes one clear message of it.
    """
    return _LazyMapping(by_key) if by_key else _Lazy(names)


def deferred(name: str) -> Any:
    """Return a function, named as `"package.module:attribute"`, that is imported when first called.

    setup=deferred("dovetail.contrib.admin.site:mount")
    """

    def call(*args: object, **kwargs: object) -> object:
        return resolve_name(name)(*args, **kwargs)

    return call


def plugin_settings(name: str, schema: "type[ModelT]") -> "Callable[[HTTPConnection], Awaitable[ModelT]]":
    """Return a dependency that gives an endpoint the settings of the plugin `name`, an instance of `schema`.

        ShopSettingsDep = Annotated[ShopSettings, Depends(plugin_settings("shop", ShopSettings))]

    It raises TypeError if the plugin has no settings, or settings of another class.
    """
    # Imported here: FastAPI reads the annotation, and a command has no use for it.
    from starlette.requests import HTTPConnection

    async def get_settings(connection: HTTPConnection) -> ModelT:
        known = PLUGIN_SETTINGS.get(connection.app)
        if name not in known:
            raise TypeError(f"no enabled plugin {name!r} has settings; expected one of {', '.join(known) or 'none'}")
        value = known[name]
        if not isinstance(value, schema):
            raise TypeError(f"the settings of {name!r} are a {type(value).__name__}, expected {schema.__name__}")
        return value

    return get_settings


class CanOpenContext(Protocol):
    """The object that click hands to each command as `obj`."""

    def open(self) -> AbstractAsyncContextManager[Context]:
        """Open the settings, the database and the plugins, as a running application has them."""


def async_command(function: Callable[Concatenate[Context, P], Awaitable[None]]) -> Callable[P, None]:
    """Turn `async def command(context, ...)` into a function that click can call.

    The context (settings, database, plugins) is open while the command runs and closed after it. What the function
    raises passes through; `manage.py` turns it into one line (https://click.palletsprojects.com/).

        @click.command()
        @click.argument("name")
        @async_command
        async def greet(context: Context, name: str) -> None:
            async with context.database.unit_of_work() as session: ...
    """

    # Imported here: a server reads plugins too, and has no use for click.
    import click

    @wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        state = cast("CanOpenContext", click.get_current_context().obj)

        async def main() -> None:
            async with state.open() as context:
                await function(context, *args, **kwargs)

        asyncio.run(main())

    return run


def _change_log(context: Context, logs: "Sequence[Callable[[Context], ChangeLog]]") -> dict[object, object]:
    if not logs:
        return {}
    # Imported here: most commands open no database, or have no log.
    from dovetail.database.change_log import CHANGE_LOG

    return {CHANGE_LOG: logs[0](context)}


@dataclass(frozen=True)
class _Lazy(Sequence[object]):
    names: tuple[str, ...]

    @cached_property
    def _resolved(self) -> tuple[object, ...]:
        return tuple(resolve_name(name) for name in self.names)

    @overload
    def __getitem__(self, index: int) -> object: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[object]: ...
    def __getitem__(self, index: int | slice) -> object:
        return self._resolved[index]

    def __iter__(self) -> Iterator[object]:
        return iter(self._resolved)

    def __len__(self) -> int:
        return len(self.names)


@dataclass(frozen=True)
class _LazyMapping(Mapping[str, object]):
    names: Mapping[str, str]

    @cached_property
    def _resolved(self) -> dict[str, object]:
        return {key: resolve_name(name) for key, name in self.names.items()}

    def __getitem__(self, key: str) -> object:
        return self._resolved[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._resolved)

    def __len__(self) -> int:
        return len(self.names)
