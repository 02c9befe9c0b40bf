"""Find options and methods without effect: those of SQLAdmin, and those that another option disables."""

from collections.abc import Iterator

from sqladmin import ModelView

from dovetail.contrib.admin.views import ModelAdmin

OPTIONS = {
    "use_pretty_export": "exports have labels already",
    "export_max_rows": "exports are read in batches and have no limit; narrow `rows`",
    "show_compact_lists": "related objects stand beside each other",
    "category_icon": "categories have no icons; give the views icons",
    "column_import_list": "an import writes what the form edits",
    "column_import_exclude_list": "an import writes what the form edits",
    "import_max_rows": "ADMIN_IMPORT_ROWS limits every import",
    "max_import_file_size": "MAX_BODY_SIZE limits every file",
    "max_reported_missed_rows": "an import tells the first hundred mistakes",
}
METHODS = {
    "get_list_columns": "get_list_display",
    "get_details_columns": "details_display",
    "get_export_columns": "export_display",
    "get_form_columns": "get_fields",
    "get_filters": "get_list_filter",
    "scaffold_form": "get_form",
    "list_query": "rows",
    "count_query": "rows",
    "details_query": "form_details_query",
    "edit_form_query": "form_edit_query",
    "get_object_for_delete": "rows",
    "get_model_objects": "rows",
    "insert_model": "create_object",
    "update_model": "change_object",
    "export_data": "export_display",
    "get_export_name": "identity, after which the file is called",
    "custom_export_cell": "export_display with a property of the model",
    "on_import_row": "on_model_change, which is asked of each row",
}


# An option, and the options that have to be on for it to have an effect.
TAKES = (
    ("save_as", ("can_create", "can_edit")),
    ("prepopulated_fields", ("can_create",)),
    ("export_display", ("can_export",)),
)
OF_FORMS = (
    "save_on_top",
    "fieldsets",
    "readonly_fields",
    "radio_fields",
    "conditional_fields",
    "field_args",
    "widget_args",
)
# An option, the option that it belongs to, and the hook that returns the value of the latter.
ABOUT = (
    ("search_help_text", "search_fields", "get_search_fields"),
    ("searches_texts", "search_fields", "get_search_fields"),
)


def find_ignored(view: type[ModelAdmin]) -> Iterator[str]:
    """Find options of SQLAdmin that have no effect, and overridden methods of it that are never called."""
    for option, hint in OPTIONS.items():
        if getattr(view, option) != getattr(ModelView, option):
            yield f"{option} is set, but {hint}; remove it"
    for method, instead in METHODS.items():
        if getattr(view, method) is not getattr(ModelAdmin, method):
            yield f"{method} is overridden, but nothing calls it; override {instead}"


def find_ineffective(view: type[ModelAdmin]) -> Iterator[str]:
    """Find options that have no effect, since another one is off or empty.

    An option that a base class sets for several views may have no effect in one of them.
    """
    for option, others in TAKES:
        off = next((one for one in others if not getattr(view, one)), None)
        if off is not None and getattr(view, option) != getattr(ModelAdmin, option) and _is_own(view, option, off):
            yield f"{option} is set, but {off} is False; remove one of them"
    if not (view.can_create or view.can_edit):
        for option in OF_FORMS:
            is_set = getattr(view, option) != getattr(ModelAdmin, option)
            if is_set and _is_own(view, option, "can_create", "can_edit"):
                yield f"{option} is set, but can_create and can_edit are False, so there is no form; remove it"
    if not (view.save_as or view.save_as_continue) and _is_own(view, "save_as_continue", "save_as"):
        yield "save_as_continue is set, but save_as is False; remove one of them"
    for option, other, hook in ABOUT:
        is_unused = not getattr(view, other) and getattr(view, hook) is getattr(ModelAdmin, hook)
        if is_unused and getattr(view, option) and _is_own(view, option, other):
            yield f"{option} is set, but {other} is empty; remove one of them"


def _is_own(view: type[ModelAdmin], option: str, *others: str) -> bool:
    """Return whether an option is set by this view, or by a base class of it that also sets one of `others`."""
    by = next(one for one in view.__mro__ if option in vars(one))
    return by is view or any(other in vars(by) for other in others)
