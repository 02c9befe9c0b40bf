"""What every page of the back office passes through: origin, transaction, user, token; and how failures end."""

import logging
from collections.abc import Awaitable, Callable
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from starlette.datastructures import UploadFile
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from dovetail.contrib.admin.entry.csrf import check_origin, check_token
from dovetail.contrib.admin.entry.sessions import get_user
from dovetail.contrib.admin.lists import rights
from dovetail.contrib.admin.pages import pages
from dovetail.contrib.admin.pages.answers import ready
from dovetail.contrib.admin.pages.failures import describe
from dovetail.contrib.admin.visit import current_visit, visiting
from dovetail.database.drivers.retries import try_twice
from dovetail.database.session import SAFE_METHODS
from dovetail.errors import CLIENT_HUNG_UP

if TYPE_CHECKING:
    from dovetail.contrib.admin.site import AdminSite

logger = logging.getLogger("dovetail.admin")

Endpoint = Callable[[Request], Awaitable[Any]]


def guarded(site: "AdminSite", endpoint: Endpoint, *, public: bool = False, is_form: bool = False) -> Endpoint:
    """Answer a request with `endpoint` in one transaction, which is committed before the answer leaves.

    Unless `public`, only a user who is logged in and active staff gets there. An unsafe request must come from a page
    of this host and hold the token of that page. What the view of a form `prepare`s comes before the transaction.
    """

    async def answer(request: Request) -> Response:
        async def run() -> Response:
            site.messages.load(request)
            return await _answer_in_transaction(site, request, endpoint, public=public)

        try:
            site.messages.load(request)
            refused: Response | None = None
            if is_form:
                refused = await try_twice(partial(_prepare, site, request))
            response = await try_twice(run, lambda: not _has_files(request)) if refused is None else refused
        except ClientDisconnect:
            return Response(status_code=CLIENT_HUNG_UP)  # for the access log: nobody is there to read it
        except Exception as error:  # noqa: BLE001 - whatever happened, the user gets a page that says nothing internal
            response = await error_page(site, request, error)
        finally:
            await request.close()  # the files of its form
        site.messages.save(request, response)
        response.background = getattr(request.state, "after_commit", None) or response.background
        return response

    return answer


async def error_page(site: "AdminSite", request: Request, error: Exception) -> Response:
    """A page, or a line of JSON for a script, that tells what went wrong."""
    failure = describe(error)
    if failure.is_expected:
        logger.warning("%s %s was not answered: %s", request.method, request.url.path, failure.message)
    elif failure.is_ours:
        logger.error("%s %s failed", request.method, request.url.path, exc_info=error)
    # What took too long once takes as long again.
    headers = {"Retry-After": "1"} if failure.is_expected and not failure.is_too_slow else {}
    if _wants_json(request):
        return JSONResponse({"detail": failure.message}, failure.status, headers)
    plainer = request.url.path if failure.is_too_slow and request.url.query else None
    context = {"status_code": failure.status, "message": failure.message, "plainer": plainer}
    response = await site.templates.TemplateResponse(request, "sqladmin/error.html", context, failure.status)
    response.headers.update(headers)
    return response


async def _answer_in_transaction(site: "AdminSite", request: Request, endpoint: Endpoint, *, public: bool) -> Response:
    is_safe = request.method in SAFE_METHODS
    if not is_safe:
        check_origin(request.headers)
        await request.form()  # before a connection is taken: whoever sends it slowly holds none
    async with site.database.unit_of_work(read_only=is_safe) as session:
        with visiting(request, session):
            if not await _is_let_in(site, request, public=public):
                return _ask_to_log_in(request)
            if not is_safe:
                cookie = request.cookies.get(site.cookies.visitor if public else site.cookies.session)
                await check_token(request, site.secret_key, cookie)
            answer = await endpoint(request)
            # What is only read is not undone: a stream may read on when the connection here is free again.
            return answer if is_safe and isinstance(answer, Response) else await ready(answer, request.url.path)


async def _prepare(site: "AdminSite", request: Request) -> Response | None:
    """Let the view do what takes long, before the transaction, for somebody who may send its form."""
    view = pages.preparing_view(site, request)
    if view is None or request.method in SAFE_METHODS:
        return None
    check_origin(request.headers)
    await request.form()
    async with site.database.unit_of_work(read_only=True) as session:
        with visiting(request, session):
            if not await _is_let_in(site, request, public=False):
                return _ask_to_log_in(request)
            await check_token(request, site.secret_key, request.cookies.get(site.cookies.session))
            pages.check_may_send_form(site, request)
    await view.prepare(request)
    return None


async def _is_let_in(site: "AdminSite", request: Request, *, public: bool) -> bool:
    if public:
        return True
    key = request.cookies.get(site.cookies.session)
    request.state.user = await get_user(current_visit().session, key) if key else None
    if request.state.user is None:
        return False
    await site.authorization_backend.load(request)
    await rights.load(request, site.model_views)
    return True


def _ask_to_log_in(request: Request) -> Response:
    if _wants_json(request):
        return JSONResponse({"detail": "Log in first."}, HTTPStatus.UNAUTHORIZED)
    login = request.url_for("admin:login").path
    if request.method not in SAFE_METHODS:
        return RedirectResponse(login, HTTPStatus.SEE_OTHER)
    target = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return RedirectResponse(f"{login}?{urlencode({'next': target})}", HTTPStatus.SEE_OTHER)


def _has_files(request: Request) -> bool:
    """Whether the form holds files: whoever read one finds nothing more in it."""
    form = getattr(request, "_form", None)  # parsed once for a request, however often it is asked for
    return form is not None and any(isinstance(value, UploadFile) for _, value in form.multi_items())


def _wants_json(request: Request) -> bool:
    return request.headers.get("accept", "").startswith("application/json")
