"""Format the columns of recorded changes for the back office, in the language of the user."""

from collections.abc import Callable
from typing import TypeAlias

from markupsafe import Markup
from sqladmin.filters import StaticValuesFilter
from starlette.requests import Request

from dovetail.contrib.admin.columns.formats import EMPTY
from dovetail.contrib.admin.lists.filtering import ALL
from dovetail.contrib.admin.permissions import rights_of
from dovetail.contrib.admin.request_context import request_context
from dovetail.contrib.admin.rules.fields import fields_of
from dovetail.contrib.admin.sqladmin_private import AnySelect
from dovetail.contrib.admin.web.rendering import path_for
from dovetail.contrib.history.admin.displayed_values import Values, displayed_values
from dovetail.contrib.history.admin.names import ORIGINS, label_of
from dovetail.contrib.history.admin.titles import title_in, view_of
from dovetail.contrib.history.differences import text_of
from dovetail.contrib.history.models import RecordedChange
from dovetail.contrib.history.recording.log import history_log
from dovetail.contrib.history.recording.recorded import Recorded
from dovetail.translation.texts import gettext, gettext_lazy
from dovetail.translation.words import column_in_words

Formatter: TypeAlias = Callable[[RecordedChange, str], object]
KEYED = Markup('{} <small class="text-secondary">{}</small>')
DESCRIBED = Markup('<dt class="col-sm-4">{}</dt><dd class="col-sm-8 text-break">{}</dd>')


def recorded() -> Recorded:
    """Return the registry of recorded tables."""
    return history_log(request_context().session).recorded


def model_in_words(change: RecordedChange, _name: str = "model") -> str:
    """Return the display name of the changed model, or its label if the model no longer exists."""
    table = recorded().labelled(change.model)
    if table is None or table.model is None:
        return change.model
    return rights_of(request_context().request).name_of(table.model)


def model_with_code(change: RecordedChange, name: str) -> Markup:
    """Return the display name of the changed model, followed by the label that commands and the API use."""
    code = Markup('<small class="text-secondary">{}</small>').format(change.model)
    return Markup("{} {}").format(model_in_words(change, name), code)


def object_with_history(change: RecordedChange, _name: str) -> str:
    """Return the title and key of the changed object, as a link to its history page if it has one."""
    request = request_context().request
    title, view = title_in(request, change), view_of(request, change.model)
    shown = title or change.object_key
    if view is not None:
        address = path_for(request, "admin:object-history", change.object_key, identity=view.identity)
        shown = Markup('<a href="{}">{}</a>').format(address, shown)
    return KEYED.format(shown, change.object_key) if title else shown


def values_as_list(change: RecordedChange, name: str) -> Markup:
    """Return the values before or after a change as a definition list; a dash if there are none."""
    table, view = recorded().labelled(change.model), view_of(request_context().request, change.model)
    model = None if table is None else table.model
    values: Values = getattr(change, name)
    if model is not None:
        hidden = fields_of(request_context().request).is_hidden
        shown = displayed_values(model, change)[name == "after"]
        values = {one: shown[one] for one in values if not hidden(model, one)}
    rows = (
        DESCRIBED.format(gettext(column_in_words(one)) if view is None else label_of(view, one), text_of(value))
        for one, value in values.items()
    )
    return Markup('<dl class="row mb-0">{}</dl>').format(Markup("").join(rows)) if values else EMPTY


def actor_in_words(change: RecordedChange, _name: str) -> str:
    """Return the name of the user who made a change; a dash if a command or code made it."""
    return change.actor_name or EMPTY


def via_in_words(change: RecordedChange, _name: str) -> str:
    """Return the session, token or command through which a change was made."""
    return ORIGINS.translate(change.via)


class ModelFilter(StaticValuesFilter):
    """A filter by the model of the changed object; it offers all recorded models."""

    reads_text = True  # pass the parameter of the URL to the filter unparsed

    def __init__(self) -> None:
        super().__init__(RecordedChange.model, [], title=gettext_lazy("Model"))

    async def lookups(self, request: Request, _model: object, _run_query: object) -> list[tuple[str, str]]:
        """Return the (label, display name) pairs of the recorded models, sorted by name."""
        name_of, tables = rights_of(request).name_of, recorded().tables.values()
        named = {one.label: name_of(one.model) for one in tables if one.model is not None and not one.is_link}
        return [("__all", "All"), *sorted(named.items(), key=lambda pair: pair[1].casefold())]

    async def get_filtered_query(self, query: AnySelect, value: object, _model: object) -> AnySelect:
        """Keep the changes of one model, which may be a model that no longer exists."""
        return query if value is None or value in ALL else query.where(RecordedChange.model == value)
