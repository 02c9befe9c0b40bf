"""Find the names that the back office makes of code: those of models, columns and choices, in words."""

import re
from collections.abc import Iterable, Iterator

from sqlalchemy import Enum
from sqlalchemy import inspect as look_into

from dovetail.plugin import Plugin


def names_of(plugins: Iterable[Plugin]) -> list[str]:
    """Return the names of the models of plugins, of their columns and relations, and of their choices, in words."""
    models = [model for plugin in plugins for model in plugin.models if model.__name__ not in plugin.internal_models]
    return sorted({name for model in models for name in _of_model(model)})


def _of_model(model: type[object]) -> Iterator[str]:
    mapper = look_into(model, raiseerr=True)
    name = in_words(model.__name__)
    yield from (name, f"{name}s")
    for attribute in {*mapper.all_orm_descriptors.keys(), *mapper.attrs.keys()}:
        if not attribute.startswith("_"):
            plain = attribute.replace("_", " ")
            yield plain[:1].upper() + plain[1:]
    for column in mapper.columns:
        if isinstance(column.type, Enum):
            yield from (value.replace("_", " ").capitalize() for value in column.type.enums)


def in_words(name: str) -> str:
    """Return the name of a class in words: `BlogPost` is `Blog Post`."""
    return re.sub("(?<=.)([A-Z])", r" \1", name)  # as SQLAdmin does
