"""Keeps FastAPI from importing all of pydantic.v1 only to learn that nobody uses it.

FastAPI refuses models of pydantic.v1. It asks of each annotation of a route, and of each object that it encodes,
whether it is one, and imports pydantic.v1 for the question: a twelfth of a server's start, and as long a stop at the
first request that asks. In a process where nobody has imported pydantic.v1 there are no such models.

Import this module before routes are made. It leans on private parts of FastAPI; tests/api/test_pydantic_v1.py fails
when one of them changes.
"""

import sys
from typing import Any

from fastapi import encoders
from fastapi._compat import shared

_is_model_class = shared.is_pydantic_v1_model_class
_is_model_instance = shared.is_pydantic_v1_model_instance


def is_model_class(cls: Any) -> bool:
    """Whether `cls` is a model of pydantic.v1."""
    return "pydantic.v1" in sys.modules and _is_model_class(cls)


def is_model_instance(thing: Any) -> bool:
    """Whether `thing` is an object of a model of pydantic.v1."""
    return "pydantic.v1" in sys.modules and _is_model_instance(thing)


shared.is_pydantic_v1_model_class = is_model_class
encoders.is_pydantic_v1_model_instance = is_model_instance  # type: ignore[attr-defined,assignment]  # imported there
