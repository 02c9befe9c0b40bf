"""Find the names that the back office makes of code: those of models, columns, choices and actions, in words."""

import inspect
from collections.abc import Iterable, Iterator

from sqlalchemy import Enum
from sqlalchemy import inspect as look_into

from dovetail import errors
from dovetail.plugin import Plugin
from dovetail.translation.words import choice_in_words, class_in_words, column_in_words, in_words


def names_of(plugins: Iterable[Plugin]) -> list[str]:
    """Return the names of what the back office shows of plugins: of views, columns, relations and choices, in words."""
    return sorted({name for plugin in plugins for name in _of_plugin(plugin)})


def error_messages() -> list[str]:
    """Return what errors say for which nobody wrote a message: the first line of their docstrings."""
    known = [cls for _, cls in inspect.getmembers(errors, inspect.isclass) if issubclass(cls, errors.DovetailError)]
    return sorted({str(cls.__doc__).partition("\n")[0] for cls in known})


def _of_plugin(plugin: Plugin) -> Iterator[str]:
    if plugin.admin_views:
        yield in_words(plugin.name)
    for model in plugin.models:
        name = class_in_words(model.__name__)
        yield from (name, f"{name}s")
    for view in plugin.admin_views:
        yield from _of_view(view)
    for permission in plugin.extensions.get("auth.permissions", ()):
        if isinstance(permission, tuple) and len(permission) == len(("codename", "title")):
            yield str(permission[1])
            yield from _action_of(str(permission[0]), plugin)


def _action_of(codename: str, plugin: Plugin) -> Iterator[str]:
    """Yield what one may do by a permission for a model: "moderate" of `moderate_comment`."""
    for model in plugin.models:
        action = codename.removesuffix(f"_{model.__name__.lower()}")
        if action != codename:
            yield action


def _of_view(view: type[object]) -> Iterator[str]:
    for option in ("name", "name_plural", "category"):
        if name := getattr(view, option, ""):
            yield str(name)
    model: type[object] | None = getattr(view, "model", None)
    mapper = None if model is None else look_into(model)
    if mapper is None:
        return
    own = {name for cls in mapper.class_.__mro__ for name in vars(cls).get("__annotations__", ())}
    for attribute in {*mapper.all_orm_descriptors.keys(), *mapper.attrs.keys()}:
        # The way back of another plugin's relation is there only once that one was loaded.
        if not attribute.startswith("_") and (attribute in own or attribute not in mapper.relationships):
            yield column_in_words(attribute)
    for column in mapper.columns:
        if isinstance(column.type, Enum):
            members = column.type.enum_class
            yield from map(in_words, column.type.enums) if members is None else map(choice_in_words, members)
