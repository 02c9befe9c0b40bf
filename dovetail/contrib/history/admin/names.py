"""Name objects, fields and origins as the pages of the back office do, in the language of the user."""

from collections.abc import Collection, Sequence

from sqlalchemy import ColumnElement, inspect
from sqlalchemy.orm import MANYTOONE, Mapper
from starlette.requests import Request
from typing_extensions import override

from dovetail.contrib.admin.permissions import rights_of, user_of
from dovetail.contrib.admin.rules.fields import fields_of
from dovetail.contrib.admin.view_base import ViewBase
from dovetail.contrib.auth.events.words import CREDENTIALS
from dovetail.contrib.history.admin.titles import titles_at
from dovetail.contrib.history.recording.recorded import RecordedTable
from dovetail.contrib.history.undoing.names import Names, Place
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
    """Names as the views of the request show them: `Post “Tea”` for an object, the form's label for a field."""

    def __init__(self, request: Request) -> None:
        super().__init__(user_of(request))
        self._request = request

    @override
    async def called(self, used: Sequence[tuple[RecordedTable, str]], seen: Collection[Place]) -> dict[Place, str]:
        """Return the model and the title of objects; for those without a title, their key if the user may view them."""
        found = await super().called(used, seen)
        titles = await titles_at(self._request, {(table.label, key) for table, key in used})
        for table, key in used:
            if title := titles.get((table.label, key)):
                named = {"model": self.kind(table), "title": title}
                found[table.label, key] = gettext("%(model)s “%(title)s”") % named
        return found

    @override
    def kind(self, table: RecordedTable) -> str:
        """Return the name of a model."""
        return "" if table.model is None else rights_of(self._request).name_of(table.model)

    @override
    def visible(self, model: type[object]) -> ColumnElement[bool]:
        """Return the condition on the objects that the user may view."""
        return rights_of(self._request).visible(model)

    @override
    def hidden(self, model: type[object]) -> frozenset[str]:
        """Return the fields that the user may not read, computed ones included."""
        return fields_of(self._request).hidden(model)

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
