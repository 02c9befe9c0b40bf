"""Names of plugins and sites: which will do, and what templates make of them."""

import importlib.util
import keyword
import re
from collections.abc import Collection

import click

from dovetail.registry import RESERVED_NAMES

LONGEST_NAME = 30  # PostgreSQL cuts names at 63 characters, and those of indexes are made of table and columns


def check_name(name: str, package: str, taken: Collection[str] = (), *, kind: str = "plugin") -> None:
    """Raise ClickException unless `name` can name a new plugin, or a new site, whose package is `package`.

    `taken` are the names of enabled plugins.
    """
    if not re.fullmatch("[a-z][a-z0-9_]*", name) or len(name) > LONGEST_NAME:
        problem = f"expected up to {LONGEST_NAME} lower-case letters, digits and _, with a letter first"
    elif keyword.iskeyword(name):
        problem = "it is a word of the language Python"
    elif name in taken:
        problem = "an enabled plugin has this name"
    elif name in RESERVED_NAMES:
        problem = "it is reserved"
    elif _is_module(package):
        problem = f"there is a module {package} already"
    else:
        return
    raise click.ClickException(f"{name[:60]!r} cannot name a {kind}: {problem}")


def plugin_values(name: str, package: str) -> dict[str, str]:
    """Return the values of the placeholders in the templates of a plugin."""
    return {"name": name, "package": package, "model": _camel(name) + "Item", "title": title(name)}


def title(name: str) -> str:
    """Return `name` as a heading: "my_shop" becomes "My shop"."""
    return name.replace("_", " ").strip().capitalize()


def _is_module(package: str) -> bool:
    # Without a file it is a mere folder, which may be the one that is written to.
    found = importlib.util.find_spec(package)
    return found is not None and found.origin is not None


def _camel(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("_"))
