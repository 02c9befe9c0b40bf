"""The guard of every page: it checks origin, user and token, opens the transaction, and renders errors as pages."""

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from http import HTTPStatus

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

from dovetail.api.problems import notify_refusal
from dovetail.contrib.admin.columns.late_markdown import fill_places
from dovetail.contrib.admin.entry.admission import PageRequirements, check_form, identify_user, renew_token
from dovetail.contrib.admin.entry.kept_forms import Keeping, offer_form
from dovetail.contrib.admin.entry.preparation import FindPreparation, Preparation
from dovetail.contrib.admin.entry.returning import (
    MustEnrolError,
    NotLoggedInError,
    OtherSessionError,
    page_before,
    redirect_to_login,
    wants_json,
)
from dovetail.contrib.admin.permissions import user_of
from dovetail.contrib.admin.request_context import enter_request_context
from dovetail.contrib.admin.site_context import SiteContext
from dovetail.contrib.admin.web.csrf import check_origin
from dovetail.contrib.admin.web.error_messages import ErrorMessage, log_failure, message_for
from dovetail.contrib.admin.web.form_fields import HELD, KEPT_TOKEN, field_of, has_files
from dovetail.contrib.admin.web.responses import Unfinished, is_refusal, sendable
from dovetail.contrib.admin.writing.first_try import with_second_try
from dovetail.contrib.auth.proof import ProofRequiredError
from dovetail.database.drivers.retries import try_twice
from dovetail.database.session import SAFE_METHODS
from dovetail.errors import CLIENT_HUNG_UP, TooManyRequestsError, UnavailableError
from dovetail.translation.texts import in_english

Endpoint = Callable[[Request], Awaitable[object]]
GuardedEndpoint = Callable[[Request], Awaitable[Response]]


def guarded(
    site: SiteContext,
    endpoint: Endpoint,
    *,
    public: bool = False,
    enrolling: bool = False,
    keeping: Keeping | None = None,
    is_use: bool = True,
    preparation: FindPreparation | None = None,
) -> GuardedEndpoint:
    """Handle a request by `endpoint` in one transaction, which is committed before the response is sent.

    Unless the page is `public`, it requires a login of active staff; with `enrolling`, also of users who first have to
    enrol a second factor. An unsafe request must come from a page of this host and have that page's token.
    `preparation` is work to do before the transaction. With `keeping`, the submitted form is stored if the user has to
    log in again. `is_use=False` is for automatic requests of scripts, which do not extend a session.
    """
    requirements = PageRequirements(public=public, enrolling=enrolling, keeping=keeping, is_use=is_use)

    async def respond(request: Request) -> Response:
        async def run_once() -> Response:
            site.messages.load(request)
            return await _respond_in_transaction(site, request, endpoint, requirements)

        run = partial(with_second_try, request, run_once)
        if request.method in SAFE_METHODS:
            run = partial(site.named_columns.repeat_with_missed, request, run)
        try:
            site.messages.load(request)
            has_files = await _receive(request)
            found = None if preparation is None or request.method in SAFE_METHODS else preparation(request)
            if found is not None:
                await try_twice(partial(_prepare, site, request, found, requirements))
            response = await try_twice(run, lambda: not has_files)  # a file can be read only once
            await renew_token(site, request, response)
        except (NotLoggedInError, MustEnrolError, OtherSessionError, ProofRequiredError) as error:
            response = await redirect_to_login(site, request, error, keeping)
        except ClientDisconnect:
            return Response(status_code=CLIENT_HUNG_UP)  # only for the access log
        except Exception as error:  # noqa: BLE001 - every error results in a page without internal details
            response = await error_page(site, request, error)
        finally:
            await request.close()  # the files of its form
        site.messages.save(request, response)
        return response

    return respond


def unguarded(site: SiteContext, page: Callable[[SiteContext, Request], Awaitable[Response]]) -> GuardedEndpoint:
    """Handle a request by a page that opens its own transaction, or none; errors are rendered as pages, too."""

    async def respond(request: Request) -> Response:
        site.messages.load(request)
        try:
            response = await page(site, request)
        except Exception as error:  # noqa: BLE001 - every error results in a page without internal details
            response = await error_page(site, request, error)
        site.messages.save(request, response)
        return response

    return respond


async def error_page(site: SiteContext, request: Request, error: Exception) -> Response:
    """Return the page of an error, or a line of JSON for a script."""
    told = message_for(error)
    if told.status == HTTPStatus.FORBIDDEN:
        notify_refusal(request, in_english(told.message))
    log_failure(request, error, told)
    # Repeating a request that timed out would take as long again.
    headers = {"Retry-After": "1"} if told.is_expected and not told.is_too_slow else {}
    if isinstance(error, TooManyRequestsError | UnavailableError) and not told.is_too_slow:
        headers = error.headers
    if wants_json(request):
        return JSONResponse({"detail": told.message}, told.status, headers)
    context = {"status_code": told.status, "message": told.message, **_ways_on(request, told)}
    response = await site.render(request, "sqladmin/error.html", context, told.status)
    response.headers.update(headers)
    return response


def _ways_on(request: Request, told: ErrorMessage) -> Mapping[str, object]:
    """Return the links on the page of an error, and the request's id for finding it in the log."""
    is_safe, here, query = request.method in SAFE_METHODS, request.url.path, request.url.query
    is_narrowed = is_safe and query and (told.is_too_slow or told.status == HTTPStatus.BAD_REQUEST)
    is_passing = is_safe and told.is_expected and not told.is_too_slow
    before = page_before(request)  # the page with the button or link
    nowhere = {request.url_for("admin:index").path, request.url_for("admin:login").path, *([here] if is_safe else [])}
    is_failure = told.is_ours and not told.is_expected
    return {
        "again": (f"{here}?{query}" if query else here) if is_passing else None,
        "plainer": here if is_narrowed else None,
        "before": None if before.partition("?")[0] in nowhere else before,
        "reference": request.scope.get("state", {}).get("request_id") if is_failure else None,
    }


async def _receive(request: Request) -> bool:
    """Read the form of an unsafe request, if it comes from a page of this site; return whether it has files."""
    if request.method in SAFE_METHODS:
        return False
    check_origin(request.headers)
    form = await request.form()  # before taking a connection, so that slow clients hold none
    if token := await field_of(request, HELD):
        KEPT_TOKEN.set(request, token)
    return has_files(form)


async def _respond_in_transaction(
    site: SiteContext, request: Request, endpoint: Endpoint, requirements: PageRequirements
) -> Response:
    is_safe = request.method in SAFE_METHODS
    async with site.database.unit_of_work(read_only=is_safe) as session:
        with enter_request_context(request, session) as context:
            await identify_user(site, request, requirements)
            if not is_safe:
                await check_form(site, request, requirements)
            if requirements.keeping is not None and not requirements.keeping.is_promised:
                await offer_form(session, site.secret_key, request, user_of(request), requirements.keeping)
            found = await endpoint(request)
            if not is_safe and request.scope["session"]:
                for note in site.message_notes:
                    await note(request)
            # Responses of reads are not checked here, since a stream may continue after this transaction.
            if not (is_safe and isinstance(found, Response | Unfinished)):
                found = await sendable(found, request.url.path)
    if isinstance(found, Unfinished):
        found = await found.finish()
    if context.late_texts:
        await fill_places(found, context.late_texts)
    if context.after_commit.tasks and not is_refusal(found):
        found.background = context.after_commit
    return found


async def _prepare(
    site: SiteContext, request: Request, preparation: Preparation, requirements: PageRequirements
) -> None:
    """Do the slow work of a form before its transaction, if the user may submit the form."""
    async with site.database.unit_of_work(read_only=True) as session:
        with enter_request_context(request, session):
            await identify_user(site, request, requirements)
            await check_form(site, request, requirements)
            if preparation.check is not None:
                preparation.check(request)
    await preparation.work(request)
