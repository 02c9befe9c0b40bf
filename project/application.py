"""One function that makes the whole application from its settings."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager

from fastapi import FastAPI

from project.context import make_context
from project.plugin import Context
from project.registry import load_registry, load_web
from project.settings import Settings


def create_app(settings: Settings) -> FastAPI:
    """Make an application: kernel routes, every plugin's routers below `/api`, and what plugins set up themselves.

    Two applications can live in one process. Raises ConfigurationError, with every problem found, and starts nothing
    half.
    """
    registry = load_registry(settings)
    load_web(registry)
    context = make_context(settings, registry)
    app = FastAPI(title=settings.site_name, lifespan=_lifespan(context))
    app.state.settings = settings
    app.state.database = context.database
    app.state.plugin_settings = context.plugin_settings
    for plugin in context.plugins:
        for router in plugin.routers:
            app.include_router(router, prefix="/api")
        if plugin.setup is not None:
            plugin.setup(app, context)
    return app


def _lifespan(context: Context) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            stack.push_async_callback(context.database.dispose)
            for plugin in context.plugins:
                if plugin.lifespan is not None:
                    await stack.enter_async_context(plugin.lifespan(app, context))
            yield

    return lifespan
