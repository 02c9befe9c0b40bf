"""Show who else has an object open: a row for each user, which the page's script renews and which expires.

Users who may not view an object get no information, and are not recorded. Users are named to those who may view
users; with a history, which names the users who save, those who edit are named to all who may view the object.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import cast

from sqladmin.authorization import Action
from sqlalchemy import ColumnElement, Insert, Row, Select, Table, and_, case, delete, literal, or_, select
from sqlalchemy.dialects import postgresql, sqlite
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from dovetail.contrib.admin.columns.identifiers import parse_identifier
from dovetail.contrib.admin.entry.access import open_view
from dovetail.contrib.admin.permissions import rights_of, user_of
from dovetail.contrib.admin.presence.models import Presence
from dovetail.contrib.admin.request_context import request_context
from dovetail.contrib.admin.rules.rules import rules_of
from dovetail.contrib.admin.site_context import SiteContext
from dovetail.contrib.admin.sqladmin_private import AnySelect
from dovetail.contrib.admin.views import ModelAdmin
from dovetail.contrib.admin.web.rendering import path_for
from dovetail.contrib.auth.acting.impersonation import impersonator_of
from dovetail.contrib.auth.models import User
from dovetail.database.bulk import NO_SYNCHRONIZATION
from dovetail.database.change_log import CHANGE_LOG
from dovetail.resources.query.keys import write_key
from dovetail.translation.formats import clock
from dovetail.translation.texts import gettext

LASTS = timedelta(seconds=60)  # seconds without a heartbeat; the script sends one every 20 seconds
NAMED = 5  # maximum users that a page names
LONGEST_KEY = 500
Found = Sequence[Row[bool, datetime, str | None]]


@dataclass(frozen=True)
class PresenceStatus:
    """The text about other users on a page, and the URL for the heartbeats of its script."""

    url: str
    text: str
    is_editing: bool


async def presence_of(
    site: SiteContext, request: Request, view: ModelAdmin, *, is_editing: bool
) -> PresenceStatus | None:
    """Return the status for the object of this page; None if ADMIN_PRESENCE is off."""
    if not site.settings.presence:
        return None
    key = _key(request, view)
    found = (await request_context().session.execute(_others(request, view, key))).all()
    return PresenceStatus(
        path_for(request, "admin:presence", key, identity=view.identity), _sentences(found), is_editing
    )


async def heartbeat(site: SiteContext, request: Request) -> Response:
    """Record that the user has the page of an object open, or has closed it (`leave`), and return the other users."""
    form = await request.form()
    is_editing = form.get("editing") == "1"
    view = open_view(site, request, Action.EDIT if is_editing else Action.DETAILS)
    session, key, me = request_context().session, _key(request, view), user_of(request)
    acts_as_another = impersonator_of(me) is not None  # other users than this one
    if form.get("leave"):
        mine = and_(Presence.user_id == me.id, or_(_is_at(view, key), Presence.expires_at <= datetime.now(UTC)))
        if not acts_as_another:
            await session.execute(delete(Presence).where(mine), execution_options=NO_SYNCHRONIZATION)
        return JSONResponse({"text": ""})
    if not acts_as_another:
        rows = _permitted(view, key)
        if is_editing:  # as in the form itself
            rows = rows.where(rules_of(request).where(view.model, "change"))
        noted = await session.execute(_noted(view, rows, key, me.id, is_editing=is_editing))
        if not noted.first():
            raise HTTPException(HTTPStatus.NOT_FOUND)
    seen = _others(request, view, key).where(_permitted(view, key).exists())
    return JSONResponse({"text": _sentences((await session.execute(seen)).all())})


def _noted(view: ModelAdmin, rows: AnySelect, key: str, user_id: int, *, is_editing: bool) -> Insert:
    """Return the statement that records a user if `rows` has the object; it returns a row then."""
    now = datetime.now(UTC)
    table = cast("Table", Presence.__table__)
    dialect = request_context().session.get_bind().dialect.name
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    values = {
        "kind": _kind(view),
        "object_key": key,
        "user_id": user_id,
        "is_editing": is_editing,
        "since": now,
        "expires_at": now + LASTS,
    }
    columns = [literal(value, table.c[name].type) for name, value in values.items()]
    row = insert(table).from_select(list(values), rows.with_only_columns(*columns, maintain_column_froms=True))
    new = row.excluded
    since = case((table.c.expires_at <= now, new.since), else_=table.c.since)  # the user has come back
    kept = {"is_editing": new.is_editing, "expires_at": new.expires_at, "since": since}
    keys = [table.c.kind, table.c.object_key, table.c.user_id]
    return row.on_conflict_do_update(index_elements=keys, set_=kept).returning(table.c.user_id)


def _permitted(view: ModelAdmin, key: str) -> AnySelect:
    """Return the SELECT of the object, if the user of the request may view it."""
    return view.select_object(key).order_by(None)


def _others(request: Request, view: ModelAdmin, key: str) -> "Select[bool, datetime, str | None]":
    me = user_of(request).id
    may_name: ColumnElement[bool] = rights_of(request).visible(User)
    if CHANGE_LOG.find(request_context().session.info) is not None:
        may_name = or_(may_name, Presence.is_editing)
    return (
        select(Presence.is_editing, Presence.since, case((may_name, User.username), else_=None))
        .join(User, User.id == Presence.user_id)
        .where(_is_at(view, key), Presence.user_id != me, Presence.expires_at > datetime.now(UTC))
        .order_by(Presence.is_editing.desc(), Presence.since, Presence.user_id)
        .limit(NAMED + 1)
    )


def _is_at(view: ModelAdmin, key: str) -> ColumnElement[bool]:
    return and_(Presence.kind == _kind(view), Presence.object_key == key)


def _key(request: Request, view: ModelAdmin) -> str:
    """Return the canonical key of the object of this URL, in which it may be written in several ways."""
    parsed = parse_identifier(view.model, request.path_params["pk"])
    key = "" if parsed is None else write_key(parsed)
    if parsed is None or len(key) > LONGEST_KEY:
        raise HTTPException(HTTPStatus.NOT_FOUND)
    return key


def _kind(view: ModelAdmin) -> str:
    return str(view.mapper.local_table)


def _sentences(found: Found) -> str:
    """Return a sentence about each user, in the language of the request."""
    lines = [_sentence(name, since, is_editing=is_editing) for is_editing, since, name in found[:NAMED]]
    if len(found) > NAMED:
        lines.append(gettext("Others are here too."))
    return " ".join(lines)


def _sentence(name: str | None, since: datetime, *, is_editing: bool) -> str:
    given = {"name": name or gettext("Somebody"), "time": clock(since)}
    if is_editing:
        return gettext("%(name)s has been editing this since %(time)s.") % given
    return gettext("%(name)s has been looking at this since %(time)s.") % given
