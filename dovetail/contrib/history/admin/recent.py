"""The dashboard widget that lists the latest changes of the current user."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request
from typing_extensions import override

from dovetail.contrib.admin.lists.deferred_columns import columns_of_named
from dovetail.contrib.admin.permissions import rights_of, user_of
from dovetail.contrib.admin.sqladmin_private import AnySelect
from dovetail.contrib.admin.view_base import ViewBase
from dovetail.contrib.admin.widgets.widget import STAFF, Row, Values, Widget
from dovetail.contrib.history.admin.titles import title_of_deleted, titles_of
from dovetail.contrib.history.models import ChangeAction, RecordedChange
from dovetail.translation.texts import gettext_lazy

SHOWN = 10
WINDOW = 10_000  # only this many of the latest changes are searched for those of the user


@dataclass(frozen=True)
class RecentChange:
    """A change of an object that has a page in a view."""

    number: int
    action: str
    object_key: str
    created_at: datetime
    view: ViewBase


@dataclass(frozen=True, kw_only=True)
class RecentChanges(Widget):
    """The latest changes of the current user, of objects that they may list."""

    @override
    def select(self, request: Request) -> AnySelect:
        """Return the SELECT of the user's latest changes."""
        last = select(func.max(RecordedChange.id)).scalar_subquery()
        mine = (RecordedChange.actor_id == user_of(request).id, RecordedChange.id > last - WINDOW)
        columns = [RecordedChange.__table__.c[name] for name in ("id", "action", "model", "object_key", "created_at")]
        return select(*columns).where(*mine).order_by(RecordedChange.id.desc())

    @override
    async def completed(self, request: Request, session: AsyncSession, rows: Sequence[Row]) -> Sequence[Row]:
        """Return each change with the title of its object, or None if that is hidden. Run one statement per model."""
        changes = _shown(request, rows)
        titles: dict[tuple[ViewBase, str], str] = {}
        for view in dict.fromkeys(one.view for one in changes):
            keys = {one.object_key for one in changes if one.view is view}
            found = await _titles_of(request, session, view, keys)
            titles |= {(view, key): title for key, title in found.items()}
        gone = [
            one for one in changes if one.action == ChangeAction.DELETE and (one.view, one.object_key) not in titles
        ]
        titles |= await _titles_of_deleted(request, session, gone)
        return [(one, titles.get((one.view, one.object_key))) for one in changes]

    @override
    def values(self, request: Request, rows: Sequence[Row]) -> Values | None:
        """Return the template's variables; None if there are no changes."""
        return {"changes": rows} if rows else None


def _shown(request: Request, rows: Sequence[Row]) -> list[RecentChange]:
    """Return the changes of objects that have a page; of repeated changes of one object, only the latest."""
    views = _views(request)
    found: dict[Sequence[object], RecentChange] = {}
    for number, action, model, key, created_at in rows:
        view = views.get(str(model))
        if view is not None and isinstance(number, int) and isinstance(created_at, datetime):
            found.setdefault((action, model, key), RecentChange(number, str(action), str(key), created_at, view))
    return list(found.values())[:SHOWN]


def _views(request: Request) -> Mapping[str, ViewBase]:
    rights = rights_of(request)
    models = {view.model: view for view in rights.listable}
    found = {f"{view.plugin_name}.{model.__name__.lower()}": rights.view_of(model) for model, view in models.items()}
    return {label: view for label, view in found.items() if view is not None}


async def _titles_of(
    request: Request, session: AsyncSession, view: ViewBase, keys: Collection[str]
) -> Mapping[str, str]:
    """Return the titles of objects, by key; a page with widgets is not repeated if a column is missing."""
    columns, find = columns_of_named(request), partial(titles_of, request, session, view, keys)
    return await (find() if columns is None else columns.retry_with_missed(session, find))


async def _titles_of_deleted(
    request: Request, session: AsyncSession, changes: Sequence[RecentChange]
) -> dict[tuple[ViewBase, str], str]:
    if not changes:
        return {}
    numbers = {one.number: one for one in changes}
    rows = await session.execute(select(RecordedChange.id, RecordedChange.before).where(RecordedChange.id.in_(numbers)))
    return {
        (one.view, one.object_key): title_of_deleted(request, one.view, before, one.object_key)
        for one, before in ((numbers[number], before) for number, before in rows)
    }


RECENT_CHANGES = RecentChanges(
    title=gettext_lazy("Your recent changes"),
    template="sqladmin/recent_changes.html",
    permission=STAFF,
    seconds=0,
    limit=SHOWN * 5,
)
