"""Name objects, fields and origins as the pages of the back office do, in the language of the user."""

import re
from secrets import token_hex

from sqlalchemy import inspect
from sqlalchemy.orm import MANYTOONE, Mapper
from starlette.requests import Request
from typing_extensions import override

from dovetail.contrib.admin.permissions import rights_of
from dovetail.contrib.admin.view_base import ViewBase
from dovetail.contrib.auth.events.words import CREDENTIALS
from dovetail.contrib.history.admin.titles import Titles, titles_at
from dovetail.contrib.history.recording.recorded import RecordedTable
from dovetail.contrib.history.undoing.names import Names
from dovetail.translation.stored_sentences import StoredSentences
from dovetail.translation.texts import gettext, gettext_lazy
from dovetail.translation.words import column_in_words

ORIGINS = StoredSentences(
    {},
    gettext_lazy("%(said)s, undoes change %(number)s"),
    gettext_lazy("undoes change %(number)s"),
    *CREDENTIALS,
)  # the origin of a change: `session 3, undoes change 12`


class AdminNames(Names):
    """Names as the views of the request show them: `Post “Tea”` for an object, the form's label for a field.

    Titles are looked up when a message is complete and nothing is written any more, so until then a message has
    placeholders in their place, which `filled` replaces.
    """

    def __init__(self, request: Request) -> None:
        self._request = request
        self._objects: list[tuple[RecordedTable, str]] = []
        self._mark = token_hex(16)  # occurs in no other part of a message, since nobody knows it

    async def filled(self, message: str) -> str:
        """Return a message with the names of its objects: the name of the model and the title, or else the key."""
        titles = await titles_at(self._request, {(table.label, key) for table, key in self._objects})
        return re.sub(rf"{self._mark}-(\d+)-", lambda found: self._called(int(found[1]), titles), message)

    @override
    def object(self, table: RecordedTable, key: str) -> str:
        """Return the placeholder for the name of an object."""
        self._objects.append((table, key))
        return f"{self._mark}-{len(self._objects) - 1}-"

    def _called(self, number: int, titles: Titles) -> str:
        table, key = self._objects[number]
        name = "" if table.model is None else rights_of(self._request).name_of(table.model)
        title = titles.get((table.label, key))
        return f"{name} {key}" if title is None else gettext("%(model)s “%(title)s”") % {"model": name, "title": title}

    @override
    def field(self, table: RecordedTable, name: str) -> str:
        """Return the label of a field."""
        view = self._view(table)
        return gettext(column_in_words(name)) if view is None else label_of(view, name)

    def _view(self, table: RecordedTable) -> ViewBase | None:
        views = [] if table.model is None else rights_of(self._request).views_of(table.model)
        return next(iter(sorted(views, key=lambda view: not view.is_home)), None)


def label_of(view: ViewBase, name: str) -> str:
    """Return the label of a field; for a foreign key column, the label of its relation, as forms show it."""
    mapper: Mapper[object] = inspect(view.model)
    relations = (one for one in mapper.relationships if one.direction is MANYTOONE)
    column = mapper.columns.get(name)
    return view.label(next((one.key for one in relations if one.local_columns == {column}), name))
