"""The account section in which staff see and end their sessions."""

from collections.abc import Mapping

from starlette.requests import Request

from dovetail.contrib.admin.permissions import user_of
from dovetail.contrib.admin.request_context import request_context
from dovetail.contrib.admin.site_context import SiteContext
from dovetail.contrib.admin.web.form_fields import key_of
from dovetail.contrib.auth import users
from dovetail.contrib.auth.events.clients import client_in_words
from dovetail.contrib.auth.events.words import method_in_words
from dovetail.contrib.auth.proof import check_recent_proof
from dovetail.contrib.auth.sessions import listing
from dovetail.contrib.auth.sessions.current import session_of
from dovetail.errors import NotFoundError
from dovetail.translation.texts import gettext


async def load(_site: SiteContext, request: Request) -> Mapping[str, object]:
    """Return the sessions of the user, and the key of the current one."""
    user = user_of(request)
    current = session_of(user)
    rows = await listing.sessions_of(request_context().session, user)
    key = None if current is None else current.id
    return {"sessions": rows, "current": key, "method": method_in_words, "client": client_in_words}


async def end(_site: SiteContext, request: Request) -> str:
    """End the session of the button."""
    session, user = request_context().session, user_of(request)
    await check_recent_proof(session, user)
    if not await listing.end_one(session, user, await key_of(request, "session")):
        raise NotFoundError(gettext("This session is over already."))
    return gettext("The session was ended.")


async def end_others(_site: SiteContext, request: Request) -> str:
    """End all sessions but this one."""
    session, user = request_context().session, user_of(request)
    row = await check_recent_proof(session, user)
    await users.log_out_everywhere(session, user, keep_id=row.id)
    return gettext("You are logged out everywhere else.")
