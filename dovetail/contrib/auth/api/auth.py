"""The endpoints of `/api/auth`: registration, login, logout, forgotten passwords and verification of addresses."""

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response

from dovetail.contrib.auth import users
from dovetail.contrib.auth.access import THROTTLED, CredentialDep, EnrollingUser
from dovetail.contrib.auth.api.dependencies import UserManagerDep, limited
from dovetail.contrib.auth.api.schemas import (
    AccessTokenRead,
    EmailRequest,
    LoginForm,
    ResetPasswordRequest,
    UserRead,
    UserRegister,
    VerifyRequest,
)
from dovetail.contrib.auth.api.second_factors import login as second_step
from dovetail.contrib.auth.api.second_factors import own, proof
from dovetail.contrib.auth.api.second_factors.login import log_in_or_challenge
from dovetail.contrib.auth.api.second_factors.schemas import SecondStepRead
from dovetail.contrib.auth.credentials.scopes import takes_any_scopes
from dovetail.contrib.auth.events.models import EventKind
from dovetail.contrib.auth.events.record import record
from dovetail.contrib.auth.mail.models import MailKind
from dovetail.contrib.auth.mail.outbox import send_token
from dovetail.contrib.auth.models import User
from dovetail.contrib.auth.sessions.ending import end_session
from dovetail.contrib.auth.tokens.current import token_of
from dovetail.contrib.auth.tokens.personal import revoke_token
from dovetail.database.session import SessionDep
from dovetail.errors import BadRequestError, FieldError, NotAuthenticatedError, PermissionDeniedError

router = APIRouter(prefix="/auth", tags=["auth"])


@router.post(
    "/register",
    status_code=201,
    response_model=UserRead,
    responses={**THROTTLED, 403: {"description": "Registration is closed"}},
    dependencies=[limited("register")],
)
async def register(data: UserRegister, manager: UserManagerDep) -> User:
    """Create an account; its owner is sent a message to verify the address. 409 names the field that is taken."""
    if not manager.settings.registration_open:
        raise PermissionDeniedError("Registration is closed; ask the people who run this site for an account.")
    user = await users.create_user(
        manager.session,
        username=data.username,
        email=data.email,
        password=data.password.get_secret_value(),
        full_name=data.full_name,
        shares_address=True,
    )
    await manager.send_verification(user)
    return user


@router.post("/login", responses={**THROTTLED, 401: {"description": "Wrong name or password"}})
async def login(
    form: Annotated[LoginForm, Form()], session: SessionDep, request: Request, response: Response
) -> AccessTokenRead | SecondStepRead:
    """Get a bearer token for an e-mail address or username and a password.

    A user with a second factor gets a `challenge` instead of a token, for POST /auth/login/second-factor.

    The answer is the same 401 for an unknown name, a wrong password and a deactivated account.
    """
    user = await users.authenticate(session, form.username, form.password.get_secret_value())
    if user is None:
        raise NotAuthenticatedError("The name or the password is wrong.")
    return await log_in_or_challenge(session, user, request, response)


@router.post("/logout", status_code=204)
@takes_any_scopes
async def logout(user: EnrollingUser, credential: CredentialDep, session: SessionDep) -> None:
    """End the session, or revoke the personal token, that the request was made with."""
    assert credential is not None  # noqa: S101 - the current user was found by it
    personal = token_of(user)
    if personal is not None:
        await revoke_token(session, user, personal.id)
        return
    await end_session(session, credential.token)
    await record(session, EventKind.LOGOUT, user=user)


@router.post("/forgot-password", status_code=202, responses=THROTTLED, dependencies=[limited("reset")])
async def forgot_password(data: EmailRequest, session: SessionDep) -> None:
    """Send a token for a new password to the address, if it is known. The answer does not reveal whether it is."""
    await send_token(session, MailKind.RESET_PASSWORD, data.email)


@router.post("/reset-password", status_code=204, responses=THROTTLED, dependencies=[limited("token")])
async def reset_password(data: ResetPasswordRequest, manager: UserManagerDep) -> None:
    """Set a new password with the token from the e-mail, which works once. All sessions are ended."""
    # Imported here and below, as the manager is: see `make_manager`.
    from fastapi_users.exceptions import InvalidResetPasswordToken

    try:
        await manager.reset_password(data.token.get_secret_value(), data.password.get_secret_value())
    except InvalidResetPasswordToken:
        raise _bad_token() from None


@router.post("/request-verify-token", status_code=202, responses=THROTTLED, dependencies=[limited("verify")])
async def request_verify_token(data: EmailRequest, session: SessionDep) -> None:
    """Send a token that verifies the address, if it is known. The answer does not reveal whether it is."""
    await send_token(session, MailKind.VERIFY_EMAIL, data.email)


@router.post("/verify", response_model=UserRead, responses=THROTTLED, dependencies=[limited("token")])
async def verify(data: VerifyRequest, manager: UserManagerDep) -> User:
    """Verify the address with the token from the e-mail, which works once.

    If it is a new address of an account, it replaces the old one; 409 if another account has verified it meanwhile.
    """
    from fastapi_users.exceptions import InvalidVerifyToken

    try:
        user = await manager.verify(data.token.get_secret_value())
    except InvalidVerifyToken:
        raise _bad_token() from None
    return user


router.include_router(second_step.router)
router.include_router(own.router)
router.include_router(proof.router)


def _bad_token() -> BadRequestError:
    detail = "The token is wrong, expired or already used; ask for another."
    return BadRequestError(detail, errors=[FieldError(pointer="/token", detail=detail, type="bad_token")])
