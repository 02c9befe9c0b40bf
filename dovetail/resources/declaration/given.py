"""Check the types of a resource's fields before anything is derived from them: a text in place of a tuple, say."""

import re

from sqlalchemy import inspect

from dovetail.errors import ConfigurationError
from dovetail.resources.declaration.declared import OPERATIONS, Declared

SEVERAL = ("fields", "read_only", "reserved", "ordering", "search", "unindexed", "without", "nested")
URL_PATH = re.compile(r"[\w.~-]+(/[\w.~-]+)*")


def check_given(spec: Declared) -> None:
    """Raise ConfigurationError, in one line, for the first field with a wrong value."""
    if not isinstance(spec.model, type) or inspect(spec.model, raiseerr=False) is None:
        raise ConfigurationError(f"a resource has the model {spec.model!r}, expected a class that is mapped to a table")
    _check_several(spec)
    _check_words(spec)
    if strangers := sorted(set(spec.without) - set(OPERATIONS)):
        raise _wrong(spec, f"without names {strangers}, expected some of {', '.join(OPERATIONS)}")
    if spec.update_method not in {"PATCH", "PUT"}:
        raise _wrong(spec, f"update_method is {spec.update_method!r}, expected 'PATCH' or 'PUT'")


def _check_several(spec: Declared) -> None:
    for name in SEVERAL:
        value = getattr(spec, name)
        if isinstance(value, str):
            raise _wrong(spec, f"{name} is the text {value!r}, expected a tuple: ({value!r},)")


def _check_words(spec: Declared) -> None:
    """Raise ConfigurationError for a name that no operation can have, and for a path that no URL can."""
    for name in ("name", "plural"):
        value = getattr(spec, name)
        if value and not value.isidentifier():
            raise _wrong(spec, f"{name} is {value!r}, expected letters, digits and '_' alone; `path` takes a '-' too")
    if spec.path and not URL_PATH.fullmatch(spec.path):
        raise _wrong(spec, f"path is {spec.path!r}, expected what follows the router's own /, such as 'order-lines'")


def _wrong(spec: Declared, what: str) -> ConfigurationError:
    return ConfigurationError(f"{spec.model.__name__}: {what}")
