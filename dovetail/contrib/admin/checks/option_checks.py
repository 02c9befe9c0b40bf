"""Find options of views that would be ignored, or would fail when they are used."""

from collections.abc import Iterator, Mapping, Sequence
from inspect import isroutine
from typing import Any

from sqlalchemy import Enum, inspect
from sqlalchemy.orm import Mapper

from dovetail.contrib.admin.change_list.view import ChangeListView
from dovetail.contrib.admin.columns.attributes import (
    HARMLESS,
    Attribute,
    Kind,
    find,
    has_order,
    holds_secret,
    lacks,
    name_of,
    term_of,
)
from dovetail.contrib.admin.columns.columns import column_for, is_asynchronous, takes
from dovetail.contrib.admin.columns.readers import reader_of
from dovetail.contrib.admin.exporting.writers import WRITERS
from dovetail.contrib.admin.forms.layout import flat
from dovetail.contrib.admin.lists.search import bare
from dovetail.contrib.admin.shown import sort_path_of, sortable_names
from dovetail.contrib.admin.view_base import declared_form

SHOWN = ("list_display", "details_display", "export_display", "readonly_fields")
LISTS = ("list_display", "details_display", "export_display", "fields", "search_fields")
NAMING = (*LISTS, "readonly_fields", "list_editable", "ordering")  # options that name attributes of the model
SEQUENCES = (
    *LISTS,
    "ordering",
    "readonly_fields",
    "list_filter",
    "list_editable",
    "markdown_fields",
    "non_link_related_fields",
    "list_per_page_options",
    "export_types",
    *("raw_id_fields", "filter_horizontal", "filter_vertical"),
)
MAPPINGS = (
    *(
        "prepopulated_fields",
        "radio_fields",
        "labels",
        "formatters",
        "details_formatters",
        "sort_paths",
        "type_formatters",
    ),
    *("details_type_formatters", "field_args", "widget_args", "formfield_overrides"),
)
KEYED_BY_COLUMN = ("labels", "formatters", "details_formatters")
LABELLED = ("labels", "formatters", "details_formatters")  # which a computed column may have, too
KEYED_BY_NAME = ("sort_paths", "field_args", "widget_args")
CALLED = ("formatters", "details_formatters", "type_formatters", "details_type_formatters")
IN_SQL = (Kind.COLUMN, Kind.EXPRESSION)


def find_shapes(view: type[ChangeListView]) -> Iterator[str]:
    """Find options of the wrong kind: a text where several names are expected, another model's column."""
    optional = [
        option for option in ("sortable_by", "list_display_links", "exclude") if getattr(view, option) is not None
    ]
    for option in (*SEQUENCES, *optional):
        value = getattr(view, option)
        if isinstance(value, str) and value != "__all__":
            yield f"{option} is the text {value!r}; write ({value!r},)"
        elif not isinstance(value, Sequence | str):
            yield f"{option} is {value!r}, expected a tuple"
        elif option in {*LISTS, "readonly_fields", "list_editable", "ordering", *optional} and not isinstance(
            value, str
        ):
            entries = flat(value) if option == "fields" else value
            yield from (f"{option} {problem}" for one in entries if (problem := _unknown_kind(view, one, option)))
    if isinstance(view.autocomplete_fields, str) or not isinstance(view.autocomplete_fields, Sequence | Mapping):
        given = view.autocomplete_fields
        yield f"autocomplete_fields is {given!r}, expected a tuple of relations"
    for option in MAPPINGS:
        if not isinstance(getattr(view, option), Mapping):
            yield f"{option} is {getattr(view, option)!r}, expected a dict"
    for option in ("name", "name_plural", "icon", "category", "identity", "search_help_text"):
        if not isinstance(getattr(view, option), str):
            yield f"{option} is {getattr(view, option)!r}, expected a text"
    yield from _find_numbers(view)


def find_names(view: type[ChangeListView]) -> Iterator[str]:
    """Find names that do not exist, or whose attributes the option cannot use."""
    for option in SHOWN:
        for one in getattr(view, option):
            yield from (f"{option} names {name_of(one)!r}, {problem}" for problem in _refuse_shown(view, one))
    for option in ("fields", "sortable_by", "search_fields"):
        given = declared_form(view) if option == "fields" else map(name_of, getattr(view, option) or ())
        for name in map(bare if option == "search_fields" else str, given):
            found = find(view.model, name)
            if found is None and not (option == "sortable_by" and column_for(view, view.model, name)):
                yield f"{option} names {name!r}, {lacks(view.model, name)}"
            elif found is not None and holds_secret(found):
                yield f"{option} names {name!r}, which is never shown or edited; {HARMLESS}"
            elif found is not None and option == "search_fields" and found.kind not in IN_SQL:
                yield f"{option} names {name!r}, {describe(found)}; name columns, such as 'title' or 'author.username'"
    displayed = set(map(name_of, view.list_display))
    for name in map(name_of, view.list_display_links or ()):
        if name not in displayed:
            yield f"list_display_links names {name!r}, which list_display does not show"
    mapper: Mapper[object] = inspect(view.model)
    for key in mapper.primary_key:
        if not isinstance(key.type, Enum) and reader_of(key.type) is None:
            yield f"the key {key.key!r} of {view.model.__name__} is of type {key.type!r}, which no address can hold"


def find_orders(view: type[ChangeListView]) -> Iterator[str]:
    """Find names in `ordering`, `sortable_by` and `sort_paths` by which a list cannot be ordered."""
    sortable = sortable_names(view, view.list_display, view.sortable_by)
    where = "list_display" if view.sortable_by is None else "sortable_by"
    for name in map(name_of, view.sort_paths):
        if name not in sortable:
            yield f"sort_paths sorts {name!r}, which {where} does not name"
    for name in sortable:
        yield from _unordered(view, "sortable_by", name)
    for one in view.ordering:
        yield from _unordered(view, "ordering", term_of(one)[0])


def find_mappings(view: type[ChangeListView]) -> Iterator[str]:
    """Find options for single columns that would be ignored."""
    for option in KEYED_BY_NAME:
        for name in getattr(view, option):
            if not isinstance(name, str):
                yield f"{option} is keyed by names; write {name_of(name)!r} in place of {name}"
    for option in (*KEYED_BY_COLUMN, *KEYED_BY_NAME):
        for name in map(name_of, getattr(view, option)):
            if find(view.model, name) is None and (option not in LABELLED or name not in _computed_names(view)):
                yield f"{option} names {name!r}, {lacks(view.model, name)}"
    for option in CALLED:
        for name, formatter in getattr(view, option).items():
            if not callable(formatter):
                yield f"{option} formats {name_of(name)!r} with {formatter!r}, expected a function"


def describe(found: Attribute) -> str:
    """Return what an attribute is, in words."""
    return {
        Kind.COLUMN: "a column",
        Kind.EXPRESSION: "an expression (give its SQL a type_, if it has none)",
        Kind.RELATION: "a relation",
        Kind.COMPOSITE: "a composite",
        Kind.PROXY: "an association proxy",
        Kind.VALUE: "a property that no statement knows",
        Kind.METHOD: "a method",
    }[found.kind]


def _refuse_shown(view: type[ChangeListView], one: object) -> Iterator[str]:
    found, column = find(view.model, name_of(one)), column_for(view, view.model, one)
    if column is None:
        method = found is not None and found.kind is Kind.METHOD
        yield ("a method of another object; write one of the view" if method else lacks(view.model, name_of(one)))
    elif column.compute is None and found is not None and holds_secret(found):
        yield f"which is never shown or edited; {HARMLESS}"
    elif is_asynchronous(column):
        yield "which would have to be awaited; write a plain function: what it reads of an object is loaded with it"
    elif not takes(column):
        yield "which takes more than an object; write a function of one"


def _computed_names(view: type[ChangeListView]) -> set[str]:
    return {name_of(one) for option in SHOWN for one in getattr(view, option)}


def _find_numbers(view: type[ChangeListView]) -> Iterator[str]:
    for option in ("list_per_page", "list_max_show_all", "count_limit"):
        if not _is_count(getattr(view, option)):
            yield f"{option} is {getattr(view, option)!r}, expected a whole number from 1"
    sizes = view.list_per_page_options
    if isinstance(sizes, Sequence) and not (sizes and all(map(_is_count, sizes))):
        yield f"list_per_page_options is {sizes!r}, expected whole numbers from 1"
    for kind in view.export_types if isinstance(view.export_types, Sequence) else ():
        if kind not in WRITERS:
            yield f"export_types offers {kind!r}, expected {' or '.join(map(repr, WRITERS))}"


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1


def _unknown_kind(view: type[ChangeListView], column: Any, option: str) -> str:
    if isinstance(column, str) or (
        option in {*SHOWN, "list_display_links", "sortable_by", "fields"} and isroutine(column)
    ):
        return ""
    if not isinstance(getattr(column, "key", None), str):
        return f"holds {column}, expected names or attributes of {view.model.__name__}"
    owner = getattr(column, "class_", None)
    if isinstance(owner, type) and not issubclass(view.model, owner):
        return f"holds {owner.__name__}.{column.key}, which is of another model; write a path such as 'author.username'"
    return ""


def _unordered(view: type[ChangeListView], option: str, name: str) -> Iterator[str]:
    path = sort_path_of(view, name)
    found = find(view.model, path)
    if found is None:
        if path != name or option == "ordering":
            yield f"{option} sorts by {path!r}, {lacks(view.model, path)}"
    elif found.kind is Kind.RELATION:
        yield f"{option} names {name!r}, a relation; say in sort_paths by which column, such as '{name}.name'"
    elif holds_secret(found):
        yield f"{option} sorts by {path!r}, which is never shown; {HARMLESS}"
    elif found.is_to_many:
        yield f"{option} sorts by {path!r}, of which a row has several; sort by a column of its own"
    elif not has_order(found):
        yield f"{option} sorts by {path!r}, {describe(found)}, which no database can order"
