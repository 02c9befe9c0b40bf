"""Make an object that a form or an import fills, and set its collections of related objects."""

import inspect as python
from collections.abc import Mapping, Sequence

from sqlalchemy import inspect
from sqlalchemy.orm import Mapper

from dovetail.database.drivers.sqlalchemy_private import own_init

VARIADIC = (python.Parameter.VAR_POSITIONAL, python.Parameter.VAR_KEYWORD)


def new_object(model: type[object], data: Mapping[str, object]) -> object:
    """Return an object that is to be filled with `data`; what the model's own `__init__` asks for is given to it."""
    mapper: Mapper[object] = inspect(model)
    _, *parameters = python.signature(own_init(mapper)).parameters.values()
    asked = [one.name for one in parameters if one.default is one.empty and one.kind not in VARIADIC]
    return model(**{name: data.get(name) if name in mapper.column_attrs else None for name in asked})


def set_collection(obj: object, name: str, related: Sequence[object]) -> None:
    """Set a relation to many objects, which may be kept in a set."""
    mapper: Mapper[object] = inspect(type(obj))
    kind = mapper.relationships[name].collection_class
    setattr(obj, name, set(related) if isinstance(kind, type) and issubclass(kind, set) else related)
