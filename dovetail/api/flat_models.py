"""Lets FastAPI find the models within a model without making a validator for every field on the way.

For an OpenAPI document FastAPI looks through the fields of all models three times, and makes of each field what
validates it, only to read its annotation: half of the document's time, for `check` and for the first who asks for it.

It leans on private parts of FastAPI; tests/api/test_flat_models.py fails when one of them changes.
"""

from typing import Any, NamedTuple

from fastapi._compat import v2
from pydantic import BaseModel
from pydantic.fields import FieldInfo


class Field(NamedTuple):
    """All that FastAPI asks of a field here."""

    field_info: FieldInfo


def flat_models(model: type[BaseModel], known_models: set[Any] | None = None) -> set[Any]:
    """`known_models` and the models and enums within `model`; those that are known already are not looked through."""
    known = known_models or set()
    for info in model.model_fields.values():
        v2.get_flat_models_from_field(Field(info), known_models=known)  # type: ignore[arg-type]  # see Field
    return known


v2.get_flat_models_from_model = flat_models
