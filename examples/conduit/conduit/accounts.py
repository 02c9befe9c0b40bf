"""Accounts: register, log in, and who one is. The site's own `/api/users` stands elsewhere, as its mount table says."""

from typing import Annotated, Generic, TypeVar

from fastapi import APIRouter, Request
from pydantic import MISSING, Field, SecretStr
from sqlalchemy.ext.asyncio import AsyncSession

from conduit.profiles import profile_of
from dovetail.api.schemas import Schema
from dovetail.contrib.auth.access import CurrentUser, SecondStep, begin_login
from dovetail.contrib.auth.models import User
from dovetail.contrib.auth.users import authenticate, create_user, hash_new_password, set_password, update_user
from dovetail.database.session import SessionDep
from dovetail.errors import FieldError, NotAuthenticatedError, PermissionDeniedError
from dovetail.plugin import context_of

Text = Annotated[str, Field(min_length=1, max_length=320)]
Secret = Annotated[SecretStr, Field(min_length=1, max_length=1000)]


class Login(Schema):
    """What somebody logs in with."""

    email: Text
    password: Secret


class Registration(Login):
    """A new account."""

    username: Text


class Changes(Schema):
    """The fields of an account that change."""

    email: Text | MISSING = MISSING
    username: Text | MISSING = MISSING
    password: Secret | MISSING = MISSING
    bio: Annotated[str | None, Field(max_length=10_000)] | MISSING = MISSING
    image: Annotated[str | None, Field(max_length=2000)] | MISSING = MISSING


class Account(Schema):
    """An account as its owner sees it."""

    email: str
    token: str
    username: str
    bio: str | None
    image: str | None


Body = TypeVar("Body", bound=Schema)


class Sent(Schema, Generic[Body]):
    """A body with what stands around it."""

    user: Body


class Answered(Schema):
    """An account with what stands around it."""

    user: Account


router = APIRouter(tags=["accounts"])


@router.post("/users", status_code=201)
async def register_account(data: Sent[Registration], session: SessionDep, request: Request) -> Answered:
    """Make an account, and log in. The address counts at once, for Conduit sends no mail."""
    new = data.user
    user = await create_user(
        session,
        username=new.username,
        email=new.email,
        password=new.password.get_secret_value(),
        is_verified=True,
    )
    return await _logged_in(session, user, request)


@router.post("/users/login")
async def log_in_account(data: Sent[Login], session: SessionDep, request: Request) -> Answered:
    """Log in."""
    user = await authenticate(session, data.user.email, data.user.password.get_secret_value())
    if user is None:
        raise NotAuthenticatedError(errors=[FieldError(pointer="/credentials", detail="invalid")])
    return await _logged_in(session, user, request)


@router.get("/user")
async def get_account(user: CurrentUser, session: SessionDep, request: Request) -> Answered:
    """Answer who one is."""
    return await _account(session, user, _token(request))


@router.put("/user")
async def change_account(data: Sent[Changes], user: CurrentUser, session: SessionDep, request: Request) -> Answered:
    """Change fields of one's account."""
    changes = data.user.model_dump(exclude={"password"})
    password, token = data.user.password, _token(request)
    hashed = None
    if isinstance(password, SecretStr):
        text, context = password.get_secret_value(), context_of(session)
        hashed = await hash_new_password(text, username=user.username, email=user.email, context=context)
    profile = await profile_of(session, user)
    for name in ("bio", "image"):
        if name in changes:
            setattr(profile, name, changes.pop(name) or None)
    if "email" in changes:
        changes["is_verified"] = True
    await update_user(session, user, **changes)
    if hashed is not None:
        await set_password(session, user, hashed, keep_token=token)
    return await _account(session, user, token)


async def _logged_in(session: AsyncSession, user: User, request: Request) -> Answered:
    begun = await begin_login(session, user, connection=request, method="password")
    if isinstance(begun, SecondStep):
        raise PermissionDeniedError("This account has a second factor; log in at /accounts/auth/login.")
    return await _account(session, user, begun.token)


async def _account(session: AsyncSession, user: User, token: str) -> Answered:
    profile = await profile_of(session, user)
    account = Account(email=user.email, token=token, username=user.username, bio=profile.bio, image=profile.image)
    return Answered(user=account)


def _token(request: Request) -> str:
    return request.headers["Authorization"].partition(" ")[2]
