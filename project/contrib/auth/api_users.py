"""Users about themselves, and staff about users: `/api/users`."""

from fastapi import APIRouter

from project.contrib.auth.dependencies import CurrentUser
from project.contrib.auth.models import User
from project.contrib.auth.schemas import UserRead

router = APIRouter(prefix="/users", tags=["users"])


@router.get("/me", operation_id="get_me", response_model=UserRead)
async def get_me(user: CurrentUser) -> User:
    """Who the token belongs to."""
    return user
