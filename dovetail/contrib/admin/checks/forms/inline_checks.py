"""Find inlines that would fail, or omit something, when their form is opened."""

from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from inspect import isroutine

from sqlalchemy import Column, Integer, UniqueConstraint, inspect
from sqlalchemy.orm import MANYTOONE, Mapper
from wtforms import FileField

from dovetail.contrib.admin.checks.forms.form_checks import find_form_columns, made_form, try_form
from dovetail.contrib.admin.checks.forms.layout_checks import find_fieldsets, find_layouts
from dovetail.contrib.admin.checks.forms.relation_checks import find_autocompletes, find_unread_collections
from dovetail.contrib.admin.checks.option_checks import find_mappings, find_names, find_shapes
from dovetail.contrib.admin.forms.layout import layout_of
from dovetail.contrib.admin.inlines.formset import InlineFormSet
from dovetail.contrib.admin.inlines.inline import InlineModelAdmin, ParentView
from dovetail.contrib.admin.inlines.links import Link, names_of
from dovetail.contrib.admin.inlines.options import CLASSES, HOOKS, OPTIONS, GenericInlineBase
from dovetail.contrib.admin.view_base import declared_form
from dovetail.database.models import is_read_only
from dovetail.resources.declaration.required_fields import required_columns

OURS = OPTIONS | HOOKS | {"model", "pk_columns", "identity", "name", "name_plural"}  # the last are set by SQLAdmin
ASKED = ("get_fields", "get_fieldsets", "get_form", "get_formset")  # hooks that say what a row edits
COUNTS = ("extra", "min_num", "max_num", "max_shown")


def find_inlines(view: type[ParentView], *, is_nested: bool = False) -> Iterator[str]:
    """Yield the problems of the inlines of a view, each as a sentence that names the inline."""
    if isinstance(view.inlines, str) or not isinstance(view.inlines, Iterable):
        yield f"inlines is {view.inlines!r}, expected a tuple of classes derived from TabularInline or StackedInline"
        return
    names: set[str] = set()
    for inline in view.inlines:
        if not (isinstance(inline, type) and issubclass(inline, InlineModelAdmin)):
            yield f"inlines holds {inline!r}, expected a class derived from TabularInline or StackedInline"
        elif not hasattr(inline, "model"):
            yield f"inlines holds {inline.__name__} without a model; write class {inline.__name__}(..., model=...)"
        else:
            if inline.prefix() in names:
                yield f"inlines has two classes called {inline.__name__}; give one of them another name"
            names.add(inline.prefix())
            sets_more = not is_nested and view.save_formset is not ParentView.save_formset
            problems = _find(inline, view.model, is_nested=is_nested, sets_more=sets_more)
            yield from (f"{inline.__name__}: {problem}" for problem in problems)


def find_unlinked(views: Iterable[type[ParentView]]) -> Iterator[str]:
    """Find inlines with links to pages that their rows do not have."""
    known = list(views)
    models = {view.model for view in known if hasattr(view, "model")}
    for view in known:
        for inline in view.inlines:
            if inline.show_change_link and models.isdisjoint(inline.model.__mro__):
                yield (
                    f"{view.__name__}: {inline.__name__}: show_change_link is on, and {inline.model.__name__} has no "
                    "view; write one, or switch it off"
                )


def _find(inline: type[InlineModelAdmin], parent: type[object], *, is_nested: bool, sets_more: bool) -> list[str]:
    """Return the problems of the first of these steps that finds any: each relies on those before it."""
    steps = (
        (_find_unknown, _find_read_only),
        (find_shapes, find_fieldsets, _find_numbers),
        (find_unread_collections,),
        (_find_tabs,),
        (lambda one: _find_links(one, parent),),
        (find_names, find_mappings, find_autocompletes, find_layouts),
        (find_form_columns, lambda one: _find_fields(one, parent, sets_more=sets_more), _find_place),
        (try_form, _find_files),
        (lambda one: _find_nested(one, is_nested=is_nested),),
    )
    problems = ([problem for check in checks for problem in check(inline)] for checks in steps)
    return next(filter(None, problems), [])


def _find_unknown(inline: type[InlineModelAdmin]) -> Iterator[str]:
    known = OURS - (set() if issubclass(inline, GenericInlineBase) else {"ct_field", "ct_fk_field", "ct_value"})
    for cls in inline.__mro__:
        if cls in InlineModelAdmin.__mro__ or cls.__module__.startswith("dovetail.contrib.admin.inlines."):
            continue
        for name, value in vars(cls).items():
            is_option = not (isroutine(value) or isinstance(value, type | property) or hasattr(value, "__get__"))
            if name.startswith("_") or name in known or not (is_option or hasattr(InlineModelAdmin, name)):
                continue
            near = get_close_matches(name, known, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            yield f"{name} is no option of an inline{hint}"


def _find_read_only(inline: type[InlineModelAdmin]) -> Iterator[str]:
    if is_read_only(inspect(inline.model).local_table):
        yield f"nobody writes to the table of {inline.model.__name__}, which is read_only; list its rows in a view"


def _find_numbers(inline: type[InlineModelAdmin]) -> Iterator[str]:
    for option in COUNTS:
        value = getattr(inline, option)
        if not (value is None and option in {"min_num", "max_num"}) and (type(value) is not int or value < 0):
            yield f"{option} is {value!r}, expected a whole number from 0"
            return
    if inline.min_num is not None and inline.max_num is not None and inline.min_num > inline.max_num:
        yield f"min_num is {inline.min_num} and max_num {inline.max_num}, so no number of rows would do"
    if isinstance(inline.classes, str) or not set(inline.classes) <= CLASSES:
        yield f"classes is {inline.classes!r}, expected ('collapse',) or ()"
    if not (isinstance(inline.formset, type) and issubclass(inline.formset, InlineFormSet)):
        yield f"formset is {inline.formset!r}, expected a class derived from InlineFormSet"


def _find_tabs(inline: type[InlineModelAdmin]) -> Iterator[str]:
    for fieldset in layout_of(inline.fieldsets):
        if "tab" in fieldset.classes:
            yield f"fieldsets[{fieldset.title!r}] is a tab, which a form may have and no row of it; drop 'tab'"


def _find_links(inline: type[InlineModelAdmin], parent: type[object]) -> Iterator[str]:
    links, model = inline.find_links(parent), inline.model.__name__
    if len(links) == 1:
        return
    if issubclass(inline, GenericInlineBase):
        yield (
            f"{model} has no columns {inline.ct_field!r} and {inline.ct_fk_field!r} that hold the kind and the key of "
            f"a {parent.__name__}; name them by ct_field and ct_fk_field"
        )
    elif links:
        names = ", ".join(repr(name) for link in links for name in names_of(link, inline.model))
        yield f"{model} refers to {parent.__name__} by several foreign keys; say which by fk_name: {names}"
    elif inline.fk_name is not None:
        yield f"fk_name is {inline.fk_name!r}, which is no foreign key of {model} to {parent.__name__}"
    else:
        yield f"{model} has no foreign key to {parent.__name__}"


def _find_fields(inline: type[InlineModelAdmin], parent: type[object], *, sets_more: bool) -> Iterator[str]:
    link = inline.find_links(parent)[0]
    mapper: Mapper[object] = inspect(inline.model)
    if any(getattr(inline, hook) is not getattr(InlineModelAdmin, hook) for hook in ASKED) or inline.form is not None:
        return
    if not (inline.fields or inline.fieldsets or inline.exclude is not None):
        yield "fields is empty; name the columns of a row to edit, or what to exclude"
        return
    edited = declared_form(inline)
    for name in edited:
        relation = mapper.relationships.get(name)
        shared = link.all_columns & set(relation.local_columns) if relation is not None else set()
        if relation is not None and relation.direction is MANYTOONE and shared:
            is_parent = shared == set(relation.local_columns)
            columns = ", ".join(sorted(repr(column.name) for column in shared))
            what = "is the object of the form itself" if is_parent else f"shares {columns} with the object of the form"
            yield f"fields names {name!r}, which {what}; remove it"
        elif relation is not None and relation.direction is not MANYTOONE and relation.secondary is None:
            yield f"fields names {name!r}, a relation to rows of their own; write an inline of it: inlines = (...)"
    if not sets_more:
        yield from _find_missing(inline, mapper, link, edited)


def _find_missing(
    inline: type[InlineModelAdmin], mapper: Mapper[object], link: Link, edited: list[str]
) -> Iterator[str]:
    held = set(link.all_columns)
    for name in edited:
        if name in mapper.relationships:
            held |= {column for column in mapper.relationships[name].local_columns if isinstance(column, Column)}
    if inline.max_num == 0:
        return  # nothing is added
    for key, column in required_columns(mapper).items():
        if column not in held and key not in edited:
            yield (
                f"a new row needs {key!r}, which the form does not have; add it to fields, give the column a "
                "default, or allow no new rows: max_num = 0"
            )


def _find_place(inline: type[InlineModelAdmin]) -> Iterator[str]:
    name = inline.ordering_field
    if name is None:
        return
    mapper: Mapper[object] = inspect(inline.model)
    column = mapper.column_attrs[name].columns[0] if name in mapper.column_attrs else None
    if not isinstance(column, Column) or not isinstance(column.type, Integer) or column.foreign_keys:
        yield f"ordering_field is {name!r}, which is no column of whole numbers of {inline.model.__name__}"
    elif column.unique or column.primary_key or _is_in_unique(column):
        yield f"ordering_field is {name!r}, which is unique, so that two rows could not change places"
    elif inline.ordering:
        yield "ordering and ordering_field both say in which order rows stand; drop ordering"


def _is_in_unique(column: Column[object]) -> bool:
    unique = [one for one in column.table.constraints if isinstance(one, UniqueConstraint)]
    indexes = [one for one in getattr(column.table, "indexes", ()) if one.unique]
    return any(column in set(one.columns) for one in (*unique, *indexes))


def _find_files(inline: type[InlineModelAdmin]) -> Iterator[str]:
    made = made_form(inline)
    for field in made or ():
        if isinstance(field, FileField):
            yield f"its form takes a file for {field.name!r}, which no row of an inline can; edit it on its own page"


def _find_nested(inline: type[InlineModelAdmin], *, is_nested: bool) -> Iterator[str]:
    if inline.inlines and is_nested:
        yield "inlines within inlines go one level deep; remove them"
    else:
        yield from find_inlines(inline, is_nested=True)
