"""Log in to the back office at an external provider: the buttons of the login page, the redirect and the callback.

These pages open their own transactions, since no connection may be held while a provider is contacted.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from urllib.parse import urlencode

from sqladmin.flash import Flash
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from dovetail.api.addresses import address_of
from dovetail.contrib.admin.entry.entering import enter, target_of
from dovetail.contrib.admin.entry.second_step import ask_for_second_factor
from dovetail.contrib.admin.request_context import enter_request_context
from dovetail.contrib.admin.site_context import SiteContext
from dovetail.contrib.auth.events.models import EventKind
from dovetail.contrib.auth.events.record import record_failure
from dovetail.contrib.auth.providers.browser import CALLBACK, callback_address, is_sent_by_another_site
from dovetail.contrib.auth.providers.entry import prove_by_provider
from dovetail.contrib.auth.providers.models import MAXIMUM_NEXT
from dovetail.contrib.auth.providers.registry import PROVIDERS
from dovetail.database.drivers.retries import try_twice
from dovetail.errors import NotAuthenticatedError, TooManyRequestsError, UnavailableError
from dovetail.translation.texts import gettext, gettext_lazy

NO_STAFF = gettext_lazy("This login does not open the back office.")


@dataclass(frozen=True)
class Button:
    """A button that leads to a provider."""

    title: str
    address: str


def provider_buttons(app: Starlette, request: Request, purpose: str = "") -> Sequence[Button]:
    """Return a button for each provider: to log in, to "connect" it, or to prove one's identity ("again")."""
    query = urlencode(({purpose: "1"} if purpose else {}) | {"next": target_of(request)})
    return [
        Button(provider.label, f"{request.url_for('admin:provider-login', name=provider.name).path}?{query}")
        for provider in PROVIDERS.get(app).providers
        if address_of(request, CALLBACK, name=provider.name) is not None  # the site has dropped the routers
    ]


async def leave_for_provider(site: SiteContext, request: Request) -> Response:
    """Redirect to a provider, which redirects back to `return_from_provider`, or to the account page to connect."""
    registry = PROVIDERS.get(site.app)
    provider = registry.provider(request.path_params["name"])
    to_account = "connect" in request.query_params
    if is_sent_by_another_site(request):
        return _to_login(
            request, gettext("Choose %(label)s here to log in: another site led you there.") % {"label": provider.label}
        )
    back = request.url_for("admin:account" if to_account else "admin:provider-return").path
    onwards = back if to_account else f"{back}?{urlencode({'next': target_of(request)})}"
    browser = registry.cookie.read_or_make(request)
    try:
        await registry.count(site.app, request)
        url = await registry.start(
            provider,
            browser=browser,
            next_page=onwards if len(onwards) <= MAXIMUM_NEXT else back,
            redirect_uri=callback_address(request, provider),
            again="again" in request.query_params,
        )
    except (TooManyRequestsError, UnavailableError) as error:
        return _to_login(request, error.detail, to_account=to_account)
    response = RedirectResponse(url, HTTPStatus.SEE_OTHER)
    registry.cookie.write(response, browser)
    return response


async def return_from_provider(site: SiteContext, request: Request) -> Response:
    """Log in staff who return from a provider; others get the login page with the reason."""
    try:
        return await try_twice(partial(_let_in, site, request))
    except NotAuthenticatedError as error:  # everything was rolled back, so that the login can still be connected
        return _to_login(request, error.detail)


async def _let_in(site: SiteContext, request: Request) -> Response:
    async with site.database.unit_of_work() as session:
        with enter_request_context(request, session):
            proved = await prove_by_provider(session, request, PROVIDERS.get(site.app))
            if not proved.user.is_staff:
                await record_failure(EventKind.LOGIN_FAILED, user=proved.user, detail=f"{proved.method}: no staff")
                raise NotAuthenticatedError(NO_STAFF)
            if not proved.second_factor:
                waiting = await ask_for_second_factor(site, request, proved.user, proved.method)
                if waiting is not None:
                    return waiting
            return await enter(site, request, proved)


def _to_login(request: Request, told: str, *, to_account: bool = False) -> Response:
    Flash.error(request, told)
    if to_account:
        return RedirectResponse(request.url_for("admin:account").path, HTTPStatus.SEE_OTHER)
    query = urlencode({"next": target_of(request)})
    return RedirectResponse(f"{request.url_for('admin:login').path}?{query}", HTTPStatus.SEE_OTHER)
