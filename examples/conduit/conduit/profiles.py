"""Profiles: to look at, to follow, and to stop following."""

from fastapi import APIRouter, Request, Response
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from conduit.links import link, unlink
from conduit.models import Profile, follows
from conduit.policies import PROFILES
from conduit.schemas import ProfileRead
from dovetail.contrib.auth.access import CurrentUser, OptionalUser
from dovetail.contrib.auth.models import User
from dovetail.database.session import SessionDep
from dovetail.errors import NotFoundError
from dovetail.resources.resource import Envelope, Resource

profiles = Resource(model=Profile, read=ProfileRead, policy=PROFILES, envelope=Envelope(item="profile"))
router = APIRouter(tags=["profiles"])
ANSWER = profiles.envelope.around(ProfileRead)


async def profile_of(session: AsyncSession, user: User) -> Profile:
    """Return the profile of an account, made if it has none yet."""
    profile = await session.get(Profile, user.id)
    if profile is None:
        session.add(profile := Profile(user_id=user.id))
        await session.flush()
    return profile


async def find_profile(session: AsyncSession, username: str) -> int:
    """Return the key of the profile of this name. Raise NotFoundError."""
    found = await session.scalar(select(Profile.user_id).join(Profile.user).where(User.username == username))
    if found is None:
        raise NotFoundError(f"There is no profile {username!r}.")
    return found


@router.get("/profiles/{username}", response_model=ANSWER)
async def get_profile(username: str, viewer: OptionalUser, session: SessionDep, request: Request) -> Response:
    """Answer a profile."""
    key = await find_profile(session, username)
    return await profiles.respond(request, session, viewer, key, action="view")


@router.post("/profiles/{username}/follow", response_model=ANSWER)
async def follow(username: str, user: CurrentUser, session: SessionDep, request: Request) -> Response:
    """Follow somebody."""
    key = await find_profile(session, username)
    own = await profile_of(session, user)
    await link(session, follows, follower_id=own.user_id, followed_id=key)
    return await profiles.respond(request, session, user, key, action="view")


@router.delete("/profiles/{username}/follow", response_model=ANSWER)
async def unfollow(username: str, user: CurrentUser, session: SessionDep, request: Request) -> Response:
    """Stop following somebody."""
    key = await find_profile(session, username)
    await unlink(session, follows, follower_id=user.id, followed_id=key)
    return await profiles.respond(request, session, user, key, action="view")
