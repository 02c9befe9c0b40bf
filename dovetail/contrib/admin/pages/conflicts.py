"""Tell of a form that somebody else changed its object meanwhile: who, when, and what is stored now."""

from starlette.requests import Request
from wtforms import Field, Form, StringField

from dovetail.contrib.admin.columns.identifiers import identifier_of
from dovetail.contrib.admin.forms.relation_fields import key_of
from dovetail.contrib.admin.inlines.shown_fields import ShownField, shown_field
from dovetail.contrib.admin.office import Office
from dovetail.contrib.admin.pages.extras import LastChange, ShownObject
from dovetail.contrib.admin.permissions import user_of
from dovetail.contrib.admin.sqladmin_private import by_attribute
from dovetail.contrib.admin.views import ModelAdmin
from dovetail.translation import formats
from dovetail.translation.texts import gettext, gettext_lazy

STALE = gettext_lazy(
    "Somebody else changed this while you were editing, so nothing was saved yet. "
    "Open it in another tab to see their changes; saving again puts yours in their place."
)
STALE_BY = gettext_lazy(
    "%(name)s changed this at %(time)s, while you were editing, so nothing was saved yet. "
    "What is stored now stands below each field where it differs; saving again puts yours in its place."
)
STALE_BY_YOU = gettext_lazy(
    "You changed this elsewhere at %(time)s, while this page was open, so nothing was saved yet. "
    "What is stored now stands below each field where it differs; saving again puts yours in its place."
)
STALE_BY_SOMEBODY = gettext_lazy(
    "Somebody else changed this while you were editing, so nothing was saved yet. "
    "What is stored now stands below each field where it differs; saving again puts yours in its place."
)


async def tell_stale(office: Office, request: Request, view: ModelAdmin, obj: object | None) -> str:
    """Return the sentence, which names nobody to whoever may not look at the object."""
    if office.last_change is None or obj is None or not await view.check_can_view_details(request, obj):
        return str(STALE_BY_SOMEBODY)
    found = await office.last_change(request, ShownObject(view, identifier_of(obj), obj))
    if not isinstance(found, LastChange):
        return str(STALE_BY_SOMEBODY)
    said = STALE_BY_YOU if found.by_id == user_of(request).id else STALE_BY
    return gettext(said) % {"name": found.by, "time": formats.moment(found.at)}


async def mark_stored(request: Request, view: ModelAdmin, obj: object, form: Form, stored: Form) -> None:
    """Let each field of a form show what is stored now, if that is something else than what is in it."""
    named = {name: next(iter(by_attribute({name: None}, view.model))) for name in form.data}
    for field in form:
        is_file = getattr(field.widget, "input_type", "") == "file"  # what is stored stands beside it anyway
        if not is_file and field.name in stored and _data_of(field) != _data_of(stored[field.name]):
            shown = await shown_field(view, request, obj, named[field.name])
            is_text = isinstance(field, StringField)  # as it is typed: the page of an object may render it
            told = ShownField(shown.label, ((stored[field.name].data, None),)) if is_text else shown
            vars(field)["stored_now"] = told


def _data_of(field: Field) -> object:
    """Return what a field holds, alike whether it was read from a form or from an object."""
    told = key_of if hasattr(field, "loader") else str  # relations hold keys, or the objects themselves
    match field.data:
        case None | "" | False:
            return ""
        case list() | tuple() | set() as several:
            return sorted(map(told, several))
        case str() as text:
            return "\n".join(text.splitlines())
        case other:
            return told(other)
