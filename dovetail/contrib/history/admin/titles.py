"""Look up the titles of the objects of recorded changes."""

from collections.abc import Collection, Mapping, Sequence
from typing import TypeAlias

from sqlalchemy import ColumnElement, false, inspect, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request

from dovetail.contrib.admin.columns.identifiers import primary_keys
from dovetail.contrib.admin.lists.relations import loading_named
from dovetail.contrib.admin.permissions import rights_of, user_of
from dovetail.contrib.admin.request_context import request_context
from dovetail.contrib.admin.rules.fields import fields_of
from dovetail.contrib.admin.rules.rules import EVERYTHING
from dovetail.contrib.admin.view_base import ViewBase
from dovetail.contrib.history.admin.related import text_of
from dovetail.contrib.history.keys import values_of_keys
from dovetail.contrib.history.models import ChangeAction, RecordedChange
from dovetail.contrib.history.recording.log import history_log
from dovetail.contrib.history.recording.recorded import REDACTED
from dovetail.resources.query.keys import among, key_from
from dovetail.state import StateKey
from dovetail.translation.shortening import shorten

Titles: TypeAlias = Mapping[tuple[str, str], str]  # the title of an object, by (label of its model, its key)
TITLES = StateKey[Titles]("dovetail_history_titles", "no lines of the history are shown")  # stored in a request


async def load_titles(request: Request, changes: Sequence[RecordedChange]) -> None:
    """Look up the titles of the changed objects: one statement per model, and one for all deleted objects."""
    TITLES.set(request, await titles_at(request, {(one.model, one.object_key) for one in changes}))


async def titles_at(request: Request, places: Collection[tuple[str, str]]) -> Titles:
    """Return the titles of objects, by (label of the model, key), as far as the user may see the objects.

    A deleted object has the title that it had when it was last deleted.
    """
    session = request_context().session
    views = {label: view for label in {label for label, _ in places} if (view := view_of(request, label)) is not None}
    found: dict[tuple[str, str], str] = {}
    for label, view in views.items():
        titles = await titles_of(request, session, view, {key for model, key in places if model == label})
        found |= {(label, key): title for key, title in titles.items()}
    gone = {place for place in places if place[0] in views} - found.keys()
    last_values = await _last_values(session, gone, may_see_deletions(request, views))
    titled = {place: text_of_deleted(request, views[place[0]], values) for place, values in last_values.items()}
    return found | {place: title for place, title in titled.items() if title}


def may_see_deletions(request: Request, views: Mapping[str, ViewBase]) -> ColumnElement[bool]:
    """Return the condition on deletions the user may see: without the row, its policy cannot be evaluated.

    Models of which the user may see every row are included entirely, others only with the user's own deletions.
    """
    rights, user = rights_of(request), user_of(request)
    whole = [label for label, view in views.items() if rights.visible(view.model) is EVERYTHING]
    if user.is_superuser:
        whole = list(views)
    own = [label for label in views if label not in whole]
    conditions: list[ColumnElement[bool]] = [RecordedChange.model.in_(whole)] if whole else []
    if own:
        conditions.append(RecordedChange.model.in_(own) & (RecordedChange.actor_id == user.id))
    return or_(*conditions) if conditions else false()


def title_of_deleted(request: Request, view: ViewBase, before: Mapping[str, object], key: str) -> str:
    """Return the title of a deleted object, or else its model name and key."""
    return text_of_deleted(request, view, before) or f"{view.name} {key}"


def text_of_deleted(request: Request, view: ViewBase, before: Mapping[str, object]) -> str:
    """Return the first text of a deleted object that its list would show, shortened; "" if there is none."""
    fields = fields_of(request)
    names = [*view.names_of(view.get_list_display(request)), *before]
    texts = (before[name] for name in names if name in before and not fields.is_hidden(view.model, name))
    found = next((one for one in texts if isinstance(one, str) and one and one != REDACTED), "")
    return shorten(found)


def title_in(request: Request, change: RecordedChange) -> str:
    """Return the title of a changed object; "" if it has none, or if `load_titles` was not called."""
    return (TITLES.find(request) or {}).get((change.model, change.object_key), "")


def view_of(request: Request, label: str) -> ViewBase | None:
    """Return the view of a model by its label in the history; None if there is none for the user."""
    table = history_log(request_context().session).recorded.labelled(label)
    return None if table is None or table.model is None else rights_of(request).view_of(table.model)


async def titles_of(
    request: Request, session: AsyncSession, view: ViewBase, keys: Collection[str]
) -> Mapping[str, str]:
    """Return the current titles of the objects that the user may still list, by key."""
    columns, fields = primary_keys(view.model), fields_of(request)
    values = values_of_keys(columns, keys)
    if not values:
        return {}
    rows = view.permitted_rows(request).where(among(columns, map(key_from, values.values())))
    found = (await session.scalars(rows.options(*loading_named(view.model, request)))).unique(id)
    titles = {tuple(inspect(obj).identity): text_of(obj, fields) for obj in found}
    return {key: title for key, value in values.items() if (title := titles.get(value))}


async def _last_values(
    session: AsyncSession, gone: Collection[tuple[str, str]], visible: ColumnElement[bool]
) -> Mapping[tuple[str, str], Mapping[str, object]]:
    """Return the values of objects when they were last deleted, by (label, key)."""
    if not gone:
        return {}
    place = (RecordedChange.model, RecordedChange.object_key)
    deleted = select(*place, RecordedChange.before).where(
        tuple_(*place).in_(sorted(gone)), RecordedChange.action == ChangeAction.DELETE, visible
    )
    rows = await session.execute(deleted.order_by(RecordedChange.id))
    return {(model, key): before for model, key, before in rows}
