"""Hides a module from a library that imports it where it happens to be installed, and would only pay for it."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def hidden(name: str) -> Iterator[None]:
    """Let nobody import a module meanwhile, unless somebody has done so before."""
    if name in sys.modules:
        yield
        return
    sys.modules[name] = None  # type: ignore[assignment]  # Python's own mark of what cannot be imported
    try:
        yield
    finally:
        del sys.modules[name]
