"""Identify the user of a page, check the token of a form, and renew the session's token when permissions change."""

import logging
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request
from starlette.responses import Response

from dovetail.contrib.admin.entry.kept_forms import Keeping
from dovetail.contrib.admin.entry.returning import MustEnrolError, NotLoggedInError, OtherSessionError, wants_json
from dovetail.contrib.admin.entry.sessions import get_user, has_other_rights
from dovetail.contrib.admin.permissions import USER, load_rights, user_of
from dovetail.contrib.admin.request_context import request_context
from dovetail.contrib.admin.rules.rules import Rules
from dovetail.contrib.admin.site_context import SiteContext
from dovetail.contrib.admin.web.csrf import check_session_token, check_token, make_session_token, owner_of
from dovetail.contrib.admin.web.impersonation import ACTING, Acting, check_own_account
from dovetail.contrib.admin.web.rendering import finished
from dovetail.contrib.auth.acting.impersonation import impersonator_of
from dovetail.contrib.auth.events.origin import AccountRef
from dovetail.contrib.auth.factors.requirement import lacks_factor
from dovetail.contrib.auth.sessions.current import session_of
from dovetail.contrib.auth.sessions.log_in import settings_of
from dovetail.contrib.auth.sessions.rotation import rotate
from dovetail.contrib.auth.sessions.use import remember_use
from dovetail.errors import PermissionDeniedError
from dovetail.state import ACTOR, CHANGE_SOURCE, CREDENTIAL, IMPERSONATOR, note_of_request
from dovetail.translation.texts import gettext_lazy

OTHERS_ONLY = gettext_lazy("This part of the site is for others. Log out to come as somebody else.")
logger = logging.getLogger("dovetail.admin")


@dataclass(frozen=True, kw_only=True)
class PageRequirements:
    """The requirements of a page: public or not, open to users who still have to enrol a second factor, a form."""

    public: bool = False
    enrolling: bool = False
    keeping: Keeping | None = None  # of a form that may be shown again
    is_use: bool = True  # False for requests of scripts, which do not extend a session


async def identify_user(site: SiteContext, request: Request, requirements: PageRequirements) -> None:
    """Identify the logged-in user and load their rights, unless the page is public.

    Raise NotLoggedInError, or MustEnrolError if the user first has to enrol a second factor on another page.
    """
    note_of_request(CHANGE_SOURCE, "back office")
    if requirements.public:
        return
    key = request.cookies.get(site.cookies.session)
    user = await get_user(request_context().session, key) if key else None
    USER.set(request, user)
    if user is None:
        raise NotLoggedInError
    current = session_of(user)
    if requirements.is_use:
        remember_use(site.app, current)
    note_of_request(ACTOR, AccountRef(user.id, user.username))
    note_of_request(CREDENTIAL, current)
    impersonator = impersonator_of(user)
    if impersonator is not None:
        token = make_session_token(site.secret_key, user.id, current.id) if current is not None else ""
        ACTING.set(request, Acting(user.username, impersonator.username, token))
        note_of_request(IMPERSONATOR, f"{impersonator}, who acts as {user}")
        check_own_account(request, user)
    await site.authorization.load(request)
    rules = Rules(user, site.policies, site.homes, is_writing=request.method not in {"GET", "HEAD"})
    await load_rights(request, rules, site.views.values())
    if not requirements.enrolling and not await finished(site.declared.has_permission(request)):
        raise PermissionDeniedError(OTHERS_ONLY)
    if (
        not requirements.enrolling
        and impersonator is None
        and lacks_factor(user, settings_of(request_context().session))
    ):
        raise MustEnrolError


async def check_form(site: SiteContext, request: Request, requirements: PageRequirements) -> None:
    """Raise PermissionDeniedError for a form without the token of this session, or of this browser on a public page.

    Raise OtherSessionError for a form of the same user in another session, which is shown again.
    """
    if requirements.public:
        await check_token(request, site.secret_key, request.cookies.get(site.cookies.visitor))
        return
    user = user_of(request)
    current = session_of(user)
    assert current is not None  # noqa: S101 - the user was found by their session
    try:
        await check_session_token(request, site.secret_key, user.id, current.id)
    except PermissionDeniedError:
        keeping = requirements.keeping
        is_shown_again = keeping is not None and keeping.is_promised and not wants_json(request)
        if is_shown_again and await owner_of(request, site.secret_key) == user.id:
            raise OtherSessionError from None
        raise


async def renew_token(site: SiteContext, request: Request, response: Response) -> None:
    """Replace the token of the session, in the cookie of a response, if the rights of the user have changed."""
    user = USER.find(request)
    if user is not None and has_other_rights(user):
        try:
            async with site.database.unit_of_work() as session:
                await give_new_token(site, session, request, response)
        except Exception:
            logger.warning("the token of a session of %s was not changed", user, exc_info=True)


async def give_new_token(site: SiteContext, session: AsyncSession, request: Request, response: Response) -> None:
    """Replace the token of the session, in the cookie of a response; the old token becomes invalid."""
    rotated = await rotate(session, request.cookies.get(site.cookies.session, ""), user_of(request))
    if rotated is not None:
        site.cookies.set(response, site.cookies.session, rotated.token, max_age=rotated.seconds)
