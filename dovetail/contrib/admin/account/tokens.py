"""The account section in which staff create, list and revoke their own personal tokens, after reauthentication."""

from collections.abc import Mapping, Sequence
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request
from starlette.responses import Response

from dovetail.contrib.admin.permissions import user_of
from dovetail.contrib.admin.request_context import request_context
from dovetail.contrib.admin.site_context import SiteContext
from dovetail.contrib.admin.web.form_fields import field_of, key_of, number_of
from dovetail.contrib.auth.credential_changes import make_personal_token, revoke_personal_token
from dovetail.contrib.auth.models import Permission, User
from dovetail.contrib.auth.permissions.titles import in_words
from dovetail.contrib.auth.proof import check_recent_proof
from dovetail.contrib.auth.sessions.log_in import settings_of
from dovetail.contrib.auth.tokens import personal
from dovetail.errors import FieldError, InvalidInputError, NotFoundError
from dovetail.translation.texts import gettext

DEFAULT_DAYS = 90


async def load(_site: SiteContext, request: Request) -> Mapping[str, object]:
    """Return the user's tokens, and the scopes and days for a new one."""
    session, user = request_context().session, user_of(request)
    longest = settings_of(session).personal_token_days
    return {
        "tokens": await personal.tokens_of(session, user),
        "scopes": await _scopes(session, user),
        "longest": longest,
        "days": min(DEFAULT_DAYS, longest),
    }


async def make(site: SiteContext, request: Request) -> Response:
    """Create a token, and show it, only this time."""
    session, user, form = request_context().session, user_of(request), await request.form()
    await check_recent_proof(session, user)
    scopes = [str(scope) for scope in form.getlist("scopes")]
    unlimited = bool(await field_of(request, "unlimited"))
    if unlimited == bool(scopes):
        raise _invalid("scopes", gettext("Choose what the token is limited to, or let it do all that you may."))
    lasts = timedelta(days=await _days(request, settings_of(session).personal_token_days))
    name = await field_of(request, "name")
    made = await make_personal_token(session, user, name=name, scopes=None if unlimited else scopes, lifetime=lasts)
    values = {"made": made, "next": request.url_for("admin:account").path}
    return await site.render(request, "sqladmin/new_token.html", values)


async def revoke(_site: SiteContext, request: Request) -> str:
    """Revoke the token of the button."""
    session, user = request_context().session, user_of(request)
    await check_recent_proof(session, user)
    if not await revoke_personal_token(session, user, await key_of(request, "token")):
        raise NotFoundError(gettext("This token is gone already."))
    return gettext("The token was revoked.")


async def _scopes(session: AsyncSession, user: User) -> Sequence[tuple[str, str]]:
    """Return the names and titles of the user's permissions."""
    found = await session.scalars(select(Permission).order_by(Permission.name))
    return [(one.name, in_words(one)) for one in found if user.has_perm(one.name)]


async def _days(request: Request, longest: int) -> int:
    days = await number_of(request, "days")
    if days is None or not 1 <= days <= longest:
        raise _invalid("days", gettext("A token lasts 1 to %(longest)s days.") % {"longest": longest})
    return days


def _invalid(field: str, detail: str) -> InvalidInputError:
    return InvalidInputError(detail, errors=[FieldError(pointer=f"/{field}", detail=detail)])
