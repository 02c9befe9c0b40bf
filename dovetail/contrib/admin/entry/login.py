"""Log in to the back office, and log out."""

from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from dovetail.contrib.admin.entry.entering import LoginRefusedError, enter, target_of, visitor_page
from dovetail.contrib.admin.entry.second_step import ask_for_second_factor, knows_passkeys
from dovetail.contrib.admin.entry.sessions import get_user, lifetime_of
from dovetail.contrib.admin.forms.admin_form import refuse_files
from dovetail.contrib.admin.permissions import user_of
from dovetail.contrib.admin.request_context import request_context
from dovetail.contrib.admin.site_context import SiteContext
from dovetail.contrib.admin.sites.login_form import LoginForm
from dovetail.contrib.auth.acting.impersonation import end_impersonation
from dovetail.contrib.auth.events.models import EventKind
from dovetail.contrib.auth.events.record import record, record_failure
from dovetail.contrib.auth.factors.second_step import VerifiedUser
from dovetail.contrib.auth.models import User
from dovetail.contrib.auth.sessions.ending import end_session
from dovetail.contrib.auth.users import authenticate
from dovetail.errors import TooManyRequestsError
from dovetail.translation.texts import gettext_lazy

# The same message for an unknown name, a wrong password, an inactive user and one who is not staff.
INCOMPLETE = gettext_lazy("Fill in what is marked below.")
REFUSED = gettext_lazy("This name and password do not open the back office.")


async def show_login(site: SiteContext, request: Request) -> Response:
    """Show the login form, or log in the staff user who submits it."""
    if request.method == "POST":
        return await _log_in(site, request)
    session = request_context().session
    key = request.cookies.get(site.cookies.session)
    if key and await get_user(session, key):
        return RedirectResponse(target_of(request), HTTPStatus.SEE_OTHER)
    return await _form(site, request, HTTPStatus.OK)


async def log_out(site: SiteContext, request: Request) -> Response:
    """Delete the session behind the cookie, and the cookie."""
    await end_session(request_context().session, request.cookies.get(site.cookies.session, ""))
    await record(request_context().session, EventKind.LOGOUT, user=user_of(request), detail="back office")
    template = site.template("logout_template")
    if template is None:
        response: Response = RedirectResponse(request.url_for("admin:login").path, HTTPStatus.SEE_OTHER)
    else:
        response = await visitor_page(site, request, template, {})
    site.cookies.delete(response, site.cookies.session)
    await end_own_session(site, request, response)
    return response


async def stop_acting(site: SiteContext, request: Request) -> Response:
    """End the session in which a user acts as another one, and return to their own session."""
    cookies, session = site.cookies, request_context().session
    await end_impersonation(session, user_of(request))
    key = request.cookies.get(cookies.own_session, "")
    response = RedirectResponse(request.url_for("admin:index").path, HTTPStatus.SEE_OTHER)
    cookies.delete(response, cookies.own_session)
    if key and await get_user(session, key) is not None:
        cookies.set(response, cookies.session, key, max_age=lifetime_of(site.settings).absolute)
    else:
        cookies.delete(response, cookies.session)
    return response


async def end_own_session(site: SiteContext, request: Request, response: Response) -> None:
    """End the own session of a user who acts as another one, and the session of that, on logging out."""
    key = request.cookies.get(site.cookies.own_session)
    if key:
        await end_session(request_context().session, key)
        site.cookies.delete(response, site.cookies.own_session)


async def _log_in(site: SiteContext, request: Request) -> Response:
    form = await request.form()
    refuse_files(form)
    filled_in = (site.declared.login_form or LoginForm)(form)
    name, password = form.get("username"), form.get("password")
    if not filled_in.validate():
        return await _form(site, request, HTTPStatus.BAD_REQUEST, username=name, form=filled_in, error=INCOMPLETE)
    try:
        user = await _authenticate(name, password) if isinstance(name, str) and isinstance(password, str) else None
    except TooManyRequestsError as refusal:
        page = await _form(site, request, HTTPStatus.TOO_MANY_REQUESTS, username=name, error=refusal.detail)
        page.headers.update(refusal.headers)
        return page
    if user is None:
        return await _form(site, request, HTTPStatus.UNAUTHORIZED, username=name, error=REFUSED)
    waiting = await ask_for_second_factor(site, request, user)
    try:
        return waiting or await enter(site, request, VerifiedUser(user=user, method="password", second_factor=False))
    except LoginRefusedError as refusal:
        return await _form(site, request, HTTPStatus.FORBIDDEN, username=name, error=refusal.detail)


async def _authenticate(name: str, password: str) -> User | None:
    user = await authenticate(request_context().session, name, password)
    if user is None or user.is_staff:
        return user
    await record_failure(EventKind.LOGIN_FAILED, user=user, detail="no staff")
    return None


async def _form(site: SiteContext, request: Request, status: HTTPStatus, **context: object) -> Response:
    form = context.get("form") or (site.declared.login_form or LoginForm)()
    values = {"passkeys": knows_passkeys(request), "form": form, **context}
    return await visitor_page(site, request, str(site.template("login_template")), values, status)
