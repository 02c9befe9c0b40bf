"""Save drafts of forms while users type, and offer them later, for instance after a session ended.

A draft belongs to one user, view and object (or a new one). It is offered, and never filled in automatically; saving
the form deletes it. Files, passwords and secrets are not stored.
"""

import json
from datetime import UTC, datetime, timedelta
from http import HTTPStatus

from pydantic import SecretStr
from sqladmin.authorization import Action
from sqlalchemy import ColumnElement, delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from dovetail.contrib.admin.columns.attributes import is_secret
from dovetail.contrib.admin.entry.access import open_view
from dovetail.contrib.admin.entry.kept_forms import LARGEST, texts_of
from dovetail.contrib.admin.entry.returning import wants_json
from dovetail.contrib.admin.models import FormDraft
from dovetail.contrib.admin.permissions import user_of
from dovetail.contrib.admin.request_context import request_context
from dovetail.contrib.admin.rules.rules import rules_of
from dovetail.contrib.admin.signatures.sealing import fernet_for
from dovetail.contrib.admin.site_context import SiteContext
from dovetail.contrib.admin.view_base import ViewBase
from dovetail.contrib.admin.web.rendering import path_for
from dovetail.contrib.auth.acting.impersonation import impersonator_of
from dovetail.database.bulk import NO_SYNCHRONIZATION
from dovetail.errors import BadRequestError, PermissionDeniedError
from dovetail.translation import formats
from dovetail.translation.texts import gettext

PURPOSE = "dovetail.admin.drafts"
DRAFT = "_draft"  # in a URL: show the draft; in a form: there is a draft
SENT_BEFORE = "sent"  # in a URL: the draft is a submitted form, to which the user returned
DISCARD = "_discard"
LIFETIME = timedelta(days=7)
LONGEST_KEY = 500
MOST = 20  # drafts of one user; the oldest is deleted


async def keep_draft(site: SiteContext, request: Request) -> Response:
    """Save the draft of a form, or delete it if the user discards it; scripts get JSON."""
    key = request.query_params.get("key", "")
    view = open_view(site, request, Action.EDIT if key else Action.CREATE)
    form = await request.form()
    if not has_drafts(request):
        raise PermissionDeniedError(
            gettext("Drafts are their author's alone; none is kept while you act as somebody else.")
        )
    if form.get(DISCARD):
        await _forget(request_context().session, user_of(request).id, view, key)
        return _answer(request, view, key, {"discarded": True})
    if key:
        await _check_may_change(request, view, key)
    text = json.dumps([(name, value) for name, value in texts_of(form) if not is_secret(view.mapper, name)])
    if len(text) > LARGEST or len(key) > LONGEST_KEY:
        raise BadRequestError(
            gettext("A draft has %(largest)s characters at most, so none was kept.")
            % {"largest": formats.number(LARGEST)}
        )
    saved_at = datetime.now(UTC)
    sealed = fernet_for(site.secret_key, PURPOSE, _whose(request, view, key)).encrypt(text.encode()).decode()
    await _store(request, view, key, sealed, saved_at)
    return _answer(request, view, key, {"saved_at": saved_at.isoformat()})


def has_drafts(request: Request) -> bool:
    """Return whether drafts are enabled: not while another user acts as their owner."""
    return impersonator_of(user_of(request)) is None


async def draft_time(request: Request, view: ViewBase) -> datetime | None:
    """Return the time of the user's draft of the form at this URL; None if there is none."""
    if not has_drafts(request):
        return None
    condition = _is_of(user_of(request).id, view, request.path_params.get("pk", ""))
    statement = select(FormDraft.saved_at).where(condition, FormDraft.expires_at > datetime.now(UTC))
    return await request_context().session.scalar(statement)


async def find_draft(request: Request, secret_key: SecretStr, view: ViewBase) -> FormData | None:
    """Return the draft of the form at this URL; None if there is none."""
    from cryptography.fernet import InvalidToken

    key = request.path_params.get("pk", "")
    if not has_drafts(request):
        return None
    statement = select(FormDraft.sealed).where(_is_of(user_of(request).id, view, key))
    sealed = await request_context().session.scalar(statement.where(FormDraft.expires_at > datetime.now(UTC)))
    if sealed is None:
        return None
    try:
        text = fernet_for(secret_key, PURPOSE, _whose(request, view, key)).decrypt(sealed)
    except InvalidToken:  # encrypted with a SECRET_KEY that is no longer known
        return None
    return FormData([(name, value) for name, value in json.loads(text)])


async def forget_draft(request: Request, view: ViewBase) -> None:
    """Delete the draft of the form at this URL after saving; a draft is kept while another user acts as its owner."""
    if has_drafts(request):
        await _forget(request_context().session, user_of(request).id, view, request.path_params.get("pk", ""))


async def _check_may_change(request: Request, view: ViewBase, key: str) -> None:
    session = request_context().session
    obj = (await session.scalars(view.select_object(key))).first()
    if obj is None:
        raise HTTPException(HTTPStatus.NOT_FOUND)
    await rules_of(request).check_before(session, view.model, "change", [obj])
    if not view.has_permission(request, Action.EDIT, obj):
        raise HTTPException(HTTPStatus.FORBIDDEN)


async def _store(request: Request, view: ViewBase, key: str, sealed: str, saved_at: datetime) -> None:
    """Store a draft, replacing the previous one, and delete the user's oldest; safe under concurrency."""
    session, owner = request_context().session, user_of(request).id
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    values = {"sealed": sealed, "saved_at": saved_at, "expires_at": saved_at + LIFETIME}
    row = insert(FormDraft).values(user_id=owner, view=view.identity, object_key=key, **values)
    unique = [FormDraft.user_id, FormDraft.view, FormDraft.object_key]
    await session.execute(row.on_conflict_do_update(index_elements=unique, set_=values))
    newest = select(FormDraft.id).where(FormDraft.user_id == owner).order_by(FormDraft.saved_at.desc())
    superfluous = delete(FormDraft).where(FormDraft.user_id == owner, FormDraft.id.not_in(newest.limit(MOST)))
    await session.execute(superfluous, execution_options=NO_SYNCHRONIZATION)


async def _forget(session: AsyncSession, owner: int, view: ViewBase, key: str) -> None:
    forget = delete(FormDraft).where(_is_of(owner, view, key))
    await session.execute(forget, execution_options=NO_SYNCHRONIZATION)


def _is_of(owner: int, view: ViewBase, key: str) -> ColumnElement[bool]:
    return (FormDraft.user_id == owner) & (FormDraft.view == view.identity) & (FormDraft.object_key == key)


def _answer(request: Request, view: ViewBase, key: str, told: dict[str, object]) -> Response:
    if wants_json(request):
        return JSONResponse(told)
    name = "admin:edit" if key else "admin:create"
    return RedirectResponse(path_for(request, name, key or None, identity=view.identity), HTTPStatus.SEE_OTHER)


def _whose(request: Request, view: ViewBase, key: str) -> str:
    return f"{user_of(request).id}\0{view.identity}\0{key}"
