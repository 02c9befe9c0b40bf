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
    standard, rebuild = BaseModel.model_config, vars(BaseModel)["model_rebuild"]
    BaseModel.model_config = ConfigDict(defer_build=True)
    setattr(BaseModel, "model_rebuild", classmethod(_rebuild_later))  # noqa: B010 - mypy lets nobody assign to a method
    try:
        yield
    finally:
        BaseModel.model_config = standard
        setattr(BaseModel, "model_rebuild", rebuild)  # noqa: B010 - as above


def _rebuild_later(cls: type[BaseModel], /, **said: bool) -> bool | None:
    """Leave to its first use a model that FastAPI completes at once; pydantic, which says more, has a use for one."""
    return _rebuild(cls, **said) if said else None


_rebuild = vars(BaseModel)["model_rebuild"].__func__

with _deferred():
    import fastapi.openapi.models  # noqa: F401 - to define its models here
