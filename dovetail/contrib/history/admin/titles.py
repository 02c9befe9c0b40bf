"""Find what the objects are called whose keys stand in lines of the history."""

from collections.abc import Collection, Mapping, Sequence
from typing import TypeAlias

from sqlalchemy import inspect, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request

from dovetail.contrib.admin.columns.code_names import names_in_text_of
from dovetail.contrib.admin.columns.columns import paths_read
from dovetail.contrib.admin.columns.identifiers import primary_keys
from dovetail.contrib.admin.lists.relations import loading
from dovetail.contrib.admin.permissions import rights_of
from dovetail.contrib.admin.request_context import request_context
from dovetail.contrib.admin.rules.fields import fields_of
from dovetail.contrib.admin.view_base import ViewBase
from dovetail.contrib.history.admin.names import title_of_deleted
from dovetail.contrib.history.admin.related import text_of
from dovetail.contrib.history.keys import values_of_keys
from dovetail.contrib.history.models import ChangeAction, RecordedChange
from dovetail.contrib.history.recording.log import history_log
from dovetail.resources.query.keys import among, key_from
from dovetail.state import StateKey

Titles: TypeAlias = Mapping[tuple[str, str], str]  # by the label of a model and the key of an object
TITLES = StateKey[Titles]("dovetail_history_titles", "no lines of the history are shown")  # of a request


async def load_titles(request: Request, changes: Sequence[RecordedChange]) -> None:
    """Find the titles of what lines are of, for what writes these in words: a statement a model, one for all gone."""
    session = request_context().session
    views = {label: view for label in {one.model for one in changes} if (view := view_of(request, label)) is not None}
    found: dict[tuple[str, str], str] = {}
    for label, view in views.items():
        keys = {one.object_key for one in changes if one.model == label}
        told = await titles_of(request, session, view, keys)
        found |= {(label, key): title for key, title in told.items()}
    gone = {(one.model, one.object_key) for one in changes if one.model in views} - found.keys()
    pictures = await _last_pictures(session, gone)
    found |= {
        place: title_of_deleted(request, views[place[0]], picture, place[1]) for place, picture in pictures.items()
    }
    TITLES.set(request, found)


def title_in(request: Request, change: RecordedChange) -> str:
    """Return what the object of a line is called; nothing if it has no name, or if nobody looked for it."""
    return (TITLES.find(request) or {}).get((change.model, change.object_key), "")


def view_of(request: Request, label: str) -> ViewBase | None:
    """Return the view of a model by its label in the history; None if there is none for the user."""
    table = history_log(request_context().session).recorded.labelled(label)
    return None if table is None or table.model is None else rights_of(request).view_of(table.model)


async def titles_of(
    request: Request, session: AsyncSession, view: ViewBase, keys: Collection[str]
) -> Mapping[str, str]:
    """Return what objects say of themselves as they are now, of those that the user may still list."""
    columns, fields = primary_keys(view.model), fields_of(request)
    values = values_of_keys(columns, keys)
    if not values:
        return {}
    paths = paths_read(view.model, names_in_text_of(view.model))
    rows = view.permitted_rows(request).where(among(columns, map(key_from, values.values())))
    found = (await session.scalars(rows.options(*loading(view.model, paths, rights_of(request))))).unique(id)
    told = {tuple(inspect(obj).identity): text_of(obj, fields) for obj in found}
    return {key: text for key, value in values.items() if (text := told.get(value))}


async def _last_pictures(
    session: AsyncSession, gone: Collection[tuple[str, str]]
) -> Mapping[tuple[str, str], Mapping[str, object]]:
    """Return what objects were when they were deleted last."""
    if not gone:
        return {}
    place = (RecordedChange.model, RecordedChange.object_key)
    deleted = select(*place, RecordedChange.before).where(
        tuple_(*place).in_(sorted(gone)), RecordedChange.action == ChangeAction.DELETE
    )
    rows = await session.execute(deleted.order_by(RecordedChange.id))
    return {(model, key): before for model, key, before in rows}
