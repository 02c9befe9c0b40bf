"""Log in with a provider, and connect such logins to an account: `/api/auth/providers`, `/api/auth/connected-logins`.

The browser goes to `login_url` and returns to the page in `next`, which then requests the token:

    location.href = provider.login_url + "?next=/app"
    const answer = await fetch("/api/auth/providers/token", {method: "POST"})  // on /app
"""

from typing import Annotated, TypeAlias

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from starlette.requests import HTTPConnection
from starlette.responses import RedirectResponse

from dovetail.api.schemas import PathId
from dovetail.api.throttling.throttled import THROTTLED
from dovetail.contrib.auth.access import CurrentUser
from dovetail.contrib.auth.api.schemas import AccessTokenRead
from dovetail.contrib.auth.api.second_factors.login import give_token
from dovetail.contrib.auth.api.second_factors.schemas import SecondStepRead
from dovetail.contrib.auth.factors.passkeys.relying_party import find_relying_party
from dovetail.contrib.auth.factors.second_step import begin_second_step
from dovetail.contrib.auth.proof import RecentProof
from dovetail.contrib.auth.providers import browser, connected, logins
from dovetail.contrib.auth.providers.entry import prove_by_provider
from dovetail.contrib.auth.providers.models import MAXIMUM_NEXT, ConnectedLogin
from dovetail.contrib.auth.providers.registry import PROVIDERS, ProviderRegistry
from dovetail.contrib.auth.providers.schemas import (
    ConnectedLoginList,
    ConnectedLoginRead,
    ProviderAnswer,
    ProviderList,
    ProviderRead,
)
from dovetail.database.session import SessionDep
from dovetail.errors import NotFoundError, PermissionDeniedError
from dovetail.plugin import context_of

router = APIRouter(prefix="/auth", tags=["auth"])


async def _get_registry(connection: HTTPConnection) -> ProviderRegistry:
    return PROVIDERS.get(connection.app)


RegistryDep = Annotated[ProviderRegistry, Depends(_get_registry)]
ProviderName: TypeAlias = Annotated[str, Path(max_length=30, examples=["google"])]
NextPage: TypeAlias = Annotated[
    str, Query(alias="next", pattern=browser.OWN_PAGE, max_length=MAXIMUM_NEXT, examples=["/app"])
]


@router.get("/providers", response_model=ProviderList)
async def list_providers(registry: RegistryDep, request: Request) -> ProviderList:
    """Return the providers that users can log in with."""
    return ProviderList(
        items=[
            ProviderRead(
                name=provider.name,
                title=provider.label,
                kind=provider.kind,
                login_url=request.url_for("start_provider_login", name=provider.name).path,
            )
            for provider in registry.providers
        ]
    )


@router.get(
    "/providers/{name}/login",
    status_code=303,
    response_class=Response,
    responses=THROTTLED
    | {
        303: {"description": "To the provider"},
        403: {"description": "Led here by another site"},
        503: {"description": "The provider does not answer"},
    },
)
async def start_provider_login(
    name: ProviderName,
    registry: RegistryDep,
    request: Request,
    next_page: NextPage = "/",
    again: Annotated[bool, Query(description="Whether the provider has to authenticate the user again.")] = False,  # noqa: FBT002 - a query parameter
) -> Response:
    """Redirect a browser to a provider to log in; it returns to `next`, a page of this site.

    That page then requests the result: `/auth/providers/token` logs in, `/auth/connected-logins` connects the login to
    an account. Pages of other sites cannot redirect or link here.
    """
    if browser.is_sent_by_another_site(request):
        raise PermissionDeniedError("Begin the login on a page of this site: another site led here.")
    await registry.count(request.app, request)
    provider, key = registry.provider(name), registry.cookie.read_or_make(request)
    address = browser.callback_address(request, provider)
    url = await registry.start(provider, browser=key, next_page=next_page, redirect_uri=address, again=again)
    response = RedirectResponse(url, 303)
    registry.cookie.write(response, key)
    return response


@router.get(
    "/providers/{name}/callback",
    status_code=303,
    response_class=Response,
    responses={303: {"description": "To the page that was named"}, 400: {"description": "Not begun in this browser"}},
)
async def finish_provider_login(
    name: ProviderName, registry: RegistryDep, request: Request, answer: Annotated[ProviderAnswer, Query()]
) -> Response:
    """Receive a browser back from a provider. Only providers redirect here.

    The browser continues to the page in `next`, whether the login succeeded or not; that page requests the result.
    """
    provider = registry.provider(name)
    address = browser.callback_address(request, provider)
    next_page = await registry.handle_callback(
        provider, answer.model_dump(exclude_none=True), browser=registry.cookie.read(request), redirect_uri=address
    )
    return RedirectResponse(next_page, 303)


@router.post("/providers/token", responses={401: {"description": "The login at the provider opens no account"}})
async def log_in_by_provider(
    registry: RegistryDep, session: SessionDep, request: Request, response: Response
) -> AccessTokenRead | SecondStepRead:
    """Get a bearer token for the login at a provider that this browser has just returned from; it works once.

    A user with a second factor gets a `challenge` instead of a token, for POST /auth/login/second-factor, unless the
    provider has asked for a second factor.

    A 401 says what went wrong, at the provider or here: for instance, that no account is connected to this login.
    """
    proved = await prove_by_provider(session, request, registry)
    if not proved.second_factor:
        party = find_relying_party(context_of(session), request)
        step = await begin_second_step(session, proved.user, proved.method, party)
        if step is not None:
            return SecondStepRead.model_validate(step, from_attributes=True)
    return await give_token(session, proved, request, response)


@router.get("/connected-logins", response_model=ConnectedLoginList)
async def list_connected_logins(user: CurrentUser, session: SessionDep) -> ConnectedLoginList:
    """Return the logins at providers that are connected to the user's account."""
    rows = await connected.connected_logins(session, user)
    return ConnectedLoginList(items=[ConnectedLoginRead.model_validate(row) for row in rows])


@router.post(
    "/connected-logins",
    status_code=201,
    response_model=ConnectedLoginRead,
    responses={404: {"description": "No login to connect"}, 409: {"description": "Connected already"}},
)
async def connect_login(
    _: RecentProof, user: CurrentUser, registry: RegistryDep, session: SessionDep, request: Request
) -> ConnectedLogin:
    """Connect the login at a provider that this browser has just returned from to the user's account.

    The provider has to confirm an e-mail address. It requires a recent proof.
    """
    login = await logins.make_use(session, browser=registry.cookie.read(request))
    if login is None:
        raise NotFoundError("No login at a provider waits in this browser; begin one.")
    return await connected.connect(session, user, login, registry.provider(login.provider))


@router.delete(
    "/connected-logins/{login_id}", status_code=204, responses={409: {"description": "It is the last way to log in"}}
)
async def disconnect_login(
    login_id: PathId, _: RecentProof, user: CurrentUser, registry: RegistryDep, session: SessionDep
) -> None:
    """Disconnect a login at a provider from the user's account. The last way to log in cannot be removed."""
    await connected.disconnect(session, user, login_id, registry.providers)
