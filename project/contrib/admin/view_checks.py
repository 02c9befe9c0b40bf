"""What is refused at the start: views that would show or change more than their author wrote down."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from sqladmin import BaseView
from sqlalchemy import inspect
from sqlalchemy.orm import Mapper

from project.contrib.admin.attributes import Kind, find
from project.contrib.admin.views import ModelAdmin

SECRET = re.compile(r"passw|secret|^hashed_|_hash$")
LISTS = (
    "column_list",
    "column_details_list",
    "column_export_list",
    "form_columns",
    "column_searchable_list",
    "column_sortable_list",
)
EXCLUDING = (
    "column_exclude_list",
    "column_details_exclude_list",
    "column_export_exclude_list",
    "form_excluded_columns",
)


def find_problems(view: type[BaseView]) -> list[str]:
    """Everything that is wrong with a view, each in one sentence that says what to write instead."""
    if not view.is_model:
        return []
    if not issubclass(view, ModelAdmin):
        return [f"{view.__name__} is a plain ModelView; derive it from project.contrib.admin.views.ModelAdmin"]
    if not hasattr(view, "model"):
        return [f"{view.__name__} has no model; write class {view.__name__}(ModelAdmin, model=...)"]
    problems = [*_refuse_open_lists(view), *_refuse_bad_names(view)]
    return [f"{view.__name__}: {problem}" for problem in problems or _refuse_open_doors(view)]


def _refuse_open_lists(view: type[ModelAdmin]) -> Iterator[str]:
    for option in EXCLUDING:
        if getattr(view, option):
            yield f"{option} shows columns that are added later; list what to show instead"
    for option in LISTS:
        if getattr(view, option) == "__all__":
            yield f'{option} is "__all__"; name the columns'
    if not view.column_list:
        yield "column_list is empty; name the columns to list"
    if (view.can_create or view.can_edit) and not view.form_columns:
        yield "form_columns is empty; name the columns to edit, or switch can_create and can_edit off"


def _refuse_bad_names(view: type[ModelAdmin]) -> Iterator[str]:
    for option in LISTS:
        names = [_name(column) for column in _as_list(getattr(view, option))]
        for name in names:
            if not _exists(view, name):
                yield f"{option} names {name!r}, which {view.model.__name__} does not have"
            elif SECRET.search(name.rpartition(".")[2]):
                yield f"{option} names {name!r}, which is never shown or edited; take it out"


def _refuse_open_doors(view: type[ModelAdmin]) -> Iterator[str]:
    if view.can_import:
        yield "can_import is on, but an import would write columns that the form excludes; use a command instead"
    mapper: Mapper[Any] = inspect(view.model)
    relations = mapper.relationships
    for name in (_name(column) for column in _as_list(view.form_columns)):
        if name in relations and name not in view.form_ajax_refs:
            target = relations[name].mapper.class_.__name__
            yield (
                f"the form edits {name!r} without a lookup, which would load every {target}; "
                f'add form_ajax_refs = {{{name!r}: {{"fields": ("...",)}}}} with the columns to search'
            )
    for attribute in dir(view):
        method = getattr(view, attribute, None)
        if hasattr(method, "_action") and not hasattr(method, "_posts"):
            yield f"the action {attribute!r} changes data on GET; decorate it with project.contrib.admin.actions.action"


def _as_list(columns: Any) -> Sequence[Any]:
    return [] if isinstance(columns, str) else columns


def _name(column: Any) -> str:
    return column if isinstance(column, str) else str(column.key)


def _exists(view: type[ModelAdmin], name: str) -> bool:
    found = find(view.model, name)
    return found is not None and found.kind is not Kind.METHOD
