"""One function that makes the whole application from its settings."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager

from fastapi import FastAPI
from fastapi.telemetry import TelemetryConfig
from starlette.middleware import Middleware

import dovetail.api.flat_models
import dovetail.api.pydantic_v1  # noqa: F401 - these two change how FastAPI works, before any route is made
from dovetail.api.body_checks import after_login
from dovetail.api.front.quick import QuickMiddleware
from dovetail.api.openapi.document import document_problems, duplicate_operation_ids, operation_id, operation_ids
from dovetail.api.pages import debug, docs, health, landing
from dovetail.api.problems import add_problem_details, answer
from dovetail.api.shadows import OwnedRoute, answers, shadowed_routes
from dovetail.api.streams import streams_without_a_session
from dovetail.context import make_context
from dovetail.discovery import PLUGIN_FAILURES, InstalledPlugin, describe
from dovetail.errors import ConfigurationError
from dovetail.middleware.access_log import AccessLogMiddleware
from dovetail.middleware.bodies.body_limit import BodyLimitMiddleware
from dovetail.middleware.bodies.clean_input import CleanInputMiddleware
from dovetail.middleware.cache_control import CacheControlMiddleware
from dovetail.middleware.cors import CorsMiddleware
from dovetail.middleware.errors import ErrorMiddleware
from dovetail.middleware.forwarded import ForwardedMiddleware
from dovetail.middleware.head import HeadMiddleware
from dovetail.middleware.logging import configure_logging
from dovetail.middleware.request_id import RequestIdMiddleware
from dovetail.middleware.security_headers import SecurityHeadersMiddleware
from dovetail.middleware.trusted_host import TrustedHostMiddleware
from dovetail.migrations.readiness import Readiness
from dovetail.plugin import Context, Setup
from dovetail.registry import Registry, load_registry, load_web
from dovetail.server.collector import collector_paused
from dovetail.settings import Settings


@collector_paused()
def create_app(settings: Settings) -> FastAPI:
    """Make an application: kernel routes, every plugin's routers below `/api`, and what plugins set up themselves.

    Two applications can live in one process. Raises ConfigurationError, with every problem found, and starts nothing
    half.
    """
    configure_logging(settings.log_level)
    registry = load_registry(settings)
    load_web(registry)
    context = make_context(settings, registry, command_timeout=settings.database_command_timeout)
    app = FastAPI(
        title=settings.site_name,
        # Asked anew at each request, it costs more than the access log's line, and hides the compiled road.
        telemetry=None if settings.opentelemetry else TelemetryConfig(tracing=False, metrics=False, logs=False),
        lifespan=_lifespan(context, registry),
        generate_unique_id_function=operation_id,
        openapi_url=None,  # ours, as the settings open it
        docs_url=None,  # ours, with files of this site
        redoc_url=None,
    )
    _share_state(app, context)
    app.state.readiness = Readiness(context.database, registry)
    add_problem_details(app)  # before the plugins, which may answer errors in a way of their own
    _add_kernel_routes(app, settings)
    operations = _add_plugins(app, context, registry)
    if not answers(app, "/"):  # a setup may have brought a page of its own
        app.include_router(landing.router)
    _refuse_impossible_operations(app)
    in_order = sorted(registry.installed.values(), key=lambda entry: settings.plugins.index(entry.package))
    document_problems(app, {entry.plugin.name: operations[entry.plugin.name] for entry in in_order})
    _add_middleware(app, settings)
    return app


def _share_state(app: FastAPI, context: Context) -> None:
    app.state.settings = context.settings
    app.state.database = context.database
    app.state.plugin_settings = context.plugin_settings
    app.state.plugin_names = tuple(plugin.name for plugin in context.plugins)


def _add_kernel_routes(app: FastAPI, settings: Settings) -> None:
    for module in (health, debug):
        app.include_router(module.router)
    if settings.docs != "off":
        app.include_router(docs.make_router(for_staff=settings.docs == "staff"))


def _add_plugins(app: FastAPI, context: Context, registry: Registry) -> dict[str, list[str]]:
    """Add what plugins bring; the ids of each one's operations. Raises ConfigurationError as `create_app` does."""
    operations: dict[str, list[str]] = {}
    owned = [OwnedRoute(route, "", by_setup=False) for route in app.routes]
    for entry in registry.installed.values():
        plugin, before = entry.plugin, list(app.routes)
        for router in plugin.routers:
            app.include_router(router, prefix="/api")
        listed = list(app.routes)
        if plugin.setup is not None:
            _set_up(app, context, entry, plugin.setup)
        owned += [OwnedRoute(r, plugin.name, by_setup=r not in listed) for r in app.routes if r not in before]
        operations[plugin.name] = operation_ids([route for route in app.routes if route not in before])
    found = {id(one.route): one for one in owned}
    if problems := list(shadowed_routes([found[id(route)] for route in app.routes])):
        raise ConfigurationError("\n".join(problems))
    return operations


def _set_up(app: FastAPI, context: Context, entry: InstalledPlugin, setup: Setup) -> None:
    try:
        setup(app, context)
    except ConfigurationError:  # says itself what is wrong with what, which may be another plugin's
        raise
    except PLUGIN_FAILURES as error:
        what = f"its setup raised {describe(error, entry.package)}"
        raise ConfigurationError(f"plugin {entry.plugin.name!r}: {what}") from error


def _refuse_impossible_operations(app: FastAPI) -> None:
    if problems := [*duplicate_operation_ids(app), *streams_without_a_session(app)]:
        raise ConfigurationError("\n".join(problems))


def _add_middleware(app: FastAPI, settings: Settings) -> None:
    """Stand around what the plugins added to the application, and within it.

    What a plugin adds sees every answer, errors too, and of requests only those that are within the limits.
    """
    added = app.user_middleware
    around = [
        Middleware(ForwardedMiddleware, trusted=settings.trusted_proxies),  # everything inside sees who really asks
        Middleware(RequestIdMiddleware),  # everything inside logs with the id
        Middleware(AccessLogMiddleware),  # sees the final status of everything, errors too
        Middleware(SecurityHeadersMiddleware, hsts=settings.environment == "production"),
        Middleware(CacheControlMiddleware),
        *_cross_origin(settings),
        *([Middleware(ErrorMiddleware, respond=answer)] if added else []),  # what the added ones raise
        Middleware(TrustedHostMiddleware, allowed_hosts=settings.allowed_hosts),
        Middleware(HeadMiddleware),
        Middleware(BodyLimitMiddleware, maximum=settings.max_body_size),
    ]
    within = [
        Middleware(ErrorMiddleware, respond=answer),  # those inside simply raise
        # reads bodies, within the limit
        Middleware(CleanInputMiddleware, maximum_items=settings.max_body_items, after_login=after_login),
        Middleware(QuickMiddleware),  # in front of the router
    ]
    app.user_middleware[:] = [*around, *added, *within]


def _cross_origin(settings: Settings) -> Iterator[Middleware]:
    if settings.cors_allowed_origins:
        yield Middleware(CorsMiddleware, settings=settings, same_origin=(landing.BACK_OFFICE,))


def _lifespan(context: Context, registry: Registry) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            stack.push_async_callback(context.database.dispose)
            for entry in registry.installed.values():
                if entry.plugin.lifespan is not None:
                    await stack.enter_async_context(_begun(entry, entry.plugin.lifespan(app, context)))
            yield

    return lifespan


@asynccontextmanager
async def _begun(entry: InstalledPlugin, lifespan: AbstractAsyncContextManager[None]) -> AsyncIterator[None]:
    """A plugin's lifespan; what it raises while it begins is told of that plugin."""
    try:
        await lifespan.__aenter__()
    except PLUGIN_FAILURES as error:
        what = f"its lifespan raised {describe(error, entry.package)}"
        raise ConfigurationError(f"plugin {entry.plugin.name!r}: {what}") from error
    async with AsyncExitStack() as stack:
        stack.push_async_exit(lifespan)
        yield
