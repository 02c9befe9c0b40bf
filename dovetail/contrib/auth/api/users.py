"""The endpoints of `/api/users`: users change their own account, and staff any account."""

from typing import cast

from fastapi import APIRouter, Request, Response
from pydantic import MISSING
from sqlalchemy.ext.asyncio import AsyncSession

from dovetail.api.schemas import PathId
from dovetail.contrib.auth import users
from dovetail.contrib.auth.access import (
    THROTTLED,
    CredentialDep,
    CurrentUser,
    StaffUser,
    UserBeside,
    bad_token,
    check_permission,
    takes_scopes,
)
from dovetail.contrib.auth.accounts.access_tokens import lock_user_by_token
from dovetail.contrib.auth.accounts.deletion import prepare_deletion
from dovetail.contrib.auth.accounts.one_time_tokens import expire_one_time_tokens, pending_email
from dovetail.contrib.auth.accounts.passwords import HashedPassword
from dovetail.contrib.auth.accounts.store import get_user
from dovetail.contrib.auth.api import sessions, tokens, user_permissions
from dovetail.contrib.auth.api.dependencies import UserManagerDep
from dovetail.contrib.auth.api.policies import USERS
from dovetail.contrib.auth.api.schemas import MeRead, ProfileUpdate, UserCreate, UserRead, UserUpdate
from dovetail.contrib.auth.api.second_factors import others
from dovetail.contrib.auth.credential_changes import (
    change_as_staff,
    change_own_account,
    changes_credentials,
    prove,
    start_reset_of,
    wrong_password,
)
from dovetail.contrib.auth.credentials.scopes import takes_any_scopes
from dovetail.contrib.auth.models import UNUSABLE_PASSWORD, TokenPurpose, User
from dovetail.contrib.auth.permissions.managing import check_may_manage, check_may_set_flags
from dovetail.contrib.auth.proof import prove_without_password
from dovetail.contrib.auth.tokens.limited_user import is_superuser_by_row
from dovetail.database.session import SessionDep
from dovetail.errors import ConflictError
from dovetail.resources.endpoints import documentation
from dovetail.resources.resource import Resource

router = APIRouter(tags=["users"])
ETAG = documentation.response_headers(ETag="The version of the user, for If-Match and If-None-Match.")


accounts = Resource(
    model=User,
    read=UserRead,
    policy=USERS,
    filters={
        "username": ("exact", "in"),
        "email": ("exact", "in"),
        "is_active": "exact",
        "is_verified": "exact",
        "is_superuser": "exact",
        "has_second_factor": "exact",
        "created_at": ("gte", "lte"),
    },
    ordering=("username", "email", "created_at", "updated_at", "id"),
    default_ordering="id",
    search=("username", "email", "full_name"),
    unindexed=(  # used only by staff, and rarely
        *(
            "username",
            "username__in",
            "email",
            "email__in",
            "is_active",
            "is_verified",
            "is_superuser",
            "has_second_factor",
        ),
        *("created_at", "created_at__gte", "created_at__lte", "updated_at", "search"),
    ),
    without={"delete", "bulk_delete"},
)


@router.get("/users/me")
@takes_any_scopes
async def get_me(user: CurrentUser, session: SessionDep) -> MeRead:
    """Return the current user."""
    return await _me(session, user)


@router.patch("/users/me", responses=THROTTLED)
async def update_me(
    data: ProfileUpdate,
    user: UserBeside,
    credential: CredentialDep,
    manager: UserManagerDep,
) -> MeRead:
    """Change the current user.

    A new username, address or password requires the current password or, for users without a password, a recent login.
    A new password ends all other sessions. A new address replaces the old one after it is verified with the token sent
    to it.
    """
    values, password, proof = _columns(data), None, None
    if data.password is not MISSING or changes_credentials(user, values):
        current = "" if data.current_password is MISSING else data.current_password.get_secret_value()
        if user.hashed_password == UNUSABLE_PASSWORD:
            proof = await prove_without_password(manager.session, user)
        else:
            proof = await prove(user, current)
        proof.check(user)
        password = await _hash_new_password(data, user)
    assert credential is not None  # noqa: S101 - the user was found by it
    locked = await lock_user_by_token(manager.session, credential.token, credential.kind)
    if locked is None:
        raise bad_token(credential)
    if proof is not None:
        proof.check(locked)
    elif changes_credentials(locked, values):
        raise wrong_password()
    await change_own_account(manager, locked, values, password=password, keep_token=credential.token)
    return await _me(manager.session, locked)


@router.delete("/users/me/pending-email", status_code=204)
async def cancel_email_change(user: CurrentUser, session: SessionDep) -> None:
    """Cancel the change of one's address: the token that was sent to the new one becomes invalid."""
    await expire_one_time_tokens(session, user.id, TokenPurpose.CHANGE_EMAIL)


for part in (user_permissions.router, sessions.of_users, tokens.of_users):
    router.include_router(part)
router.include_router(others.router)
router.include_router(accounts.router)  # after /users/me, which /users/{user_id} would match


@router.post(
    "/users",
    status_code=201,
    response_model=UserRead,
    openapi_extra={"parameters": [documentation.idempotency_key()]},
    responses={
        201: {
            "headers": ETAG | documentation.response_headers(Location="The path of the new object."),
            "links": documentation.links_to(accounts, "get", "update", "delete"),
        }
    },
)
@takes_scopes("auth.add_user")
async def create_user(data: UserCreate, staff: StaffUser, manager: UserManagerDep, request: Request) -> Response:
    """Create an account for somebody, as staff. They are sent a link to choose a password."""
    session = manager.session
    check_permission(staff, "auth.add_user")
    check_may_set_flags(staff, None, is_superuser=data.is_superuser)

    async def create() -> Response:
        user = await users.create_user(session, **data.model_dump(), password=None)
        await manager.invite(user)
        return await accounts.respond(request, session, staff, user.id, status=201)

    return await accounts.respond_once(request, session, staff, create)


@router.patch(
    "/users/{user_id}",
    response_model=UserRead,
    openapi_extra={"parameters": [documentation.if_match(required=False)]},
    responses=documentation.precondition_responses(required=False) | {200: {"headers": ETAG}},
)
@takes_scopes("auth.change_user")
async def update_user(
    *,
    user_id: PathId,
    data: UserUpdate,
    staff: StaffUser,
    manager: UserManagerDep,
    request: Request,
) -> Response:
    """Change some fields of a user, as staff; fields that are left out keep their values.

    A new address replaces the old one after it is verified with the token sent to it, or at once with
    `is_verified: true`, by which staff vouch for it; the old address is told. `is_active: false` ends the user's
    sessions. Nobody can choose another user's password; see the operation `start_reset`. Change your own credentials at
    `/users/me`.
    """
    check_permission(staff, "auth.change_user")
    user = await accounts.lock(manager.session, staff, user_id, request)
    _check_own(data, user, staff)
    await check_may_manage(manager.session, staff, user)
    if data.is_superuser is not MISSING:
        check_may_set_flags(staff, user, is_superuser=data.is_superuser)
    await change_as_staff(manager, user, _columns(data), vouch=data.is_verified is True)
    return await accounts.respond(request, manager.session, staff, user_id)


@router.post("/users/{user_id}/reset-password", status_code=202, responses={409: {"description": "Deactivated"}})
@takes_scopes("auth.change_user")
async def start_reset(user_id: PathId, staff: StaffUser, manager: UserManagerDep) -> None:
    """Send a user a link to choose a new password, as staff. Nothing changes until they follow it."""
    check_permission(staff, "auth.change_user")
    user = await get_user(manager.session, user_id, lock=True)
    await check_may_manage(manager.session, staff, user)
    await start_reset_of(manager, user)


@router.delete(
    "/users/{user_id}",
    status_code=204,
    openapi_extra={"parameters": [documentation.if_match(required=False)]},
    responses=documentation.precondition_responses(required=False) | {422: {}},
)
@takes_scopes("auth.delete_user")
async def delete_user(user_id: PathId, staff: StaffUser, session: SessionDep, request: Request) -> None:
    """Delete a user and what belongs to them. Nobody can delete themselves."""
    user = await accounts.lock(session, staff, user_id, request, action="delete")
    if user.id == staff.id:
        raise ConflictError("You cannot delete yourself; ask another superuser to.")
    await check_may_manage(session, staff, user)
    await prepare_deletion(session, user)
    await accounts.writer.delete_locked(session, user)


async def _me(session: AsyncSession, user: User) -> MeRead:
    known = UserRead.model_validate(user, from_attributes=True)
    return MeRead(**dict(known), pending_email=await pending_email(session, user.id))


def _check_own(data: UserUpdate, user: User, staff: User) -> None:
    if user.id != staff.id:
        return
    if False in (data.is_active, data.is_staff) or (data.is_superuser is False and is_superuser_by_row(user)):
        raise ConflictError("You cannot deactivate yourself or take your own rights away; ask another superuser to.")
    if changes_credentials(user, _columns(data)):
        raise ConflictError(
            "Change what you log in with by the operation update_me, which asks for your current password."
        )


async def _hash_new_password(data: ProfileUpdate, user: User) -> HashedPassword | None:
    if data.password is MISSING:
        return None
    username = user.username if data.username is MISSING else data.username
    email = user.email if data.email is MISSING else data.email
    full_name = user.full_name if data.full_name is MISSING else data.full_name
    return await users.hash_new_password(
        data.password.get_secret_value(),
        username=username,
        email=email,
        full_name=full_name,
        has_second_factor=user.has_second_factor,
    )


def _columns(data: ProfileUpdate | UserUpdate) -> users.UserChanges:
    return cast("users.UserChanges", data.model_dump(exclude={"password", "current_password"}))
