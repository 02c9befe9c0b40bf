"""Import FastAPI so that pydantic makes the validators of its OpenAPI models with the first document.

They are thirty, and most of what the import costs; a server makes no document before somebody asks for one.
(https://docs.pydantic.dev/latest/api/config/#pydantic.config.ConfigDict.defer_build)

Import this module before FastAPI; tests/test_startup_costs.py fails when it has no effect any more.
"""

import dovetail.api.deferred_email  # noqa: F401 - before FastAPI

# isort: split

from collections.abc import Iterator
from contextlib import contextmanager

from pydantic import BaseModel, ConfigDict


@contextmanager
def _deferred() -> Iterator[None]:
    """Let the models that the block defines inherit `defer_build`, which has no switch outside a model."""
    standard = BaseModel.model_config
    BaseModel.model_config = ConfigDict(defer_build=True)
    try:
        yield
    finally:
        BaseModel.model_config = standard


with _deferred():
    import fastapi.openapi.models  # noqa: F401 - to define its models here
