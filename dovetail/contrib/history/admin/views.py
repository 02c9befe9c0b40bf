"""The history in the back office: the list of all changes, for superusers, and the history page of each object."""

from asyncio import to_thread
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from typing import ClassVar

from sqladmin.flash import Flash
from sqlalchemy import Select
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from dovetail.contrib.admin.change_list.list_page import ListPage
from dovetail.contrib.admin.columns.identifiers import primary_keys
from dovetail.contrib.admin.pages.extras import LongWork, ObjectOfPage, ObjectPage
from dovetail.contrib.admin.request_context import request_context
from dovetail.contrib.admin.rules.fields import fields_of
from dovetail.contrib.admin.site_context import SiteContext
from dovetail.contrib.admin.view_base import ViewBase
from dovetail.contrib.admin.views import ChoiceFilter, ColumnFilter, DateFilter, ModelAdmin, user_of
from dovetail.contrib.admin.web.returning import list_url
from dovetail.contrib.history.admin.displayed_values import displayed_values
from dovetail.contrib.history.admin.lines import (
    Formatter,
    ModelFilter,
    actor_in_words,
    model_in_words,
    model_with_code,
    object_with_history,
    recorded,
    values_as_list,
    via_in_words,
)
from dovetail.contrib.history.admin.names import ORIGINS, label_of
from dovetail.contrib.history.admin.related import Texts, related_texts
from dovetail.contrib.history.admin.titles import load_titles, title_in
from dovetail.contrib.history.admin.undoing import (
    REFUSED,
    chosen_change,
    count_other_changes,
    is_number,
    undo_or_tell,
    undoable_actions,
    undone_in_words,
)
from dovetail.contrib.history.differences import Difference, Part, differences
from dovetail.contrib.history.keys import written_key
from dovetail.contrib.history.models import ChangeAction, ChangeSource, RecordedChange
from dovetail.contrib.history.objects import changes_of, linked_keys, relations_of
from dovetail.translation.texts import gettext_lazy, pgettext_lazy

PAGE = 50  # changes per page
DONE = {
    ChangeAction.ADD: gettext_lazy("Added"),
    ChangeAction.CHANGE: gettext_lazy("Changed"),
    ChangeAction.DELETE: gettext_lazy("Deleted"),
}


class RecordedChangeAdmin(ModelAdmin, model=RecordedChange):
    """The view of all changes: read-only, and only for superusers."""

    name = pgettext_lazy("one change of the history", "Change")
    name_plural = gettext_lazy("History")
    icon = "fa-solid fa-clock-rotate-left"
    category = gettext_lazy("Changes")
    can_create = False
    can_edit = False
    can_delete = False
    formatters: ClassVar[dict[object, Formatter]] = {
        "actor_name": actor_in_words,
        "model": model_in_words,
        "object_key": object_with_history,
    }
    list_display = ("created_at", "actor_name", "door", "action", "model", "object_key")
    details_display = (
        *("created_at", "actor_name", "door", "via", "action", "model", "object_key", "before", "after"),
        *("address", "request_id"),
    )
    fields = ("object_key",)
    labels: ClassVar[dict[object, str]] = {
        "created_at": gettext_lazy("Time"),
        "actor_name": gettext_lazy("By"),
        "object_key": gettext_lazy("Object"),
        "request_id": gettext_lazy("Request"),
    }
    details_formatters: ClassVar[dict[object, Formatter]] = {
        "actor_name": actor_in_words,
        "model": model_with_code,
        "object_key": object_with_history,
        "before": values_as_list,
        "after": values_as_list,
        "via": via_in_words,
    }
    sortable_by = ("id",)
    ordering = ("-id",)
    list_filter = (
        ChoiceFilter(RecordedChange.action, ChangeAction),
        ChoiceFilter(RecordedChange.door, ChangeSource),
        ModelFilter(),
        ColumnFilter(RecordedChange.actor_name, title=gettext_lazy("By")),
        DateFilter(RecordedChange.created_at, title=gettext_lazy("Time")),
    )
    unindexed = ("action", "door", "actor_name", "created_at")  # filtered only by superusers, and rarely

    def title_of(self, obj: object) -> str:
        """Return what was done to what: `Post Hello: Changed`, or `Post 12: Changed` of what has no title."""
        if not isinstance(obj, RecordedChange):
            return super().title_of(obj)
        title = title_in(request_context().request, obj) or obj.object_key
        return f"{model_in_words(obj)} {title}: {DONE[obj.action]}"

    async def list(self, request: Request) -> ListPage:
        """Read one page of the list, and what its lines are of."""
        page = await super().list(request)
        await load_titles(request, [one for one in page.rows if isinstance(one, RecordedChange)])
        return page

    async def get_object_for_details(self, value: Request) -> object:
        """Return the line whose page is asked for, and what it is of."""
        found: object = await super().get_object_for_details(value)
        if isinstance(found, RecordedChange):
            await load_titles(value, [found])
        return found

    def is_accessible(self, request: Request) -> bool:
        """Return True for superusers."""
        return user_of(request).is_superuser


@dataclass(frozen=True)
class DisplayedChange:
    """A change as the history page of an object shows it."""

    change: RecordedChange
    fields: Sequence[Difference]


def is_recorded(_request: Request, view: ViewBase) -> bool:
    """Return whether changes of the view's model are recorded."""
    return bool(recorded().labels_of(view.model))


async def load_history(_site: SiteContext, request: Request, shown: ObjectOfPage) -> LongWork | None:
    """Return the work that builds the history page of an object, latest change first.

    Return None if the object is gone and no change of it is left.
    """
    session, model = request_context().session, shown.view.model
    found = (await session.scalars(_changes_of(request, shown).limit(PAGE + 1))).all()
    if not found and shown.obj is None:
        return None
    rows = found[:PAGE]
    texts = await related_texts(request, model, rows)
    beside, undoable = await count_other_changes(session, rows), await undoable_actions(request, shown)

    async def compare() -> Mapping[str, object]:
        # In a thread, since comparing long texts takes time.
        compared = await to_thread(lambda: [differences(*displayed_values(model, row, texts)) for row in rows])
        shown_rows = (_shown(request, model, row, texts, fields) for row, fields in zip(rows, compared, strict=True))
        changes = [one for one in shown_rows if one is not None]
        older = rows[-1].id if len(found) > PAGE else None
        words: dict[str, object] = {"undoable": undoable}
        words |= {"label": partial(label_of, shown.view), "origin": ORIGINS.translate}
        words |= _conflict(request, rows)
        return {"changes": changes, "older": older, "beside": beside, **words}

    return compare


async def act(_site: SiteContext, request: Request, shown: ObjectOfPage) -> Response:
    """Undo the change that the form names, with all other changes of its transaction."""
    change = await chosen_change(request, _changes_of(request, shown))
    count = await undo_or_tell(request, change)
    if count is None:
        return RedirectResponse(f"{request.url.path}?{REFUSED}={change.id}", HTTPStatus.SEE_OTHER)
    Flash.success(request, undone_in_words(count))
    if change.action == ChangeAction.ADD:
        return RedirectResponse(list_url(request, shown.view), HTTPStatus.SEE_OTHER)
    return RedirectResponse(str(request.url), HTTPStatus.SEE_OTHER)


def _conflict(request: Request, rows: Sequence[RecordedChange]) -> dict[str, object]:
    """Return the number of the change that could not be undone just now, and of the later ones of the same fields."""
    number = request.query_params.get(REFUSED, "")
    refused = next((row for row in rows if str(row.id) == number), None)
    if refused is None:
        return {"refused": None, "later": ()}
    fields = {*refused.before, *refused.after}
    later = [row.id for row in rows if row.id > refused.id and not fields.isdisjoint({*row.before, *row.after})]
    return {"refused": refused.id, "later": later}


def _changes_of(request: Request, shown: ObjectOfPage) -> Select[RecordedChange]:
    """Return the SELECT of an object's changes, latest first."""
    before = request.query_params.get("before", "")
    return changes_of(
        recorded().labels_of(shown.view.model),
        written_key(primary_keys(shown.view.model), shown.pk),
        with_gone=user_of(request).is_superuser,
        before=int(before) if is_number(before) else None,
    )


def _shown(
    request: Request, model: type[object], row: RecordedChange, texts: Texts, compared: Iterable[Difference]
) -> DisplayedChange | None:
    """Return a change without the fields the user may not read; None if nothing is left of it."""
    relations = relations_of(model)
    fields = [
        _named(one, row, texts) if one.field in relations else one
        for one in compared
        if not fields_of(request).is_hidden(model, one.field)
        and (one.field not in relations or any((one.field, key) in texts for key in linked_keys(row, one.field)))
    ]
    return DisplayedChange(row, fields) if fields else None


def _named(difference: Difference, row: RecordedChange, texts: Texts) -> Difference:
    def side(snapshot: Mapping[str, object]) -> list[Part]:
        key = str(snapshot.get(difference.field, ""))
        return [Part(texts[difference.field, key], is_marked=True)] if (difference.field, key) in texts else []

    return Difference(difference.field, side(row.before), side(row.after))


HISTORY = ObjectPage(
    name="history",
    title=gettext_lazy("History"),
    template="sqladmin/history.html",
    load=load_history,
    act=act,
    has=is_recorded,
)
