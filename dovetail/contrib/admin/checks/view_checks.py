"""Run all checks of a view, so that it cannot show or change more than its author declared."""

from collections.abc import Collection, Iterable, Iterator
from difflib import get_close_matches
from weakref import WeakSet

from sqladmin import BaseView
from sqlalchemy import inspect

from dovetail.contrib.admin.checks.action_checks import find_unfit_actions
from dovetail.contrib.admin.checks.filter_checks import find_date_hierarchy, find_filters, find_slow_searches
from dovetail.contrib.admin.checks.forms.form_checks import find_form_columns, find_markdown, find_overrides, try_form
from dovetail.contrib.admin.checks.forms.inline_checks import find_inlines
from dovetail.contrib.admin.checks.forms.layout_checks import find_conditions, find_fieldsets, find_layouts
from dovetail.contrib.admin.checks.forms.relation_checks import find_autocompletes, find_unread_collections
from dovetail.contrib.admin.checks.ignored import find_ignored, find_ineffective
from dovetail.contrib.admin.checks.list_checks import (
    find_bulk_editable,
    find_editable,
    find_facets,
    find_switches,
)
from dovetail.contrib.admin.checks.name_checks import find_unknown_names
from dovetail.contrib.admin.checks.option_checks import LISTS, find_mappings, find_names, find_orders, find_shapes
from dovetail.contrib.admin.checks.site_checks import written_class
from dovetail.contrib.admin.options.options import WRITES
from dovetail.contrib.admin.sqladmin_private import is_action, marked_methods
from dovetail.contrib.admin.view_base import taken_permissions
from dovetail.contrib.admin.views import ModelAdmin
from dovetail.database.models import is_read_only

_FAULTLESS: WeakSet[type[BaseView]] = WeakSet()


def find_problems(view: type[BaseView]) -> list[str]:
    """Return everything that is wrong with a view, each in one sentence that says what to write instead.

    A class without problems is not checked again, except for the actions that a site may have added to it, since all
    sites of a process share its options.
    """
    written = written_class(view)
    if written in _FAULTLESS:
        return _with_name(view, _refuse_unsafe_writes(view)) if issubclass(view, ModelAdmin) else []
    problems = _problems_of(view)
    if not problems:
        _FAULTLESS.add(written)
    return problems


def find_unknown_permissions(view: type[BaseView], known: Collection[str]) -> Iterator[str]:
    """Yield a sentence for each permission that a page or an action takes and that no plugin has."""
    names = [name for one in taken_permissions(view) for name in one.of(view)] if issubclass(view, ModelAdmin) else []
    for name in [*names, *filter(None, [getattr(view, "permission_required", None)])]:
        if name not in known:
            near = get_close_matches(name, known, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else ', declare it in extensions={"auth.permissions": [...]}'
            yield f"{view.__name__} takes the permission {name!r}, which no plugin has{hint}"


def _problems_of(view: type[BaseView]) -> list[str]:
    if not view.is_model:
        return []
    if not issubclass(view, ModelAdmin):
        return [f"{view.__name__} is a plain ModelView; derive it from dovetail.contrib.admin.views.ModelAdmin"]
    if not hasattr(view, "model"):
        return [f"{view.__name__} has no model; write class {view.__name__}(ModelAdmin, model=...)"]
    return _with_name(view, _find(view))


def _with_name(view: type[BaseView], problems: Iterable[str]) -> list[str]:
    return [f"{view.__name__}: {problem}" for problem in problems]


def _find(view: type[ModelAdmin]) -> list[str]:
    """Return the problems of the first of these steps that finds any: each relies on those before it."""
    steps = (
        (find_unknown_names,),
        (_refuse_open_lists, find_shapes, find_switches, find_facets, find_fieldsets, find_ignored, find_ineffective),
        (find_unread_collections,),
        (find_names, find_orders, find_mappings, find_autocompletes, find_layouts, find_overrides, find_conditions),
        (
            find_filters,
            find_date_hierarchy,
            find_form_columns,
            find_editable,
            find_bulk_editable,
            find_slow_searches,
            _refuse_unsafe_writes,
        ),
        (find_markdown,),
        (find_inlines,),
        (_try_form,),
    )
    problems = ([problem for check in checks for problem in check(view)] for checks in steps)
    return next(filter(None, problems), [])


def _refuse_open_lists(view: type[ModelAdmin]) -> Iterator[str]:
    for option in LISTS:
        if getattr(view, option) == "__all__":
            yield f'{option} is "__all__"; name the columns'
    if not view.list_display:
        yield "list_display is empty; name the columns to list"
    if (view.can_create or view.can_edit) and not _says_what_to_edit(view):
        yield "fields is empty; name the columns to edit, or what to exclude, or switch can_create and can_edit off"


def _says_what_to_edit(view: type[ModelAdmin]) -> bool:
    hooks = ("get_fields", "get_fieldsets", "get_form")
    is_asked = any(getattr(view, hook) is not getattr(ModelAdmin, hook) for hook in hooks)
    return bool(view.fields or view.fieldsets or view.exclude is not None or view.form is not None or is_asked)


def _refuse_unsafe_writes(view: type[ModelAdmin]) -> Iterator[str]:
    if is_read_only(inspect(view.model).local_table) and (
        on := [option for option in sorted(WRITES) if getattr(view, option)]
    ):
        yield f"{on[0]} is on, and the table of {view.model.__name__} is read_only; leave it out"
    if view.can_import and not (view.can_create or view.can_edit):
        yield "can_import is on, but can_create and can_edit are off, so it could write nothing; switch it off"
    yield from find_unfit_actions(view)
    for attribute, method in marked_methods(view):
        if is_action(method) and not hasattr(method, "makes_task"):
            yield (
                f"the action {attribute!r} changes data on GET; decorate it with dovetail.contrib.admin.views.action"
            )


def _try_form(view: type[ModelAdmin]) -> Iterator[str]:
    return try_form(view) if view.can_create or view.can_edit else iter(())
