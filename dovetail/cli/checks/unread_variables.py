"""Warn of variables that nothing reads, but whose names resemble a setting: they are misspelt."""

import os
from collections.abc import Iterator
from difflib import get_close_matches

from dotenv import dotenv_values

from dovetail.plugin import CheckMessage, warning
from dovetail.registry import Registry, variables_of
from dovetail.settings import DOTENV_ENCODING, Settings

# The environment has variables of other programs, too: only what differs by a letter or two is told.
CLOSE_IN_ENVIRONMENT, CLOSE_IN_FILE = 0.9, 0.85


def check_variables(settings: Settings, registry: Registry) -> Iterator[CheckMessage]:
    """Yield the variables of `.env` and of the environment that look like a misspelt setting."""
    known = {name for name, _ in variables_of(settings, registry)}
    prefixes = tuple(f"{plugin.name.upper()}_" for plugin in registry.plugins if plugin.settings is not None)
    for path in settings.dotenv_files():
        values = dotenv_values(path, interpolate=False, encoding=DOTENV_ENCODING)
        for name in sorted({name.upper() for name in values} - known):
            near = get_close_matches(name, known, n=1, cutoff=CLOSE_IN_FILE)
            if not near and (prefix := next((one for one in prefixes if name.startswith(one)), "")):
                near = [", ".join(sorted(one for one in known if one.startswith(prefix)))]
            yield from _unread(f"{path.name} sets {name}", near)
    for name in sorted({name.upper() for name in os.environ if "_" in name} - known):
        yield from _unread(f"{name} is set", get_close_matches(name, known, n=1, cutoff=CLOSE_IN_ENVIRONMENT))


def _unread(what: str, expected: list[str]) -> Iterator[CheckMessage]:
    if expected:
        yield warning(
            "kernel.W042", f"{what}, which nothing reads.", f"expected {expected[0]}; rename it, or remove it"
        )
