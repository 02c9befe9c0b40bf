"""Find invalid options of lists."""

from collections.abc import Iterator

from sqlalchemy import inspect
from sqlalchemy.orm import Mapper

from dovetail.contrib.admin.change_list.facets import ShowFacets
from dovetail.contrib.admin.change_list.view import ChangeListView
from dovetail.contrib.admin.checks.forms.form_checks import find_unfit
from dovetail.contrib.admin.columns.attributes import find, name_of
from dovetail.contrib.admin.columns.unique import unique_columns
from dovetail.contrib.admin.view_base import declared_form

SWITCHES = ("actions_on_top", "actions_on_bottom", "actions_selection_counter")


def find_switches(view: type[ChangeListView]) -> Iterator[str]:
    """Find switches that are neither True nor False."""
    for option in SWITCHES:
        if not isinstance(getattr(view, option), bool):
            yield f"{option} is {getattr(view, option)!r}, expected True or False"


def find_facets(view: type[ChangeListView]) -> Iterator[str]:
    """Find a `show_facets` that is no member of ShowFacets."""
    if view.show_facets is not None and not isinstance(view.show_facets, ShowFacets):
        yield f"show_facets is {view.show_facets!r}, expected one of {', '.join(map(str, ShowFacets))}"


def find_editable(view: type[ChangeListView]) -> Iterator[str]:
    """Find names in `list_editable` that cannot be changed in the list."""
    if view.list_editable and not view.can_edit:
        yield "list_editable changes rows, but can_edit is False; remove one of them"
    displayed = list(map(name_of, view.list_display))
    links = displayed[:1] if view.list_display_links is None else map(name_of, view.list_display_links)
    linking, fixed = set(links), set(map(name_of, view.readonly_fields))
    relations = _several(view)
    for name in map(name_of, view.list_editable):
        if name not in displayed:
            yield f"list_editable names {name!r}, which list_display does not show"
        elif name in linking:
            yield f"list_editable names {name!r}, which leads to the object; name another in list_display_links"
        elif name in fixed:
            yield f"list_editable names {name!r}, which readonly_fields keeps from being written"
        elif find(view.model, name) is None or name in relations:
            yield f"list_editable names {name!r}, which is no column and no relation to one object"
        elif view.form is not None and not hasattr(view.form, name):
            yield f"list_editable names {name!r}, which the form of the view does not have"
        else:
            yield from find_unfit(view, "list_editable", name)


def find_bulk_editable(view: type[ChangeListView]) -> Iterator[str]:
    """Find names in `bulk_editable` that cannot be changed in many objects at once."""
    if view.bulk_editable and not view.can_edit:
        yield "bulk_editable changes rows, but can_edit is False; remove one of them"
    fixed, unique = set(map(name_of, view.readonly_fields)), {name for name, _ in unique_columns(view.model)}
    is_asked = any(getattr(view, hook) is not getattr(ChangeListView, hook) for hook in ("get_fields", "get_fieldsets"))
    for name in map(name_of, view.bulk_editable):
        if find(view.model, name) is None or name in _several(view):
            yield f"bulk_editable names {name!r}, which is no column and no relation to one object"
        elif name in fixed:
            yield f"bulk_editable names {name!r}, which readonly_fields keeps from being written"
        elif name in unique:
            yield f"bulk_editable names {name!r}, which is different in every row"
        elif name in view.conditional_fields:
            yield f"bulk_editable names {name!r}, which conditional_fields writes in some rows only"
        elif name not in declared_form(view) and not is_asked and view.form is None:
            yield f"bulk_editable names {name!r}, which the form does not edit"
        else:
            yield from find_unfit(view, "bulk_editable", name)


def _several(view: type[ChangeListView]) -> set[str]:
    mapper: Mapper[object] = inspect(view.model)
    return {relation.key for relation in mapper.relationships if relation.uselist}
