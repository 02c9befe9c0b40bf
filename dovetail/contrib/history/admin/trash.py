"""The trash page: deleted objects that can still be restored, by model and day, with what was deleted along."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from http import HTTPStatus
from itertools import groupby
from typing import NamedTuple

from sqladmin import BaseView, expose
from sqladmin.flash import Flash
from sqlalchemy import Select, literal_column, select
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from dovetail.contrib.admin.columns.texts import read_day
from dovetail.contrib.admin.lists.column_filters import within
from dovetail.contrib.admin.own_pages.page import render_page
from dovetail.contrib.admin.permissions import may, rights_of, user_of
from dovetail.contrib.admin.request_context import request_context
from dovetail.contrib.admin.rules.rules import NOTHING, rules_of
from dovetail.contrib.admin.view_base import ViewBase
from dovetail.contrib.history.admin.cascades import cascade_causes, cascade_counts
from dovetail.contrib.history.admin.lines import recorded
from dovetail.contrib.history.admin.titles import may_see_deletions, title_of_deleted
from dovetail.contrib.history.admin.undoing import chosen_change, is_number, undo_or_tell
from dovetail.contrib.history.models import ChangeAction, RecordedChange
from dovetail.contrib.history.recording.log import history_log
from dovetail.contrib.history.recording.recorded import REDACTED
from dovetail.contrib.history.undoing.undo import earliest
from dovetail.translation.texts import gettext, gettext_lazy
from dovetail.translation.zones import local

PAGE = 50  # objects per page


class NamedDeletion(NamedTuple):
    """The model name and title of a deleted object."""

    kind: str
    title: str


@dataclass(frozen=True)
class Deleted:
    """A deleted object with what the user may see of it."""

    change: RecordedChange
    view: ViewBase
    title: str
    along: Sequence[str]  # what the deletion cascaded to: "Comments: 2"
    cause: NamedDeletion | None  # the deletion that this one cascaded from
    may_restore: bool


class TrashPage(BaseView):
    """The page of deleted objects of all models that the user may list; of some models only the user's deletions."""

    name = gettext_lazy("Trash")
    icon = "fa-solid fa-trash-can-arrow-up"
    category = gettext_lazy("Changes")

    def is_visible(self, request: Request) -> bool:
        """Return True if the user may list objects of at least one recorded model."""
        return next(_views(request), None) is not None

    @expose("/trash", methods=["GET", "POST"], identity="trash")
    async def show(self, request: Request) -> Response:
        """Show a page of the trash, or restore the deletion that the form names."""
        views = dict(_views(request))
        if request.method == "POST":
            return await _restore(request, views)
        model, day, before = (request.query_params.get(name, "") for name in ("model", "day", "before"))
        chosen = _day(day)
        statement = _narrowed(_deleted(request, {model: views[model]} if model in views else views), chosen, before)
        found = (await request_context().session.scalars(statement.limit(PAGE + 1))).all()
        rows = found[:PAGE]
        return await render_page(
            self,
            request,
            "sqladmin/trash.html",
            title=gettext("Trash"),
            days=_by_day(await _shown(request, rows, views)),
            models=[(label, view.name_plural) for label, view in views.items()],
            model=model if model in views else "",
            day="" if chosen is None else f"{chosen:%Y-%m-%d}",
            older=rows[-1].id if len(found) > PAGE else None,
        )


def _by_day(deleted: Sequence[Deleted]) -> list[Mapping[str, object]]:
    days = groupby(deleted, key=lambda one: f"{local(one.change.created_at):%Y-%m-%d}")
    return [{"day": day, "deleted": list(found)} for day, found in days]


def _views(request: Request) -> Iterator[tuple[str, ViewBase]]:
    """Yield the label and view of each model whose deleted objects the user may see, at least in part."""
    for table in recorded().tables.values():
        view = None if table.is_link or table.model is None else rights_of(request).view_of(table.model)
        if view is not None:
            yield table.label, view


def _deleted(request: Request, views: Mapping[str, ViewBase]) -> Select[RecordedChange]:
    """Return the SELECT of deletions that were not undone, latest first."""
    line = RecordedChange.__table__
    later = line.alias()
    is_back = (
        select(later.c.id)
        .where(later.c.model == line.c.model, later.c.object_key == line.c.object_key, later.c.id > line.c.id)
        .where(later.c.action == ChangeAction.ADD)
        .exists()
    )
    is_deletion = RecordedChange.action == literal_column("'delete'")  # a literal, so that the partial index is used
    statement = select(RecordedChange).where(is_deletion, ~is_back)
    statement = statement.where(RecordedChange.created_at >= earliest(history_log(request_context().session)))
    statement = statement.where(RecordedChange.transaction != 0, may_see_deletions(request, views))
    return statement.order_by(RecordedChange.id.desc())


def _narrowed(statement: Select[RecordedChange], day: date | None, before: str) -> Select[RecordedChange]:
    if day is not None:
        statement = statement.where(within(RecordedChange.created_at, day, day + timedelta(days=1)))
    return statement.where(RecordedChange.id < int(before)) if is_number(before) else statement


async def _shown(request: Request, rows: Sequence[RecordedChange], views: Mapping[str, ViewBase]) -> list[Deleted]:
    session = request_context().session
    along, causes = await cascade_counts(session, rows, views), await cascade_causes(session, rows, views)
    found: list[Deleted] = []
    for row in rows:
        view, cause = views[row.model], causes.get(row.id)
        beside = [
            f"{name}: {count}" for (model, name), count in along.get(row.transaction, {}).items() if model != row.model
        ]
        named = None
        if cause is not None:
            above = views[cause.model]
            named = NamedDeletion(str(above.name), title_of_deleted(request, above, cause.before, cause.object_key))
        along_shown = () if named else beside
        found.append(
            Deleted(
                row,
                view,
                title_of_deleted(request, view, row.before, row.object_key),
                along_shown,
                named,
                REDACTED not in row.before.values() and _may_restore(request, view),
            )
        )
    return found


def _may_restore(request: Request, view: ViewBase) -> bool:
    return may(user_of(request), view, "create") and rules_of(request).where(view.model, "add") is not NOTHING


async def _restore(request: Request, views: Mapping[str, ViewBase]) -> Response:
    change = await chosen_change(request, _deleted(request, views))
    count = await undo_or_tell(request, change)
    if count is not None:
        all_told = gettext("It was restored, with %(count)s changes in all.") % {"count": count}
        Flash.success(request, gettext("It was restored.") if count == 1 else all_told)
    return RedirectResponse(str(request.url), HTTPStatus.SEE_OTHER)


def _day(text: str) -> date | None:
    try:
        found = date.fromisoformat(read_day(text).strip())
    except ValueError:
        return None
    return found if date.min < found < date.max else None  # so that its midnight can be converted to any time zone
