"""Former names of options, and the options that replace those of Django and SQLAdmin."""

import warnings
from collections.abc import Awaitable, Callable, Mapping
from inspect import isfunction, signature

RENAMED: Mapping[str, str] = {
    "column_list": "list_display",
    "column_details_list": "details_display",
    "column_export_list": "export_display",
    "column_filters": "list_filter",
    "column_searchable_list": "search_fields",
    "column_sortable_list": "sortable_by",
    "column_sort_paths": "sort_paths",
    "column_default_sort": "ordering",
    "column_labels": "labels",
    "column_formatters": "formatters",
    "column_formatters_detail": "details_formatters",
    "column_type_formatters": "type_formatters",
    "column_type_formatters_detail": "details_type_formatters",
    "page_size": "list_per_page",
    "page_size_options": "list_per_page_options",
    "form_columns": "fields",
    "form_args": "field_args",
    "form_widget_args": "widget_args",
    "form_overrides": "formfield_overrides",
    "form_ajax_refs": "autocomplete_fields",
    "list_template": "change_list_template",
    "create_template": "add_form_template",
    "edit_template": "change_form_template",
}
"""SQLAdmin's names, which were ours until this release, and those of now."""

INSTEAD: Mapping[str, str] = {
    # Those of SQLAdmin.
    "column_exclude_list": "list_display, which names what to show",
    "column_details_exclude_list": "details_display, which names what to show",
    "column_export_exclude_list": "export_display, which names what to export",
    "form_excluded_columns": "exclude",
    "form_rules": "fields, in the order in which the form shows them",
    "form_create_rules": "get_form, which is told whether it creates",
    "form_edit_rules": "get_form, which is told whether it creates",
    # Of Django.
    "get_queryset": "rows",
    "delete_queryset": "delete_objects",
    "list_select_related": "nothing: what a list shows is loaded with it",
    "get_list_select_related": "nothing: what a list shows is loaded with it",
    "preserve_filters": "nothing: filters are always preserved",
    "show_full_result_count": "count_limit, the number of rows up to which a list counts",
}
"""What to write in place of what is called otherwise here, or is not needed."""


def with_new_names(view: str, attributes: Mapping[str, object]) -> dict[str, object]:
    """Return the attributes of a view's class by their current names; warn of each deprecated name.

    Raise TypeError if an option is given by both names.
    """
    found = dict(attributes)
    for old, new in RENAMED.items():
        if old not in attributes:
            continue
        if new in attributes:
            raise TypeError(f"{view} has both {old} and {new}, which is what {old} is called now; drop {old}")
        warnings.warn(
            f"{view}: {old} is called {new} now, and the next release does not know the old name",
            DeprecationWarning,
            stacklevel=3,
        )
        found[new] = _VALUES.get(old, _same)(found.pop(old))
    if isinstance(key := getattr(found.get("date_hierarchy"), "key", None), str):
        found["date_hierarchy"] = key  # otherwise Python would read the value from the view
    given = found.get("get_form")
    if isfunction(given) and "obj" not in signature(given).parameters and "creating" in signature(given).parameters:
        warnings.warn(
            f"{view}: get_form takes the request and the object now, None of a new one; the next release does not say "
            "whether it is creating",
            DeprecationWarning,
            stacklevel=3,
        )
        found["get_form"] = _with_object(given)
    return found


def _with_object(old: Callable[..., Awaitable[object]]) -> Callable[..., Awaitable[object]]:
    async def get_form(view: object, request: object, obj: object | None = None) -> object:  # noqa: ARG001 - the signature of the new hook
        return await old(view, creating=obj is None)

    return get_form


def _same(value: object) -> object:
    return value


def _ordering(value: object) -> object:
    """Return `("created_at", True)`, or a list of such pairs and names, as Django writes it: `("-created_at",)`."""
    several = value if isinstance(value, list) else [value] if value else []
    pairs = [one if isinstance(one, tuple) else (one, False) for one in several]
    names = [(str(getattr(name, "key", name)), descending) for name, descending in pairs]
    return tuple(f"-{name}" if descending else name for name, descending in names)


_VALUES: Mapping[str, Callable[[object], object]] = {"column_default_sort": _ordering}
