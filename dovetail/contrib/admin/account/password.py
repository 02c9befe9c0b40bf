"""The account section in which staff change their own password.

It requires the current password, so that nobody else can change it in an unattended browser.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from dovetail.contrib.admin.forms.admin_form import refuse_files
from dovetail.contrib.admin.permissions import user_of
from dovetail.contrib.admin.request_context import request_context
from dovetail.contrib.admin.site_context import SiteContext
from dovetail.contrib.auth import users
from dovetail.contrib.auth.accounts.passwords import HashedPassword
from dovetail.contrib.auth.api.dependencies import make_manager
from dovetail.contrib.auth.credential_changes import Proof, change_own_account, prove
from dovetail.contrib.auth.factors.second_step import lock_active
from dovetail.contrib.auth.models import UNUSABLE_PASSWORD
from dovetail.contrib.auth.proof import prove_without_password
from dovetail.contrib.auth.sessions.log_in import settings_of
from dovetail.errors import NotAuthenticatedError
from dovetail.state import StateKey
from dovetail.translation.texts import gettext


@dataclass(frozen=True, kw_only=True)
class NewPassword:
    """The hash of a new password, and the proof that its user knew the current one."""

    hashed: HashedPassword
    proof: Proof


NEW_PASSWORD = StateKey[NewPassword]("new_password", "`prepare` comes first")


async def load(_site: SiteContext, request: Request) -> Mapping[str, object]:
    """Return whether the user has a password, which the form then requires."""
    return {"has_password": user_of(request).hashed_password != UNUSABLE_PASSWORD}


async def prepare(site: SiteContext, request: Request) -> None:
    """Verify the current password and hash the new one. Raise InvalidInputError for a wrong or a weak one.

    Without a password, a recent proof of another kind is required. Raise ProofRequiredError if there is none.
    """
    form = await request.form()
    refuse_files(form)
    user = user_of(request)
    if user.hashed_password == UNUSABLE_PASSWORD:
        async with site.database.unit_of_work(read_only=True) as session:
            proof = await prove_without_password(session, user)
    else:
        proof = await prove(user, str(form.get("current_password", "")))
    proof.check(user)
    hashed = await users.hash_new_password(
        str(form.get("password", "")),
        username=user.username,
        email=user.email,
        full_name=user.full_name,
        has_second_factor=user.has_second_factor,
    )
    NEW_PASSWORD.set(request, NewPassword(hashed=hashed, proof=proof))


async def change_password(site: SiteContext, request: Request) -> str | Response:
    """Set the new password, end all other sessions, and notify the user by mail."""
    session, new = request_context().session, NEW_PASSWORD.get(request)
    user = await lock_active(session, user_of(request).id)
    if user is None:
        raise NotAuthenticatedError
    new.proof.check(user)
    key = request.cookies.get(site.cookies.session)  # this session does not end
    manager = make_manager(session, settings_of(session))
    await change_own_account(manager, user, {}, password=new.hashed, keep_token=key)
    template = site.template("password_change_done_template")
    if template is not None:
        return await site.render(request, template, {"title": gettext("Password changed")})
    return gettext("Your password was changed. Everybody else who was logged in as you is logged out.")
