"""Users about themselves, and staff about users: `/api/users`."""

from typing import Any

from fastapi import APIRouter
from pydantic import MISSING
from sqlalchemy.ext.asyncio import AsyncSession

from project.api.resources.resource import Resource
from project.contrib.auth import messages, users
from project.contrib.auth.dependencies import BearerToken, CurrentUser
from project.contrib.auth.mailing import MailerDep, UserManagerDep
from project.contrib.auth.models import User
from project.contrib.auth.policies import StaffOnly
from project.contrib.auth.schemas import ProfileUpdate, UserCreate, UserRead, UserUpdate
from project.errors import ConflictError

router = APIRouter(tags=["users"])


class UsersPolicy(StaffOnly):
    """For staff, none of whom deletes themselves."""

    def may_delete(self, viewer: User, item: User) -> None:
        """Everybody but oneself."""
        if item.id == viewer.id:
            raise ConflictError("You cannot delete yourself; ask another superuser to.")


async def create_user(session: AsyncSession, _: User, data: UserCreate) -> User:
    """Make an account for somebody, as staff; no message is sent."""
    values = data.model_dump(exclude={"password"})
    return await users.create_user(session, **values, password=data.password.get_secret_value())


async def update_user(session: AsyncSession, staff: User, user: User, data: UserUpdate) -> None:
    """Change what is given of a user. A new password and `is_active: false` end the user's sessions.

    Raises ConflictError if somebody takes their own rights away.
    """
    if user.id == staff.id and False in (data.is_active, data.is_superuser):
        raise ConflictError("You cannot deactivate yourself or take your own rights away; ask another superuser to.")
    await users.update_user(session, user, **_columns(data))
    if data.password is not MISSING:
        await users.set_password(session, user, data.password.get_secret_value())


accounts = Resource(
    model=User,
    read=UserRead,
    create=UserCreate,
    update=UserUpdate,
    policy=UsersPolicy(),
    filters={
        "username": ("exact", "in"),
        "email": ("exact", "in"),
        "is_active": "exact",
        "is_verified": "exact",
        "is_superuser": "exact",
        "created_at": ("gte", "lte"),
    },
    ordering=("username", "email", "created_at", "updated_at", "id"),
    default_ordering="id",
    search=("username", "email", "full_name"),
    without={"bulk_create", "bulk_update", "bulk_delete"},  # each password costs its hash
    create_with=create_user,
    update_with=update_user,
)


@router.get("/users/me", response_model=UserRead)
async def get_me(user: CurrentUser) -> User:
    """Who the token belongs to."""
    return user


@router.patch("/users/me", response_model=UserRead)
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


router.include_router(accounts.router)  # behind /users/me, which looks like one of its paths


def _columns(data: ProfileUpdate | UserUpdate) -> dict[str, Any]:
    return data.model_dump(exclude={"password", "current_password"})
