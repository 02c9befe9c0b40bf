"""Find forms that would omit a field, could not save it, or could not be created."""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from sqladmin import BaseView
from sqladmin.exceptions import NoConverterFound
from sqlalchemy import inspect
from sqlalchemy.orm import MANYTOONE, Mapper, RelationshipProperty
from sqlalchemy.types import TypeEngine
from wtforms import Field, Form

from dovetail.contrib.admin.change_list.view import ChangeListView
from dovetail.contrib.admin.checks.option_checks import describe
from dovetail.contrib.admin.columns.attributes import Attribute, Kind, find, name_of
from dovetail.contrib.admin.columns.readers import is_text
from dovetail.contrib.admin.forms.admin_form import AdminForm, as_admin_form
from dovetail.contrib.admin.forms.converter import Converter, override_for, try_field
from dovetail.contrib.admin.forms.markdown_field import with_markdown
from dovetail.contrib.admin.options.relations import chosen_relations
from dovetail.contrib.admin.sqladmin_private import FORM_NAMES
from dovetail.contrib.admin.view_base import declared_form
from dovetail.files.columns import FileField
from dovetail.files.media import columns_of

TAKEN = frozenset({"meta", "form_errors", "save", "csrf_token"})  # names of attributes of forms and requests


def find_form_columns(view: type[ChangeListView]) -> Iterator[str]:
    """Find names in `fields` that a form cannot edit."""
    for name in declared_form(view):
        yield from find_unfit(view, "fields", name)


def find_unfit(view: type[ChangeListView], option: str, name: str) -> Iterator[str]:
    """Yield the reason why a form cannot edit the attribute that an option names, if there is one."""
    mapper: Mapper[object] = inspect(view.model)
    found = find(view.model, name)
    if found is None:
        return
    if "." in name:
        yield f"{option} names {name!r}, which is of another object; edit it there"
    elif name in mapper.synonyms:
        yield f"{option} names {name!r}, a synonym; name {found.target!r} itself"
    elif found.kind is Kind.RELATION:
        yield from _refuse_relation(view, mapper, option, name)
    elif found.kind is not Kind.COLUMN:
        yield f"{option} names {name!r}, {describe(found)}, which a form cannot edit; remove it"
    elif name in TAKEN or name.startswith("_") or (hasattr(AdminForm, name) and name not in FORM_NAMES):
        yield f"{option} names {name!r}, which a form calls something else; give the attribute another name"
    elif option != "fields" and isinstance(found.column.type, FileField):
        yield f"{option} names {name!r}, a file, which the page of its object changes; remove it"
    elif problem := _refuse_column(view, mapper, found):
        yield f"{option} names {name!r}, {problem}"


def find_overrides(view: type[ChangeListView]) -> Iterator[str]:
    """Find invalid entries of `formfield_overrides`, and a `form_converter` that calls no hooks."""
    for one, said in view.formfield_overrides.items():
        is_type = isinstance(one, type) and issubclass(one, TypeEngine)
        if not is_type and find(view.model, name_of(one)) is None:
            yield f"formfield_overrides names {name_of(one)!r}, no type and nothing that {view.model.__name__} has"
        elif not isinstance(said, Mapping) and not (isinstance(said, type) and issubclass(said, Field)):
            yield f"formfield_overrides gives {name_of(one)!r} {said!r}, expected a class of fields or a dict"
    if not issubclass(view.form_converter, Converter):
        yield f"form_converter is {view.form_converter.__name__}, which calls no hooks; derive it from Converter"


def find_markdown(view: type[ChangeListView]) -> Iterator[str]:
    """Find names in `markdown_fields` that are no text columns, or that have a form field of their own."""
    for name in map(name_of, view.markdown_fields):
        found = find(view.model, name)
        said = view.formfield_overrides.get(name, {})
        if found is None or found.kind is not Kind.COLUMN or not is_text(found.column.type):
            yield f"markdown_fields names {name!r}, which is no text of {view.model.__name__}"
        elif not isinstance(said, Mapping) or {"form_class", "widget"} & set(said):
            yield f"markdown_fields and formfield_overrides both say how {name!r} is edited; remove one of them"


def find_unstored(view: type[BaseView]) -> Iterator[str]:
    """Find the file columns of a view, for a site that stores no files."""
    for one in columns_of(view.model) if issubclass(view, ChangeListView) else ():
        yield f"{view.__name__}: {one.name!r} holds files; add 'dovetail.contrib.media' to the plugins"


def try_form(view: type[ChangeListView]) -> Iterator[str]:
    """Make the form once, as the first request would."""
    try:
        made_form(view)
    except Exception as error:  # noqa: BLE001 - options of an author may raise anything
        yield f"its form cannot be made: {type(error).__name__}: {error}"


def made_form(view: type[ChangeListView]) -> Form | None:
    """Return the form that the options of a view declare; None for one of the author's own that waits for something."""
    make: Any = type(view)
    converter = partial(view.form_converter, None, with_markdown(view.markdown_fields, view.formfield_overrides))
    coroutine = make(view.__name__, (view,), {"session_maker": None})().make_form(declared_form(view), converter)
    try:
        coroutine.send(None)
    except StopIteration as done:
        return as_admin_form(done.value)()
    coroutine.close()
    return None


def _refuse_relation(view: type[ChangeListView], mapper: Mapper[object], option: str, name: str) -> Iterator[str]:
    relation = mapper.relationships[name]
    target = relation.mapper.class_.__name__
    if relation.viewonly:
        yield f"{option} names {name!r}, a relation that is viewonly and would not be saved; remove it"
    elif name not in chosen_relations(view):
        yield (
            f"the form edits {name!r} without an autocomplete, which would load every {target}; "
            f"add autocomplete_fields = ({name!r},)"
        )


def _refuse_column(view: type[ChangeListView], mapper: Mapper[object], found: Attribute) -> str:
    column = found.column
    relation = next((one.key for one in mapper.relationships if _is_held_by(one, column)), None)
    if relation is not None:
        return f"a foreign key; name the relation {relation!r}, so that only what the user may see is chosen"
    if (column.primary_key or column.foreign_keys) and not view.form_include_pk:
        return "a key, which a form leaves out unless form_include_pk is set"
    if column.computed is not None or column.system or (column.identity is not None and column.identity.always):
        return "which the database computes; remove it"
    if "form_class" not in override_for(view.formfield_overrides, mapper.column_attrs[found.name]):
        try:
            try_field(mapper.column_attrs[found.name])
        except NoConverterFound as error:
            return f"which has no field ({error}); remove it, or give formfield_overrides = {{{found.name!r}: ...}}"
    return ""


def _is_held_by(relation: RelationshipProperty[object], column: object) -> bool:
    return relation.direction is MANYTOONE and not relation.viewonly and column in relation.local_columns
