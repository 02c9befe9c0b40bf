"""Name objects, fields and origins as the pages of the back office do, in the language of the user."""

from collections.abc import Mapping

from sqlalchemy import inspect
from sqlalchemy.orm import MANYTOONE, Mapper
from starlette.requests import Request
from typing_extensions import override

from dovetail.contrib.admin.permissions import rights_of
from dovetail.contrib.admin.rules.fields import fields_of
from dovetail.contrib.admin.view_base import ViewBase
from dovetail.contrib.auth.events.words import CREDENTIALS
from dovetail.contrib.history.differences import REDACTED
from dovetail.contrib.history.recording.recorded import RecordedTable
from dovetail.contrib.history.undoing.names import Names
from dovetail.translation.shortening import shorten
from dovetail.translation.texts import gettext, gettext_lazy
from dovetail.translation.words import column_in_words
from dovetail.translation.written import Written

ORIGINS = Written(
    {},
    gettext_lazy("%(said)s, undoes change %(number)s"),
    gettext_lazy("undoes change %(number)s"),
    *CREDENTIALS,
)  # the origin of a change: `session 3, undoes change 12`


class OfficeNames(Names):
    """Names as the views of the request show them: `Post 12` for an object, the form's label for a field."""

    def __init__(self, request: Request) -> None:
        self._request = request

    @override
    def object(self, table: RecordedTable, key: str) -> str:
        """Return the display name of the model and the key."""
        return f"{'' if table.model is None else rights_of(self._request).name_of(table.model)} {key}"

    @override
    def field(self, table: RecordedTable, name: str) -> str:
        """Return the label of a field."""
        view = self._view(table)
        return gettext(column_in_words(name)) if view is None else label_of(view, name)

    def _view(self, table: RecordedTable) -> ViewBase | None:
        views = [] if table.model is None else rights_of(self._request).views_of(table.model)
        return next(iter(sorted(views, key=lambda view: not view.is_home)), None)


def title_of_deleted(request: Request, view: ViewBase, before: Mapping[str, object], key: str) -> str:
    """Return the first text of a deleted object that its list would show, or else its model name and key."""
    fields = fields_of(request)
    names = [*view.names_of(view.get_list_display(request)), *before]
    texts = (before[name] for name in names if name in before and not fields.is_hidden(view.model, name))
    found = next((one for one in texts if isinstance(one, str) and one and one != REDACTED), "")
    return shorten(found) or f"{view.name} {key}"


def label_of(view: ViewBase, name: str) -> str:
    """Return the label of a field; for a foreign key column, the label of its relation, as forms show it."""
    mapper: Mapper[object] = inspect(view.model)
    relations = (one for one in mapper.relationships if one.direction is MANYTOONE)
    column = mapper.columns.get(name)
    return view.label(next((one.key for one in relations if one.local_columns == {column}), name))
