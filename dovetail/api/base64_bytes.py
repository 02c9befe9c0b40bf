"""Bytes in JSON: base64 in requests, base64 in answers (https://datatracker.ietf.org/doc/html/rfc4648#section-4)."""

import base64
import binascii
from collections.abc import Iterator
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, GetCoreSchemaHandler, PlainSerializer, WithJsonSchema

_URL_SAFE = str.maketrans("-_", "+/")
_NO_SCHEMAS = frozenset({"metadata", "config", "default", "expected", "members"})  # parts of a core schema
_LIMITS = ("min_length", "max_length", "strict")


def _decoded(value: object) -> object:
    """Return the bytes that a text stands for, in the plain alphabet or the one for URLs. Raise ValueError."""
    if not isinstance(value, str):
        return value
    try:
        return base64.b64decode(value.translate(_URL_SAFE), validate=True)
    except (binascii.Error, ValueError):
        raise ValueError("expected bytes as base64") from None


def _encoded(value: bytes) -> str:
    return base64.b64encode(value).decode("ascii")


Bytes = Annotated[
    bytes,
    BeforeValidator(_decoded),
    PlainSerializer(_encoded, return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "contentEncoding": "base64", "examples": ["AP8="]}),
]
"""Bytes of a column, which need not be text."""


def with_base64(schema: Any, handler: GetCoreSchemaHandler) -> Any:
    """Let each `bytes` in the core schema of a model be `Bytes`, in place; models within it have seen to their own."""
    for found in list(_raw(schema.get("schema", schema), within_models=False)):
        limits = {name: found[name] for name in _LIMITS if name in found}
        found.clear()
        found.update(handler.generate_schema(Bytes))
        next(_of_type(found, "bytes")).update(limits)
    return schema


def has_raw_bytes(schema: type[BaseModel]) -> bool:
    """Return whether answers of a schema hold bytes as they are, of which JSON takes those that are UTF-8 only."""
    return any(_raw(schema.__pydantic_core_schema__, within_models=True))


def _raw(schema: object, *, within_models: bool) -> Iterator[dict[str, object]]:
    if isinstance(schema, (list, tuple)):
        for item in schema:
            yield from _raw(item, within_models=within_models)
    elif isinstance(schema, dict) and "serialization" not in schema:
        kind = schema.get("type")
        if kind == "bytes":
            yield schema
        elif within_models or kind != "model":
            for name, value in schema.items():
                if name not in _NO_SCHEMAS and isinstance(value, (dict, list, tuple)):
                    yield from _raw(value, within_models=within_models)


def _of_type(schema: object, name: str) -> Iterator[dict[str, object]]:
    while isinstance(schema, dict):
        if schema.get("type") == name:
            yield schema
        schema = schema.get("schema")
