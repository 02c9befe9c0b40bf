"""Make an object that a form or an import fills, and set its collections of related objects."""

from collections.abc import Mapping, Sequence

from sqlalchemy import inspect
from sqlalchemy.orm import Mapper

from dovetail.resources.declaration.required_fields import asked_by_init


def new_object(model: type[object], data: Mapping[str, object]) -> object:
    """Return an object that is to be filled with `data`; what the model's own `__init__` asks for is given to it."""
    mapper: Mapper[object] = inspect(model)
    return model(**{name: data.get(name) if name in mapper.column_attrs else None for name in asked_by_init(mapper)})


def set_collection(obj: object, name: str, related: Sequence[object]) -> None:
    """Set a relation to many objects, which may be kept in a set."""
    mapper: Mapper[object] = inspect(type(obj))
    kind = mapper.relationships[name].collection_class
    setattr(obj, name, set(related) if isinstance(kind, type) and issubclass(kind, set) else related)
