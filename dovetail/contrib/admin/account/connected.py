"""The account section in which staff see, connect and disconnect their logins at external providers."""

from collections.abc import Mapping

from starlette.requests import Request

from dovetail.contrib.admin.entry.by_provider import provider_buttons
from dovetail.contrib.admin.permissions import user_of
from dovetail.contrib.admin.request_context import request_context
from dovetail.contrib.admin.site_context import SiteContext
from dovetail.contrib.admin.web.form_fields import key_of
from dovetail.contrib.auth.proof import check_recent_proof
from dovetail.contrib.auth.providers import connected, logins
from dovetail.contrib.auth.providers.registry import PROVIDERS
from dovetail.errors import NotFoundError
from dovetail.translation.texts import gettext


async def load(site: SiteContext, request: Request) -> Mapping[str, object] | None:
    """Return the connected logins, a login that can be connected, and the providers; None for a site without any."""
    session, registry = request_context().session, PROVIDERS.get(site.app)
    rows = await connected.connected_logins(session, user_of(request))
    buttons = provider_buttons(site.app, request, "connect")
    if not rows and not buttons:
        return None
    waiting = await logins.look_at(session, browser=registry.cookie.read(request)) if buttons else None
    titles = {provider.name: provider.label for provider in registry.providers}
    return {"rows": rows, "waiting": waiting, "buttons": buttons, "titles": titles}


async def connect(site: SiteContext, request: Request) -> str:
    """Connect the login from which this browser has returned to the account."""
    session, user, registry = request_context().session, user_of(request), PROVIDERS.get(site.app)
    await check_recent_proof(session, user)
    login = await logins.make_use(session, browser=registry.cookie.read(request))
    if login is None:
        raise NotFoundError(gettext("That login took too long; begin again."))
    made = await connected.connect(session, user, login, registry.provider(login.provider))
    return gettext("From now on %(email)s may log in to your account.") % {"email": made.email}


async def disconnect(site: SiteContext, request: Request) -> str:
    """Disconnect a login from the account."""
    session, user = request_context().session, user_of(request)
    await check_recent_proof(session, user)
    gone = await connected.disconnect(session, user, await key_of(request, "id"), PROVIDERS.get(site.app).providers)
    return gettext("%(email)s may no longer log in to your account.") % {"email": gone.email}
