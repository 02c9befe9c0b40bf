"""Make the whole application from its settings."""

import dovetail.api.deferred_models  # noqa: F401 - before FastAPI, which it imports

# isort: split

from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from pkgutil import resolve_name
from types import MappingProxyType

from fastapi import FastAPI
from fastapi.telemetry import TelemetryConfig
from starlette.middleware import Middleware

from dovetail.api.addresses import path_of
from dovetail.api.body_checks import after_login
from dovetail.api.fastapi_private import LeanFastAPI, analysing_once  # it changes how FastAPI works, before any route
from dovetail.api.front.fast_path import FastPathMiddleware
from dovetail.api.openapi.document import document_problems, duplicate_operation_ids, operation_id, operation_ids
from dovetail.api.pages import debug, docs, health, landing
from dovetail.api.pages.health import READINESS
from dovetail.api.pages.landing import PLUGIN_NAMES
from dovetail.api.pages.own_pages import answer_by_page
from dovetail.api.problems import add_problem_details
from dovetail.api.route_checks import (
    ROUTE_OWNERS,
    answers,
    limits_without_a_limiter,
    streams_without_a_session,
    unreachable_routes,
)
from dovetail.context import make_context
from dovetail.database.unit_of_work import DATABASE
from dovetail.discovery import PLUGIN_FAILURES, InstalledPlugin, describe
from dovetail.errors import ConfigurationError, quoted
from dovetail.middleware.bodies.clean_input import CleanInputMiddleware
from dovetail.middleware.cors import CorsMiddleware
from dovetail.middleware.edge import EdgeMiddleware
from dovetail.middleware.errors import ErrorMiddleware
from dovetail.middleware.logging import configure_logging
from dovetail.migrations.readiness import Readiness
from dovetail.mounting import NamedRouter, include, place, routers_of
from dovetail.plugin import PLUGIN_SETTINGS, Context, Mountable, Mounts, Setup
from dovetail.registry import Registry, load_registry, load_web
from dovetail.resources.endpoints.routes import resources_of
from dovetail.resources.policies.registered import POLICIES
from dovetail.resources.policy_checks import policy_problems
from dovetail.resources.write.lacking import lacking_values
from dovetail.server.collector import collector_paused
from dovetail.settings import SETTINGS, Settings

KERNEL = "kernel"
LONGEST_REASON = 200  # characters of why APPLICATION_FACTORY cannot be imported: it repeats the name
PROBES = ("get_liveness", "get_readiness")
NO_MOUNTS: Mounts = MappingProxyType({})  # every router stays where its plugin puts it


def site_application(settings: Settings) -> FastAPI:
    """Make the application of the site, by the function that its settings name: `project.application:create_app`.

    Raise ConfigurationError if there is no such function, and what the function raises.
    """
    name = settings.application_factory
    try:
        create_app = resolve_name(name)
    except (ValueError, ImportError, AttributeError) as error:
        raise ConfigurationError(
            f"APPLICATION_FACTORY={quoted(name)} cannot be imported: {str(error)[:LONGEST_REASON]}"
        ) from error
    app = create_app(settings) if callable(create_app) else create_app
    if not isinstance(app, FastAPI):
        raise ConfigurationError(
            f"APPLICATION_FACTORY={quoted(name)} gives a {type(app).__name__}, expected a function of the settings "
            "that returns a FastAPI application"
        )
    return app


@collector_paused()
@analysing_once()
def make_application(settings: Settings, mounts: Mounts = NO_MOUNTS) -> FastAPI:
    """Make an application: kernel routes, every plugin's routers, and what plugins set up themselves.

    Routers are where their plugins put them, unless `mounts` says otherwise. A process may have several applications.
    Raise ConfigurationError with every problem found.
    """
    configure_logging(settings.log_level)
    registry = load_registry(settings)
    load_web(registry)
    routers = _routers(settings, registry, mounts)
    context = make_context(
        settings,
        registry,
        command_timeout=settings.database_command_timeout,
        paths=_own_paths(registry, routers),
        mounted=_mounted(routers),
    )
    app = (FastAPI if settings.opentelemetry else LeanFastAPI)(
        title=settings.site_name,
        # Without this FastAPI looks for providers at each request; one with telemetry never takes the fast path.
        telemetry=None if settings.opentelemetry else TelemetryConfig(tracing=False, metrics=False, logs=False),
        lifespan=_lifespan(context, registry),
        generate_unique_id_function=operation_id,
        openapi_url=None,  # `docs.router` serves the document, to those whom the settings name
        docs_url=None,  # the same, with files of this site
        redoc_url=None,
    )
    _share_state(app, context)
    READINESS.set(app, Readiness(context.database, registry))
    add_problem_details(app)  # before the plugins, which may replace these handlers
    operations = _add_routers(app, context, registry, routers)
    _refuse_impossible_operations(app, context)
    in_order = sorted(registry.installed.values(), key=lambda entry: settings.plugins.index(entry.package))
    document_problems(app, {entry.plugin.name: operations[entry.plugin.name] for entry in in_order})
    _add_middleware(app, context)
    return app


def _share_state(app: FastAPI, context: Context) -> None:
    SETTINGS.set(app, context.settings)
    DATABASE.set(app, context.database)
    PLUGIN_SETTINGS.set(app, context.plugin_settings)
    POLICIES.set(app, context.policies)
    PLUGIN_NAMES.set(app, tuple(plugin.name for plugin in context.plugins))


def _routers(settings: Settings, registry: Registry, mounts: Mounts) -> list[NamedRouter]:
    """Return the routers of the kernel and of every plugin, where the site wants them, in the order of inclusion."""
    pages = {
        "health": health.router,
        "debug": debug.router,
        "docs": docs.make_router(for_staff=settings.docs == "staff"),
        "landing": landing.router,
    }
    own = [NamedRouter(name=f"{KERNEL}.{key}", owner=KERNEL, router=router, path="") for key, router in pages.items()]
    offered = [*own, *(router for plugin in registry.plugins for router in routers_of(plugin))]
    closed = f"{KERNEL}.docs" if settings.docs == "off" else None
    return [one for one in place(offered, mounts) if one.name != closed]


def _own_paths(registry: Registry, routers: Sequence[NamedRouter]) -> dict[str, str | None]:
    """Return the paths of what plugins mount in their `setup` and not as a router; None for what the site drops."""
    placed = {one.name: one.path for one in routers if one.router is None}
    names = [f"{plugin.name}.{key}" for plugin in registry.plugins for key in plugin.paths]
    return {name: placed.get(name) for name in names}


def _mounted(routers: Sequence[NamedRouter]) -> dict[str, list[Mountable]]:
    """Return what the site puts in the place of what a `setup` mounts, such as its own `AdminSite`, by name."""
    found: dict[str, list[Mountable]] = {}
    for one in routers:
        if one.mounted is not None:
            found.setdefault(one.name, []).append(one.mounted)
    return found


def _add_routers(
    app: FastAPI, context: Context, registry: Registry, routers: Sequence[NamedRouter]
) -> dict[str, list[str]]:
    """Include the routers and run every `setup`; return the ids of each plugin's operations.

    Raise ConfigurationError as `make_application` does.
    """
    last = [one for one in routers if one.router is landing.router]
    include(app, (one for one in routers if one.owner == KERNEL and one not in last))
    owners = {id(route): KERNEL for route in app.routes}
    operations: dict[str, list[str]] = {}
    for name, entry in registry.installed.items():
        before = list(app.routes)
        include(app, (one for one in routers if one.owner == name))
        if entry.plugin.setup is not None:
            _set_up(app, context, entry, entry.plugin.setup)
        added = [route for route in app.routes if route not in before]
        owners |= {id(route): name for route in added}
        operations[name] = operation_ids(added)
    include(app, (one for one in last if not answers(app, f"{one.path}/")))  # a plugin may bring a page of its own
    ROUTE_OWNERS.set(app, owners)
    if problems := list(unreachable_routes(app)):
        raise ConfigurationError("\n".join(problems))
    return operations


def _set_up(app: FastAPI, context: Context, entry: InstalledPlugin, setup: Setup) -> None:
    try:
        setup(app, context)
    except ConfigurationError:  # its message names the plugin at fault, which may be another one
        raise
    except PLUGIN_FAILURES as error:
        what = f"its setup raised {describe(error, entry.package)}"
        raise ConfigurationError(f"plugin {entry.plugin.name!r}: {what}") from error


def _refuse_impossible_operations(app: FastAPI, context: Context) -> None:
    problems = [*duplicate_operation_ids(app), *streams_without_a_session(app), *limits_without_a_limiter(app)]
    resources = resources_of(app)
    problems += [*policy_problems(resources, context.policies), *lacking_values(resources)]
    if problems:
        raise ConfigurationError("\n".join(problems))


def _add_middleware(app: FastAPI, context: Context) -> None:
    """Put the kernel's middleware around what plugins added, and inside of it.

    A plugin's middleware sees every answer, errors too, but no request that is beyond the limits.
    """
    settings, added = context.settings, app.user_middleware
    probes = [path for name in PROBES if (path := path_of(app, name)) is not None]
    around = [
        Middleware(EdgeMiddleware, settings=settings, probes=probes),
        *_cross_origin(settings, _own_pages(context)),
        # Answers what a plugin's middleware raises.
        *([Middleware(ErrorMiddleware, respond=answer_by_page, refuses=False)] if added else []),
    ]
    within = [
        Middleware(ErrorMiddleware, respond=answer_by_page, refuses=True),  # answers what the two below raise
        # reads bodies, up to the limit
        Middleware(CleanInputMiddleware, maximum_items=settings.max_body_items, after_login=after_login),
        Middleware(FastPathMiddleware),  # in front of the router
    ]
    app.user_middleware[:] = [*around, *added, *within]


def _own_pages(context: Context) -> list[str | None]:
    """Return the paths of pages for browsers, such as the back office: other origins may never read them."""
    return [*context.paths.values(), *(one.path for several in context.mounted.values() for one in several)]


def _cross_origin(settings: Settings, paths: Iterable[str | None]) -> Iterator[Middleware]:
    if settings.cors_allowed_origins:
        yield Middleware(CorsMiddleware, settings=settings, same_origin=[path for path in paths if path])


def _lifespan(context: Context, registry: Registry) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            stack.push_async_callback(context.database.dispose)
            for entry in registry.installed.values():
                if entry.plugin.lifespan is not None:
                    await stack.enter_async_context(_named_in_errors(entry, entry.plugin.lifespan(app, context)))
            yield

    return lifespan


@asynccontextmanager
async def _named_in_errors(entry: InstalledPlugin, lifespan: AbstractAsyncContextManager[None]) -> AsyncIterator[None]:
    """Run a plugin's lifespan; an error while it starts names the plugin."""
    try:
        await lifespan.__aenter__()
    except PLUGIN_FAILURES as error:
        what = f"its lifespan raised {describe(error, entry.package)}"
        raise ConfigurationError(f"plugin {entry.plugin.name!r}: {what}") from error
    async with AsyncExitStack() as stack:
        stack.push_async_exit(lifespan)
        yield
