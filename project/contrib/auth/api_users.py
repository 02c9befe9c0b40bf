"""Users about themselves, and staff about users: `/api/users`."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from pydantic import MISSING

from project.api.pagination import paginate
from project.api.schemas import Page, PathId
from project.contrib.auth import messages, users
from project.contrib.auth.dependencies import BearerToken, CurrentUser, StaffUser
from project.contrib.auth.mailing import MailerDep, UserManagerDep
from project.contrib.auth.manager import UserManager
from project.contrib.auth.models import User
from project.contrib.auth.queries import users_for
from project.contrib.auth.schemas import ProfileUpdate, UserCreate, UserQuery, UserRead, UserUpdate
from project.database.dependencies import SessionDep
from project.errors import ConflictError, NotFoundError

router = APIRouter(prefix="/users", tags=["users"])


@router.get("/me", response_model=UserRead)
async def get_me(user: CurrentUser) -> User:
    """Who the token belongs to."""
    return user


@router.patch("/me", response_model=UserRead)
async def update_me(
    data: ProfileUpdate,
    user: CurrentUser,
    token: BearerToken,
    manager: UserManagerDep,
    mailer: MailerDep,
) -> User:
    """Change what is given of oneself.

    A new password needs the current one, and ends all other sessions. A new address has to be verified again.
    """
    old_email = user.email
    await users.update_user(manager.session, user, **_columns(data))
    if data.password is not MISSING:
        current = "" if data.current_password is MISSING else data.current_password.get_secret_value()
        await manager.change_password(user, current, data.password.get_secret_value(), keep_token=token)
    if user.email != old_email:
        manager.messages.append(messages.email_changed(user, old_email))
        await manager.request_verify(user)
    mailer.send_later(manager.messages)
    return user


@router.get("")
async def list_users(
    query: Annotated[UserQuery, Query()], _: StaffUser, session: SessionDep, request: Request
) -> Page[UserRead]:
    """All users, for staff."""
    return await paginate(session, users_for(query), query, request, UserRead)


@router.post("", status_code=201, response_model=UserRead)
async def create_user(data: UserCreate, _: StaffUser, session: SessionDep) -> User:
    """Make an account for somebody, as staff; no message is sent."""
    values = data.model_dump(exclude={"password"})
    return await users.create_user(session, **values, password=data.password.get_secret_value())


@router.get("/{user_id}", response_model=UserRead)
async def get_user(user_id: PathId, _: StaffUser, session: SessionDep) -> User:
    """One user, for staff."""
    return await _get(session, user_id)


@router.patch("/{user_id}", response_model=UserRead)
async def update_user(user_id: PathId, data: UserUpdate, staff: StaffUser, session: SessionDep) -> User:
    """Change what is given of a user, as staff.

    A new password and `is_active: false` end the user's sessions. Nobody takes their own rights away.
    """
    user = await _get(session, user_id)
    if user is staff and False in (data.is_active, data.is_superuser):
        raise ConflictError("You cannot deactivate yourself or take your own rights away; ask another superuser to.")
    await users.update_user(session, user, **_columns(data))
    if data.password is not MISSING:
        await users.set_password(session, user, data.password.get_secret_value())
    return user


@router.delete("/{user_id}", status_code=204)
async def delete_user(user_id: PathId, staff: StaffUser, session: SessionDep) -> None:
    """Delete a user and all that is theirs, as staff; nobody deletes themselves."""
    user = await _get(session, user_id)
    if user is staff:
        raise ConflictError("You cannot delete yourself; ask another superuser to.")
    await UserManager(session).delete(user)


async def _get(session: SessionDep, user_id: int) -> User:
    user = await session.get(User, user_id)
    if user is None:
        raise NotFoundError(f"There is no user {user_id}.")
    return user


def _columns(data: ProfileUpdate | UserUpdate) -> dict[str, str | bool]:
    return data.model_dump(exclude={"password", "current_password"})
