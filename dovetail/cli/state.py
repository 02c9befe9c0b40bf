"""The settings and the plugins that every command of `manage.py` works with."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cached_property

from dovetail.plugin import Context
from dovetail.registry import Registry, load_registry
from dovetail.settings import Settings, load_settings


@dataclass
class State:
    """The settings and the plugins of the site, each read when first asked for; click's `obj`."""

    settings_class: type[Settings]
    reserved_commands: tuple[str, ...] = ()
    show_traceback: bool = False
    command: str = ""  # the one that runs

    @cached_property
    def settings(self) -> Settings:
        """The settings. Raise ConfigurationError."""
        return load_settings(self.settings_class)

    @cached_property
    def registry(self) -> Registry:
        """The enabled plugins; nothing that only a server or a database needs is imported. Raise PluginError."""
        return load_registry(self.settings, self.reserved_commands)

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Context]:
        """Open settings, plugins with their models, and the database; close the database at the end."""
        # Imported here, so that `help` does not pay for SQLAlchemy.
        from dovetail.context import open_context

        async with open_context(self.settings, self.registry) as context:
            yield context
