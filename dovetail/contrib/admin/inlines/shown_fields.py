"""Fields of a form that are shown but not edited: read-only ones, and values that other users stored meanwhile."""

from dataclasses import dataclass, replace

from sqladmin.fields import AjaxSelectField, AjaxSelectMultipleField
from starlette.requests import Request
from wtforms import Field, Form, SelectFieldBase, SelectMultipleField, StringField

from dovetail.contrib.admin.change_list.view import ChangeListView
from dovetail.contrib.admin.columns.formats import EMPTY
from dovetail.contrib.admin.forms.fields import titled
from dovetail.contrib.admin.forms.relation_fields import KeptChoicesField, key_of
from dovetail.contrib.admin.sqladmin_private import by_attribute


@dataclass(frozen=True)
class ReadonlyField:
    """A read-only field: the parts of its text, several for a relation to many, each with the URL of its page."""

    label: str
    parts: tuple[tuple[object, str | None], ...]
    held: object = None  # the value that a script can copy into the field; None if it cannot


async def shown_field(view: ChangeListView, request: Request, obj: object | None, name: str) -> ReadonlyField:
    """Return a read-only field of the form of an object, or of a new one (None)."""
    if obj is None:
        return ReadonlyField(view.label(name), ((EMPTY, None),))
    value, formatted = await view.get_detail_value(obj, name, request)
    related = value if isinstance(value, list | set | tuple) else [value]
    if name not in view.linked_names or value is None:
        return ReadonlyField(view.label(name), ((formatted, None),))
    parts = tuple((view.short_title_of(one), view.link_to(request, one)) for one in related)
    return ReadonlyField(view.label(name), parts or ((EMPTY, None),))


async def mark_stored(request: Request, view: ChangeListView, obj: object, form: Form, stored: Form) -> None:
    """Attach the stored value to each field of a form whose value differs from it."""
    named = {name: next(iter(by_attribute({name: None}, view.model))) for name in form.data}
    for field in form:
        name, kind = field.short_name, getattr(field.widget, "input_type", "")
        if kind in {"file", "hidden", "password"} or name not in stored or _data_of(field) == _data_of(stored[name]):
            continue  # the widget of a file shows the stored one anyway
        shown = await shown_field(view, request, obj, named[name])
        if isinstance(field, StringField):  # as it would be typed: the page of an object may render it otherwise
            shown = ReadonlyField(shown.label, ((stored[name].data or EMPTY, None),))
        vars(field)["stored_now"] = replace(shown, held=await _held_by(stored[name]))


async def _held_by(field: Field) -> object:
    """Return the value of a field in the form that its script reads; None if it cannot be set."""
    if isinstance(field, KeptChoicesField):
        return None
    if isinstance(field, AjaxSelectField | AjaxSelectMultipleField):
        several = field.data if isinstance(field.data, list | tuple | set) else [field.data]
        return [one for one in [await titled(field, one) for one in several if one] if one]
    if isinstance(field, SelectFieldBase):
        chosen = [str(choice[0]) for choice in field.iter_choices() if choice[2]]
        return chosen if isinstance(field, SelectMultipleField) else next(iter(chosen), "")
    text = getattr(field, "_value", None)  # WTForms itself reads it there
    return text() if callable(text) and not isinstance(field.data, bool) else bool(field.data)


def _data_of(field: Field) -> object:
    """Return the value of a field in one form, whether it was read from a form or from an object."""
    told = key_of if hasattr(field, "loader") else str  # relations hold keys or objects
    match field.data:
        case None | "" | False:
            return ""
        case list() | tuple() | set() as several:
            return sorted(map(told, several))
        case str() as text:
            return "\n".join(text.splitlines())
        case other:
            return told(other)
