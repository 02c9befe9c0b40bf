"""Register the plugins of a site, validated and in order: all problems are collected first and reported once."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from graphlib import CycleError, TopologicalSorter
from types import MappingProxyType
from typing import Any

from pydantic import BaseModel

from dovetail.discovery import PLUGIN_FAILURES, InstalledPlugin, describe, failing_package, import_plugins
from dovetail.errors import ConfigurationError
from dovetail.ownership import misplaced, replaced_columns, unlisted_models, unowned_tables
from dovetail.plugin import Command, Plugin
from dovetail.settings import Settings, load_plugin_settings

# Names with a meaning of their own: in codes of checks, as Alembic's revisions, or as prefixes of a database's tables.
RESERVED_NAMES = frozenset({"kernel", "dovetail", "alembic", "base", "current", "head", "heads", "pg", "sqlite"})


class PluginError(ConfigurationError):
    """The plugins named in the settings do not fit together."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems) if len(problems) == 1 else "\n".join(f"- {p}" for p in problems))


@dataclass(frozen=True, kw_only=True)
class Registry:
    """The enabled plugins by name, each after those it depends on."""

    installed: Mapping[str, InstalledPlugin]

    @property
    def plugins(self) -> tuple[Plugin, ...]:
        """Return the plugins, each after those it depends on."""
        return tuple(entry.plugin for entry in self.installed.values())

    @property
    def commands(self) -> dict[str, Command]:
        """Return the commands that plugins add to `manage.py`, by name."""
        return {command.name: command for plugin in self.plugins for command in plugin.commands}


def load_registry(settings: Settings, reserved_commands: Iterable[str] = ()) -> Registry:
    """Import and order the plugins that `settings` name; their models and routers are not imported yet.

    Raise PluginError with every problem found: an unknown name, a missing dependency, a cycle, two plugins or two
    commands of one name, a plugin that raises on import.
    """
    problems: list[str] = []
    found = list(import_plugins(settings.plugins, problems))
    problems += _bad_names(found)
    problems += _missing_dependencies(found, settings.plugins)
    problems += _unknown_internal_models(found)
    problems += _settings_that_are_no_model(found)
    ordered = _in_order(found, problems)
    commands = [(name, "manage.py itself") for name in reserved_commands]
    commands += [(command.name, entry.plugin.name) for entry in found for command in entry.plugin.commands]
    problems += _clashes("command", commands)
    problems += _too_many_change_logs(found)
    if problems:
        raise PluginError(problems)
    return Registry(installed=MappingProxyType({entry.plugin.name: entry for entry in ordered}))


def unknown_plugins(names: Iterable[str], registry: Registry) -> str:
    """Return what is wrong with names that no enabled plugin has, and what to do."""
    enabled = ", ".join(registry.installed)
    told = f"no enabled plugin is named {' or '.join(names)}; enabled are {enabled}"
    return f"{told}; add its package to the plugins in the settings, or correct the name"


def load_models(registry: Registry) -> None:
    """Import every plugin's models and check that each table belongs to its plugin.

    Raise PluginError for a plugin whose models raise on import, for a table without the plugin's prefix or with
    another's, for two plugins with one table, and for a model that its plugin does not list.
    """
    problems: list[str] = []
    models = [
        (m, entry.plugin.name)
        for entry in registry.installed.values()
        for m in _resolve(entry, "models", problems, registry)
    ]
    problems += [
        f"plugin {owner!r} lists {model!r} among its models, which has no table; leave it out"
        for model, owner in models
        if getattr(model, "__table__", None) is None
    ]
    if not problems:
        tables = dict.fromkeys((model.__table__, owner) for model, owner in models)
        problems += _clashes("table", [(str(table.fullname), owner) for table, owner in tables])
        problems += [problem for table, owner in tables for problem in misplaced(table, owner, registry.installed)]
    if not problems:
        problems += [*unlisted_models(registry.installed), *unowned_tables(registry.installed)]
        problems += replaced_columns(model for model, _ in models)
    if problems:
        raise PluginError(problems)


def load_web(registry: Registry) -> None:
    """Import what only a server needs: policies, routers and checks. The back office imports its views itself.

    Models come first, those of all plugins: a plugin may add a relation to another's model, which that one's API names.
    Raise PluginError for a plugin that raises on import, and for a router that is no APIRouter or has a bad name.
    """
    problems: list[str] = []
    for entry in registry.installed.values():
        _resolve(entry, "models", problems, registry)
    for entry in registry.installed.values():
        for part in ("policies", "routers", "root_routers"):
            _resolve(entry, part, problems, registry)
        _resolve(entry, "checks", problems, registry)
    if not problems:
        problems += [problem for entry in registry.installed.values() for problem in _bad_routers(entry.plugin)]
    if problems:
        raise PluginError(problems)


def load_all_plugin_settings(settings: Settings, registry: Registry) -> Mapping[str, BaseModel]:
    """Return each plugin's settings, by the plugin's name, read from the environment under `<NAME>_`.

    Raise ConfigurationError with every variable that is wrong.
    """
    values: dict[str, BaseModel] = {}
    problems = _clashes("variable", variables_of(settings, registry))
    for entry in registry.installed.values():
        plugin = entry.plugin
        if plugin.settings is None:
            continue
        try:
            values[plugin.name] = load_plugin_settings(
                plugin.settings, f"{plugin.name.upper()}_", settings.base_dir, settings.dotenv_files()
            )
        except ConfigurationError as error:
            problems.append(error.detail)
        except PLUGIN_FAILURES as error:
            problems.append(f"plugin {plugin.name!r}: its settings raised {describe(error, entry.package)}")
    if problems:
        raise ConfigurationError("\n".join(problems))
    return MappingProxyType(values)


def variables_of(settings: Settings, registry: Registry) -> Iterator[tuple[str, str]]:
    """Yield each environment variable with its reader: the site's own settings, or a plugin."""
    for field in type(settings).model_fields:
        yield field.upper(), "the site's own settings"
    for plugin in registry.plugins:
        for field in plugin.settings.model_fields if plugin.settings is not None else ():
            yield f"{plugin.name}_{field}".upper(), plugin.name


def _bad_names(found: Sequence[InstalledPlugin]) -> list[str]:
    return (
        _clashes("name", [(entry.plugin.name, entry.package) for entry in found])
        + [
            f"plugin {entry.package!r} is named {entry.plugin.name!r}, expected lower-case letters, digits and _"
            for entry in found
            if not re.fullmatch("[a-z][a-z0-9_]*", entry.plugin.name)
        ]
        + [
            f"plugin {entry.package!r} is named {entry.plugin.name!r}, which is reserved; rename it"
            for entry in found
            if entry.plugin.name in RESERVED_NAMES
        ]
    )


def _missing_dependencies(found: Sequence[InstalledPlugin], packages: Sequence[str]) -> Iterator[str]:
    names = {entry.plugin.name for entry in found}
    by_package = {entry.package: entry.plugin.name for entry in found}
    # Each of those that failed has a message of its own already.
    failed = {package.rpartition(".")[2] for package in packages if package not in by_package} - names
    for entry in found:
        given = entry.plugin.depends_on
        if isinstance(given, str):
            yield f"plugin {entry.plugin.name!r}: depends_on is the text {given!r}, expected a tuple: ({given!r},)"
            continue
        for missing in sorted(set(given) - names - failed):
            near = get_close_matches(missing, names - {entry.plugin.name}, n=1)
            hint = f"did you mean {near[0]!r}?" if near else "add its package to the plugins in the settings"
            hint = f"write the plugin's name: {by_package[missing]!r}" if missing in by_package else hint
            yield f"plugin {entry.plugin.name!r} depends on {missing!r}, which is not enabled; {hint}"


def _unknown_internal_models(found: Sequence[InstalledPlugin]) -> Iterator[str]:
    for plugin in (entry.plugin for entry in found):
        internal = plugin.internal_models
        if isinstance(internal, str):
            yield f"plugin {plugin.name!r} has the text {internal!r} as internal_models, expected ({internal!r},)"
            continue
        for name in sorted(set(map(str, internal)) - set(plugin.model_names)) if internal else ():
            near = get_close_matches(name, plugin.model_names, n=1)
            hint = f"did you mean {near[0]!r}?" if near else "list it among its models, or leave it out"
            yield f"plugin {plugin.name!r} names {name!r} among its internal_models, which is no model of it; {hint}"


def _settings_that_are_no_model(found: Sequence[InstalledPlugin]) -> Iterator[str]:
    for plugin in (entry.plugin for entry in found):
        settings: object = plugin.settings
        if settings is not None and not (isinstance(settings, type) and issubclass(settings, BaseModel)):
            kind = type(settings).__name__
            yield (
                f"plugin {plugin.name!r} has a {kind} as settings, expected a pydantic model: import the class into "
                "plugin.py, since its variables are known before anything else is imported"
            )


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


def _clashes(what: str, owned: Iterable[tuple[str, str]]) -> list[str]:
    owners: dict[str, list[str]] = {}
    for name, owner in owned:
        owners.setdefault(name, []).append(owner)
    return [
        f"the {what} {name!r} is claimed by {' and '.join(who)}; rename one"
        for name, who in owners.items()
        if len(who) > 1
    ]


def _too_many_change_logs(found: Sequence[InstalledPlugin]) -> list[str]:
    names = [entry.plugin.name for entry in found if entry.plugin.change_log is not None]
    return [f"the plugins {' and '.join(names)} each keep a log of changes; enable one of them"] if names[1:] else []


def _resolve(entry: InstalledPlugin, part: str, problems: list[str], registry: Registry) -> list[Any]:
    try:
        return list(getattr(entry.plugin, part))
    except PLUGIN_FAILURES as error:
        names = {one.package: one.plugin.name for one in registry.installed.values()}
        guilty = failing_package(error, names, entry.package)
        name, what = names[guilty], describe(error, guilty)
        taken = re.search(r"Table '([^']+)' is already defined", what)
        # A plugin that failed is named once, not again by each that imports it. A second import finds its first tables
        # and classes already there, and fails for that.
        is_again = taken or guilty != entry.package or "already contains a class" in what
        if is_again and any(told.startswith(f"plugin {name!r}") for told in problems):
            return []
        if taken:
            problems.append(f"plugin {name!r} defines the table {taken[1]!r}, which another plugin has; rename one")
        else:
            subject = f"its {part}" if guilty == entry.package else f"what {entry.plugin.name!r} needs of it"
            problems.append(f"plugin {name!r}: {subject} raised on import: {what}")
        return []


def _bad_routers(plugin: Plugin) -> Iterator[str]:
    # Imported here: commands that load no routers do without FastAPI.
    from fastapi import APIRouter

    names: list[str] = []
    for routers in (plugin.routers, plugin.root_routers):
        names += routers if isinstance(routers, Mapping) else ()
        for router in routers.values() if isinstance(routers, Mapping) else routers:
            if not isinstance(router, APIRouter):
                found = type(router).__name__
                yield f"plugin {plugin.name!r} lists a {found} among its routers, expected an APIRouter"
    for name in dict.fromkeys(names):
        if not re.fullmatch("[a-z][a-z0-9_]*", name):
            yield f"plugin {plugin.name!r} names a router {name!r}, expected lower-case letters, digits and _"
        if names.count(name) > 1:
            yield f"plugin {plugin.name!r} has two routers named {name!r}; rename one"
