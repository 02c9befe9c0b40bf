"""From the names in the settings to validated, ordered plugins: all problems are collected first and reported once."""

import importlib
import importlib.util
import pkgutil
import traceback
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from types import MappingProxyType
from typing import Any

from pydantic import BaseModel

from project.command import Command
from project.errors import ConfigurationError
from project.plugin import Plugin
from project.settings import Settings, load_plugin_settings


class PluginError(ConfigurationError):
    """The plugins named in the settings do not fit together."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems) if len(problems) == 1 else "\n".join(f"- {p}" for p in problems))


@dataclass(frozen=True, kw_only=True)
class InstalledPlugin:
    """A plugin and the package it came from (`plugins.blog`)."""

    plugin: Plugin
    package: str

    @property
    def path(self) -> Path:
        """The folder of the package."""
        return Path(str(importlib.import_module(self.package).__file__)).parent

    @property
    def migrations(self) -> Path:
        """The folder of the plugin's own history; it need not exist."""
        return self.path / "migrations"


@dataclass(frozen=True, kw_only=True)
class Registry:
    """The enabled plugins by name, in the order of their dependencies."""

    installed: Mapping[str, InstalledPlugin]

    @property
    def plugins(self) -> tuple[Plugin, ...]:
        """The plugins, each after those it depends on."""
        return tuple(entry.plugin for entry in self.installed.values())

    @property
    def commands(self) -> dict[str, Command]:
        """What the plugins add to `manage.py`."""
        return {command.name: command for plugin in self.plugins for command in plugin.commands}


def load_registry(settings: Settings, reserved_commands: Iterable[str] = ()) -> Registry:
    """Import and order the plugins that `settings` name; their models and routers are not imported yet.

    Raises PluginError with every problem found: an unknown name, a missing dependency, a cycle, two plugins or two
    commands of one name, a plugin that raises on import.
    """
    problems: list[str] = []
    found = list(_import_all(settings.plugins, problems))
    _refuse_duplicates(found, problems)
    _refuse_missing_dependencies(found, problems)
    ordered = _in_order(found, problems)
    commands = [(name, "manage.py itself") for name in reserved_commands]
    commands += [(command.name, entry.plugin.name) for entry in found for command in entry.plugin.commands]
    problems += _clashes("command", commands)
    if problems:
        raise PluginError(problems)
    return Registry(installed=MappingProxyType({entry.plugin.name: entry for entry in ordered}))


def load_models(registry: Registry) -> None:
    """Import every plugin's models and see that each table is its plugin's own.

    Raises PluginError for a plugin whose models raise on import, for a table without the plugin's prefix, for two
    plugins with one table, and for a model that no plugin lists.
    """
    problems: list[str] = []
    tables: list[tuple[str, str]] = []
    for plugin in registry.plugins:
        for model in _resolve(plugin, "models", problems):
            table = str(model.__table__.name)
            tables.append((table, plugin.name))
            if not table.startswith(f"{plugin.name}_"):
                problems.append(
                    f"plugin {plugin.name!r}: the table {table!r} of {model.__name__} lacks the plugin's prefix; "
                    f"name it {plugin.name}_{table!s}"
                )
    problems += _clashes("table", tables)
    if problems:
        raise PluginError(problems)


def load_web(registry: Registry) -> None:
    """Import what only a server needs: routers, admin views, checks.

    Raises PluginError for a plugin that raises on import, for two plugins with one route (same method and path) and
    for two with one admin identity.
    """
    problems: list[str] = []
    routes: list[tuple[str, str]] = []
    identities: list[tuple[str, str]] = []
    for plugin in registry.plugins:
        for router in _resolve(plugin, "routers", problems):
            for route in router.routes:
                methods = sorted(getattr(route, "methods", None) or ["*"])
                routes += [(f"{method} /api{getattr(route, 'path', '')}", plugin.name) for method in methods]
        for view in _resolve(plugin, "admin_views", problems):
            identities.append((str(getattr(view, "identity", view.__name__)), plugin.name))  # noqa: PERF401 - reads as the loop above
    problems += _clashes("route", routes) + _clashes("admin identity", identities)
    if problems:
        raise PluginError(problems)


def load_all_plugin_settings(settings: Settings, registry: Registry) -> Mapping[str, BaseModel]:
    """Each plugin's settings, by the plugin's name, read from the environment under `<NAME>_`.

    Raises ConfigurationError with every variable that is wrong.
    """
    values: dict[str, BaseModel] = {}
    problems: list[str] = []
    for plugin in registry.plugins:
        if plugin.settings is None:
            continue
        try:
            values[plugin.name] = load_plugin_settings(plugin.settings, f"{plugin.name.upper()}_", settings.base_dir)
        except ConfigurationError as error:
            problems.append(error.detail)
    if problems:
        raise ConfigurationError("\n".join(problems))
    return MappingProxyType(values)


def _import_all(names: Sequence[str], problems: list[str]) -> Iterator[InstalledPlugin]:
    for name in names:
        if not _exists(f"{name}.plugin"):
            near = get_close_matches(name, _installed_names(names), n=1, cutoff=0.5)
            hint = f"did you mean {near[0]!r}?" if near else "is its package installed?"
            problems.append(f"plugin {name!r}: there is no module {name}.plugin; {hint}")
            continue
        try:
            plugin = importlib.import_module(f"{name}.plugin").plugin
        except Exception as error:  # noqa: BLE001 - a plugin may raise anything
            problems.append(f"plugin {name!r} raised on import: {_where(error)}")
            continue
        if not isinstance(plugin, Plugin):
            problems.append(f"plugin {name!r}: {name}.plugin.plugin is a {type(plugin).__name__}, expected a Plugin")
            continue
        yield InstalledPlugin(plugin=plugin, package=name)


def _exists(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:
        return False
    except Exception:  # noqa: BLE001 - a parent package raised: importing it will say so
        return True


def _installed_names(names: Sequence[str]) -> list[str]:
    parents = {name.rpartition(".")[0] for name in names} | {"plugins", "project.contrib"}
    found = []
    for parent in filter(None, parents):
        if _exists(parent):
            path = getattr(importlib.import_module(parent), "__path__", [])
            found += [f"{parent}.{module.name}" for module in pkgutil.iter_modules(path) if module.ispkg]
    return sorted(set(found) - set(names)) or found


def _where(error: Exception) -> str:
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__}: {str(error) or 'no message'} ({Path(frame.filename).name}:{frame.lineno})"


def _refuse_duplicates(found: Sequence[InstalledPlugin], problems: list[str]) -> None:
    problems += _clashes("name", [(entry.plugin.name, entry.package) for entry in found])
    for entry in found:
        name = entry.plugin.name
        if not (name.isidentifier() and name.islower()):
            problems.append(f"plugin {entry.package!r} is named {name!r}, expected lower-case letters, digits and _")


def _refuse_missing_dependencies(found: Sequence[InstalledPlugin], problems: list[str]) -> None:
    names = {entry.plugin.name for entry in found}
    for entry in found:
        for missing in sorted(set(entry.plugin.depends_on) - names):
            near = get_close_matches(missing, names, n=1)
            hint = f"did you mean {near[0]!r}?" if near else "add its package to the plugins in the settings"
            problems.append(f"plugin {entry.plugin.name!r} depends on {missing!r}, which is not enabled; {hint}")


def _in_order(found: Sequence[InstalledPlugin], problems: list[str]) -> list[InstalledPlugin]:
    by_name = {entry.plugin.name: entry for entry in found}
    sorter: TopologicalSorter[str] = TopologicalSorter()
    for entry in found:
        sorter.add(entry.plugin.name, *(name for name in entry.plugin.depends_on if name in by_name))
    try:
        return [by_name[name] for name in sorter.static_order()]
    except CycleError as error:
        problems.append(f"plugins depend on each other in a circle: {' -> '.join(error.args[1])}; remove one of these")
        return []


def _clashes(what: str, owned: Sequence[tuple[str, str]]) -> list[str]:
    owners: dict[str, list[str]] = {}
    for name, owner in owned:
        owners.setdefault(name, []).append(owner)
    return [
        f"the {what} {name!r} is claimed by {' and '.join(who)}; rename one"
        for name, who in owners.items()
        if len(who) > 1
    ]


def _resolve(plugin: Plugin, part: str, problems: list[str]) -> list[Any]:
    try:
        return list(getattr(plugin, part))
    except Exception as error:  # noqa: BLE001 - a plugin may raise anything
        problems.append(f"plugin {plugin.name!r}: its {part} raised on import: {_where(error)}")
        return []
