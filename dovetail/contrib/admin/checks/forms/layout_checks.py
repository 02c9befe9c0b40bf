"""Find mistakes in the layout of forms: empty groups, repeated fields, widgets for fields without choices."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from sqlalchemy import Boolean, Enum

from dovetail.contrib.admin.change_list.view import ChangeListView
from dovetail.contrib.admin.columns.attributes import Kind, find, lacks, name_of
from dovetail.contrib.admin.columns.readers import is_text
from dovetail.contrib.admin.editing.conditions import text_of
from dovetail.contrib.admin.forms.layout import CLASSES, OPTIONS, names_in
from dovetail.contrib.admin.view_base import declared_form, declared_layout
from dovetail.contrib.admin.views import ModelAdmin

DIRECTIONS = ("horizontal", "vertical")


def find_fieldsets(view: type[ChangeListView]) -> Iterator[str]:
    """Find invalid entries of `fieldsets`, and views that set both `fields` and `fieldsets`."""
    if not isinstance(view.fieldsets, Sequence) or isinstance(view.fieldsets, str):
        yield f"fieldsets is {view.fieldsets!r}, expected a tuple of (title, {{'fields': (...)}})"
        return
    if view.fieldsets and view.fields:
        yield "fields and fieldsets both name what the form edits; drop fields"
    for one in view.fieldsets:
        if not isinstance(one, tuple | list) or len(one) != 2 or not isinstance(one[1], Mapping):  # noqa: PLR2004 - a pair
            yield f"fieldsets holds {one!r}, expected (title, {{'fields': (...)}})"
            continue
        title, options = one
        unknown = [*(set(options) - OPTIONS), *(set(_several(options.get("classes", ()))) - CLASSES)]
        if unknown:
            yield f"fieldsets[{title!r}] has {unknown[0]!r}, expected {', '.join(sorted(OPTIONS | CLASSES))}"
        classes = _several(options.get("classes", ()))
        if "tab" in classes and (not title or "collapse" in classes):
            yield f"fieldsets[{title!r}] is a tab, which needs a title and is not collapsed"
        if not _several(options.get("fields", ())) or isinstance(options.get("fields"), str):
            yield f"fieldsets[{title!r}] names no fields; write 'fields': ('...',)"


def find_layouts(view: type[ChangeListView]) -> Iterator[str]:
    """Find fields that a form shows twice, unknown names in `exclude`, and read-only fields that are not shown."""
    shown = names_in(declared_layout(view))
    yield from (f"the form has {name!r} twice; name it once" for name, count in Counter(shown).items() if count > 1)
    for name in map(name_of, view.exclude or ()):
        if find(view.model, name) is None:
            yield f"exclude names {name!r}, {lacks(view.model, name)}"
    for name in map(name_of, view.readonly_fields):
        if shown and name not in shown and view.get_fieldsets is ModelAdmin.get_fieldsets:
            yield f"readonly_fields names {name!r}, which the form does not show; add it to fields"
    yield from _find_prepopulated(view)
    for name, direction in view.radio_fields.items():
        found = find(view.model, name)
        has_choices = found is not None and found.kind is Kind.COLUMN and isinstance(found.column.type, Enum | Boolean)
        if not has_choices or name not in declared_form(view):
            yield f"radio_fields names {name!r}, which is no choice of the form"
        elif direction not in DIRECTIONS:
            yield f"radio_fields shows {name!r} {direction!r}, expected 'horizontal' or 'vertical'"


def find_conditions(view: type[ModelAdmin]) -> Iterator[str]:
    """Find invalid entries of `conditional_fields`."""
    if not isinstance(view.conditional_fields, Mapping):
        yield f"conditional_fields is {view.conditional_fields!r}, expected a dict"
        return
    edited = declared_form(view)
    for name, condition in view.conditional_fields.items():
        is_pair = isinstance(condition, tuple) and len(condition) == 2  # noqa: PLR2004 - a name and values
        if not is_pair or isinstance(condition[1], str) or not isinstance(condition[1], Sequence):
            yield f"conditional_fields shows {name!r} where {condition!r}, expected (field, (value, ...))"
            continue
        missing = [one for one in (name, condition[0]) if one not in edited]
        yield from (f"conditional_fields names {one!r}, which the form does not edit" for one in missing)
        if name == condition[0]:
            yield f"conditional_fields shows {name!r} by what it holds itself; name another field"
        yield from _find_impossible(view, name, *condition)


def _find_impossible(view: type[ModelAdmin], name: str, other: str, values: Sequence[object]) -> Iterator[str]:
    found = find(view.model, other)
    kind = found.column.type if found is not None and found.kind is Kind.COLUMN else None
    if isinstance(kind, Enum):
        possible = [*map(text_of, kind.enum_class or kind.enums)]
    elif isinstance(kind, Boolean):
        possible = ["true", "false"]
    else:
        return
    for value in values:
        if text_of(value) not in {*possible, ""}:
            expected = f"expected one of {', '.join(possible)}"
            yield f"conditional_fields shows {name!r} where {other!r} is {value!r}, {expected}"


def _find_prepopulated(view: type[ChangeListView]) -> Iterator[str]:
    edited = declared_form(view)
    for name, sources in view.prepopulated_fields.items():
        found = find(view.model, name)
        if found is None or found.kind is not Kind.COLUMN or not is_text(found.column.type) or name not in edited:
            yield f"prepopulated_fields names {name!r}, which is no text of the form"
        elif isinstance(sources, str) or not sources:
            yield f"prepopulated_fields makes {name!r} of {sources!r}, expected a tuple of fields"
        else:
            missing = [one for one in sources if one not in edited]
            unfit = [one for one in sources if one == name or _is_relation(view, one)]
            yield from (
                f"prepopulated_fields makes {name!r} of {one!r}, expected other texts of the form" for one in unfit
            )
            yield from (
                f"prepopulated_fields makes {name!r} of {one!r}, which the form does not edit" for one in missing
            )


def _is_relation(view: type[ChangeListView], name: str) -> bool:
    found = find(view.model, name)
    return found is not None and found.kind is Kind.RELATION


def _several(value: object) -> Sequence[object]:
    return value if isinstance(value, list | tuple) else (value,)
