"""The account section in which staff manage their own second factors and passkeys, after a recent reauthentication."""

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from dovetail.contrib.admin.entry.second_step import knows_passkeys, passkey_in
from dovetail.contrib.admin.permissions import user_of
from dovetail.contrib.admin.request_context import request_context
from dovetail.contrib.admin.site_context import SiteContext
from dovetail.contrib.admin.web.form_fields import field_of, key_of
from dovetail.contrib.auth.factors import changes
from dovetail.contrib.auth.factors.held import factors_of, find_factor
from dovetail.contrib.auth.factors.models import Passkey, Totp
from dovetail.contrib.auth.factors.passkeys.registration import begin_registration
from dovetail.contrib.auth.factors.passkeys.relying_party import relying_party
from dovetail.contrib.auth.factors.qr_code import qr_code
from dovetail.contrib.auth.factors.requirement import is_required
from dovetail.contrib.auth.factors.totp import otpauth_uri, secret_of
from dovetail.contrib.auth.models import User
from dovetail.contrib.auth.proof import lock_proven
from dovetail.contrib.auth.sessions.log_in import settings_of
from dovetail.errors import InvalidInputError, NotFoundError
from dovetail.plugin import context_of
from dovetail.translation.texts import gettext, gettext_lazy

KINDS: Mapping[str, type[Totp] | type[Passkey]] = {"totp": Totp, "passkey": Passkey}
NOT_THE_CODE = gettext_lazy("The app does not show this code now. See whether the clock of the device is right.")


async def load(_site: SiteContext, request: Request) -> Mapping[str, object]:
    """Return the second factors and passkeys of the user."""
    session, user = request_context().session, user_of(request)
    return {
        "held": await factors_of(session, user.id),
        "is_required": is_required(user, settings_of(session)),
        "passkeys": knows_passkeys(request),
    }


async def begin_totp(site: SiteContext, request: Request) -> Response:
    """Show the QR code of a new authenticator app, and ask for its first code."""
    user = await _proven(request)
    row, _ = await changes.begin_totp_enrolment(request_context().session, user, await field_of(request, "name"))
    return await _show_totp(site, request, row)


async def confirm_totp(site: SiteContext, request: Request) -> Response:
    """Activate the app if the code is right; otherwise show its QR code again."""
    session, user, key = request_context().session, await _proven(request), await key_of(request, "id")
    added = await changes.confirm_totp_enrolment(session, user, key, await field_of(request, "code"))
    if added is None:
        return await _show_totp(site, request, await session.get_one(Totp, key), NOT_THE_CODE)
    return await _show_codes(
        site, request, added.recovery_codes, gettext("%(name)s is a second factor now.") % {"name": added.factor.name}
    )


async def give_passkey_options(_site: SiteContext, request: Request) -> Response:
    """Return the options for `navigator.credentials.create`."""
    session, user = request_context().session, await _proven(request)
    return JSONResponse(await begin_registration(session, user, relying_party(context_of(session), request)))


async def register_passkey(site: SiteContext, request: Request) -> Response:
    """Register the passkey that the browser created."""
    session, user = request_context().session, await _proven(request)
    party, credential = relying_party(context_of(session), request), await passkey_in(request)
    added = await changes.register_passkey(session, user, await field_of(request, "name"), credential, party)
    if added is None:
        raise InvalidInputError(gettext("No passkey was made, or it took too long; try again."))
    return await _show_codes(
        site,
        request,
        added.recovery_codes,
        gettext("%(name)s is a passkey of yours now.") % {"name": added.factor.name},
    )


async def renew_codes(site: SiteContext, request: Request) -> Response:
    """Show ten new recovery codes, once."""
    codes = await changes.renew_recovery_codes(request_context().session, await _proven(request))
    return await _show_codes(site, request, codes, gettext("The earlier recovery codes are worthless now."))


async def rename(_site: SiteContext, request: Request) -> str:
    """Give a factor another name."""
    session, user, kind = request_context().session, await _proven(request), await _kind(request)
    factor = await changes.rename_factor(
        session, user, kind, await key_of(request, "id"), await field_of(request, "name")
    )
    return gettext("It is called %(name)s now.") % {"name": factor.name}


async def remove(_site: SiteContext, request: Request) -> str:
    """Remove a factor."""
    session, user = request_context().session, await _proven(request)
    factor = await find_factor(session, user, await _kind(request), await key_of(request, "id"))
    await changes.remove_own_factor(session, user, factor)
    return gettext("%(name)s was removed.") % {"name": factor.name}


async def _proven(request: Request) -> User:
    return await lock_proven(request_context().session, user_of(request))


async def _show_totp(site: SiteContext, request: Request, row: Totp, error: str | None = None) -> Response:
    session = request_context().session
    secret = secret_of(session, row)
    uri = otpauth_uri(secret, user_of(request).username, context_of(session).settings.site_name)
    values = {"row": row, "secret": secret, "qr_code": qr_code(uri), "error": error}
    return await site.render(request, "sqladmin/enrol_totp.html", values)


async def _show_codes(site: SiteContext, request: Request, codes: list[str], said: str) -> Response:
    values: dict[str, object] = {"codes": codes, "said": said, "next": request.url_for("admin:account").path}
    return await site.render(request, "sqladmin/recovery_codes.html", values)


async def _kind(request: Request) -> type[Totp] | type[Passkey]:
    kind = KINDS.get(await field_of(request, "kind"))
    if kind is None:
        raise NotFoundError
    return kind
