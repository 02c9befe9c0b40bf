"""Errors about attributes as errors about what a client sent, which may have other names and stand in an envelope."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from pydantic import BaseModel

from dovetail.errors import FieldError


def as_sent(errors: Iterable[FieldError], schema: type[BaseModel], prefix: str = "") -> Iterator[FieldError]:
    """Yield the errors with pointers into a body of this schema, which stands below `prefix` in what was sent.

    What points into no body, as the name of a parameter, stays as it is.
    """
    for error in errors:
        name, slash, rest = error.pointer.removeprefix("/").partition("/")
        if error.pointer.startswith("/") or not error.pointer:
            yield replace(error, pointer=prefix + (f"/{_sent(schema, name)}{slash}{rest}" if name else ""))
        else:
            yield error


def _sent(schema: type[BaseModel], name: str) -> str:
    info = schema.model_fields.get(name)
    alias = None if info is None else info.validation_alias or info.alias
    return alias.replace("~", "~0").replace("/", "~1") if isinstance(alias, str) else name
