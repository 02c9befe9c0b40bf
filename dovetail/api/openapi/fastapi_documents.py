"""Make FastAPI's OpenAPI document faster, by replacing undocumented functions of FastAPI.

tests/api/openapi/test_fastapi_documents.py fails when one of them changes.

FastAPI looks through the fields of all models three times for a document, and makes of each field what validates it,
only to read its annotation: half of the document's time. `flat_models` does without.

FastAPI's document, which pydantic has made JSON of in one go, is gone through once more, in Python.
"""

from collections.abc import Callable
from typing import Any, NamedTuple, ParamSpec

from fastapi._compat import v2
from fastapi.openapi import utils as openapi
from fastapi.openapi.models import OpenAPI
from pydantic import BaseModel
from pydantic.fields import FieldInfo

P = ParamSpec("P")


class Field(NamedTuple):
    """All that FastAPI asks of a field in `get_flat_models_from_field`."""

    field_info: FieldInfo


def flat_models(model: type[BaseModel], known_models: set[Any] | None = None) -> set[Any]:
    """Return `known_models` and the models and enums within `model`; those known already are not looked through."""
    known = known_models or set()
    for info in model.model_fields.values():
        v2.get_flat_models_from_field(Field(info), known_models=known)  # type: ignore[arg-type]  # see Field
    return known


def encoding_documents(encode: Callable[P, object]) -> Callable[P, object]:
    """Return a function that answers as FastAPI's `jsonable_encoder`, and is quick with a whole document."""

    def encoded(*args: P.args, **options: P.kwargs) -> object:
        if args and isinstance(args[0], OpenAPI):
            return without_none(args[0].model_dump(mode="json", by_alias=True, exclude_none=True))
        return encode(*args, **options)

    return encoded


def without_none(found: object) -> object:
    """Return a JSON value without the members of objects that are null, which pydantic leaves in what is no model."""
    if isinstance(found, dict):
        return {name: without_none(value) for name, value in found.items() if value is not None}
    return [without_none(item) for item in found] if isinstance(found, list) else found


openapi.jsonable_encoder = encoding_documents(openapi.jsonable_encoder)  # type: ignore[attr-defined]  # imported there
v2.get_flat_models_from_model = flat_models
