"""Make the context of an application or a command: settings, database, plugins and their settings."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager

from sqlalchemy import Table

from dovetail.database.change_log import CHANGE_LOG
from dovetail.database.engine.unportable_tables import unportable_tables
from dovetail.database.engine.urls import database_url
from dovetail.database.unit_of_work import Database
from dovetail.plugin import Context, Mountable, session_info
from dovetail.registry import PluginError, Registry, load_all_plugin_settings, load_models
from dovetail.settings import Settings


def make_context(
    settings: Settings,
    registry: Registry,
    *,
    command_timeout: float | None = None,
    paths: Mapping[str, str | None] | None = None,
    mounted: Mapping[str, Sequence[Mountable]] | None = None,
) -> Context:
    """Return the context of one application; no connection is made yet.

    `command_timeout` limits each statement on PostgreSQL to so many seconds: a server sets it, a command does not.
    Raise ConfigurationError if the plugins' models or settings are not usable.
    """
    load_models(registry)
    refuse_tables(settings, registry)
    context = Context(
        settings=settings,
        plugin_settings=load_all_plugin_settings(settings, registry),
        plugins=registry.plugins,
        paths=paths or {},
        mounted=mounted or {},
        database=Database.from_settings(settings, command_timeout=command_timeout),
    )
    info = session_info(context)
    context.database.sessions.configure(info=info)
    log = CHANGE_LOG.find(info)
    if log is not None:
        log.watch(context.database.engine)
    return context


def refuse_tables(settings: Settings, registry: Registry) -> None:
    """Raise PluginError if the models have tables that the site's database cannot hold."""
    dialect = database_url(settings).get_dialect()()
    tables = dict.fromkeys(model.__table__ for plugin in registry.plugins for model in plugin.models)
    if problems := list(unportable_tables((one for one in tables if isinstance(one, Table)), dialect)):
        raise PluginError(problems)


@asynccontextmanager
async def open_context(settings: Settings, registry: Registry) -> AsyncIterator[Context]:
    """Open the context for a command; its connections are closed at the end."""
    context = make_context(settings, registry)
    try:
        yield context
    finally:
        await context.database.dispose()
