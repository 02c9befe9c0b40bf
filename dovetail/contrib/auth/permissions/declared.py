"""Collect the permissions of plugins: four for each model that is not internal, and those that a plugin declares.

    Plugin(name="shop", ..., extensions={"auth.permissions": [("refund_order", "Can refund an order")]})

declares `shop.refund_order`. `migrate` stores them in the database, without importing the models.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from dovetail.errors import ConfigurationError
from dovetail.plugin import Execute, Migrated, Plugin

EXTENSION_POINT = "auth.permissions"
ACTIONS = ("view", "add", "change", "delete")
CODENAME = re.compile(r"[a-z][a-z0-9_]{0,98}")
MAXIMUM_TITLE = 200
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z0-9]+|[0-9]+")
_STORED = "SELECT name, plugin, title FROM auth_permission"


@dataclass(frozen=True, order=True)
class Declared:
    """A permission as declared in code."""

    name: str  # blog.change_post
    plugin: str
    title: str


def model_permission(plugin: str, action: str, model: str) -> str:
    """Return the name of the permission to view, add, change or delete rows of a model: `blog.change_post`."""
    return f"{plugin}.{action}_{model.lower()}"


def declared_permissions(plugins: Iterable[Plugin]) -> list[Declared]:
    """Return the permissions of these plugins. Raise ConfigurationError for an invalid declaration."""
    return [one for plugin in plugins for one in (*_of_models(plugin), *_custom(plugin))]


def is_due(execute: Execute, migrated: Migrated) -> bool:
    """Return whether the permissions in the database have to be updated."""
    stored = [Declared(*map(str, row)) for row in execute(_STORED)]
    return set(stored) != set(expected_permissions(stored, migrated))


def expected_permissions(stored: Sequence[Declared], migrated: Migrated) -> list[Declared]:
    """Return the permissions that the database should contain.

    Permissions are deleted with the tables of their plugin. Those of a disabled plugin are kept, as it may be enabled
    again.
    """
    enabled = {plugin.name for plugin in migrated.plugins}
    present = [plugin for plugin in migrated.plugins if plugin.name in migrated.applied or not plugin.model_names]
    kept = [one for one in stored if one.plugin not in enabled and one.plugin in migrated.applied]
    return [*declared_permissions(present), *kept]


def _of_models(plugin: Plugin) -> Iterator[Declared]:
    for model in plugin.model_names:
        if model in plugin.internal_models:
            continue
        words = " ".join(_WORD.findall(model)).lower()
        for action in ACTIONS:
            yield Declared(model_permission(plugin.name, action, model), plugin.name, f"Can {action} {words}")


def _custom(plugin: Plugin) -> Iterator[Declared]:
    known = {one.name for one in _of_models(plugin)}
    for given in plugin.extensions.get(EXTENSION_POINT, ()):
        codename, title = _checked(plugin, given)
        name = f"{plugin.name}.{codename}"
        if name in known:
            raise ConfigurationError(f"plugin {plugin.name!r} declares the permission {name!r} twice; drop one")
        known.add(name)
        yield Declared(name, plugin.name, title)


def _checked(plugin: Plugin, given: object) -> tuple[str, str]:
    match given:
        case (str(codename), str(title)) if CODENAME.fullmatch(codename) and 0 < len(title) <= MAXIMUM_TITLE:
            return codename, title
    raise ConfigurationError(
        f"plugin {plugin.name!r} declares the permission {given!r}; expected a pair such as "
        f'("publish_post", "Can publish a post"), at most 99 and {MAXIMUM_TITLE} characters long'
    )
