"""List and end sessions, and give a recent proof: `/api/auth/sessions`, `/api/users/{user_id}/sessions`."""

from collections.abc import Iterable
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field

from dovetail.api.schemas import Id, Page, PathId, Schema, UTCTime
from dovetail.contrib.auth import users
from dovetail.contrib.auth.access import (
    THROTTLED,
    CurrentUser,
    StaffUser,
    check_permission,
    takes_scopes,
)
from dovetail.contrib.auth.accounts.store import get_user
from dovetail.contrib.auth.api.schemas import CurrentPassword
from dovetail.contrib.auth.credential_changes import prove
from dovetail.contrib.auth.models import User
from dovetail.contrib.auth.permissions.managing import check_may_manage
from dovetail.contrib.auth.proof import ProvingUser, RecentProof, check_recent_proof, current_row
from dovetail.contrib.auth.sessions import ending, listing
from dovetail.contrib.auth.sessions.current import session_of
from dovetail.contrib.auth.sessions.log_in import note_proof
from dovetail.contrib.auth.sessions.models import Session, SessionKind
from dovetail.database.session import SessionDep
from dovetail.errors import FieldError, InvalidInputError, NotFoundError, PermissionDeniedError

router = APIRouter()
of_users = APIRouter()  # included in the router of users
KeepCurrent = Annotated[bool, Query(description="Whether to keep the session of this request.")]


class SessionRead(Schema):
    """A session that has not ended."""

    id: Id
    door: Annotated[SessionKind, Field(description="`api`: by a token; `office`: in a browser, at the back office.")]
    method: Annotated[str, Field(description="How the user proved their identity.", examples=["password"])]
    address: Annotated[str, Field(description="The address of the client at the login.", examples=["203.0.113.7"])]
    user_agent: Annotated[str, Field(description="The client, as it called itself.", examples=["Mozilla/5.0"])]
    created_at: UTCTime
    used_at: Annotated[UTCTime, Field(description="When it was last used, to within five minutes.")]
    expires_at: Annotated[UTCTime, Field(description="When it ends, unless it is used before.")]
    is_current: Annotated[bool, Field(description="Whether it is the session of this request.")]


class PasswordProof(Schema):
    """The password of the current user."""

    password: CurrentPassword


@router.get("/auth/sessions", tags=["auth"])
async def list_sessions(user: CurrentUser, session: SessionDep) -> Page[SessionRead]:
    """Return all sessions of the user, latest used first, on one page."""
    return _page(await listing.sessions_of(session, user), user)


@router.delete("/auth/sessions/{session_id}", status_code=204, tags=["auth"])
async def end_session(session_id: PathId, user: CurrentUser, session: SessionDep) -> None:
    """End a session of the user; its token becomes invalid.

    Any session except that of this request requires a recent proof (operation `prove`).
    """
    current = session_of(user)
    if current is None or current.id != session_id:
        await check_recent_proof(session, user)
    if not await listing.end_one(session, user, session_id):
        raise NotFoundError("You have no such session.")


@router.post("/auth/logout-everywhere", status_code=204, tags=["auth"])
async def logout_everywhere(
    row: RecentProof, user: CurrentUser, session: SessionDep, *, keep_current: KeepCurrent = False
) -> None:
    """End all sessions of the user, in the API, the back office and elsewhere. It requires a recent proof."""
    await users.log_out_everywhere(session, user, keep_id=row.id if keep_current else None)


@router.post("/auth/prove", status_code=204, tags=["auth"], responses=THROTTLED)
async def prove_with_password(data: PasswordProof, user: ProvingUser, session: SessionDep) -> None:
    """Give a recent proof by the password: for some minutes, this session may do what requires one."""
    proof = await prove(user, data.password.get_secret_value())
    row = await current_row(session, user)
    found = await session.get_one(User, user.id, populate_existing=True)
    if found.hashed_password not in proof.hashes:
        detail = "This is not your password."
        raise InvalidInputError(detail, errors=[FieldError(pointer="/password", detail=detail)])
    await note_proof(session, row)


@router.post("/auth/logout-everybody", status_code=204, tags=["auth"])
async def logout_everybody(
    row: RecentProof, user: CurrentUser, session: SessionDep, *, keep_current: KeepCurrent = True
) -> None:
    """End the sessions of all users, for instance after a break-in; for superusers. It requires a recent proof."""
    if not user.is_superuser:
        raise PermissionDeniedError("Only a superuser may log everybody out.")
    await ending.end_all_sessions(session, keep_id=row.id if keep_current else None)


@of_users.get("/users/{user_id}/sessions")
@takes_scopes("auth.view_session")
async def list_user_sessions(user_id: PathId, viewer: StaffUser, session: SessionDep) -> Page[SessionRead]:
    """Return all sessions of a user; for staff with the permission to view sessions."""
    check_permission(viewer, "auth.view_session")
    return _page(await listing.sessions_of(session, await get_user(session, user_id)), viewer)


@of_users.delete("/users/{user_id}/sessions", status_code=204)
@takes_scopes("auth.delete_session")
async def end_user_sessions(user_id: PathId, viewer: StaffUser, session: SessionDep) -> None:
    """End all sessions of a user; for staff with the permission to delete sessions."""
    check_permission(viewer, "auth.delete_session")
    user = await get_user(session, user_id)
    await check_may_manage(session, viewer, user)
    await users.log_out_everywhere(session, user)


def _page(rows: Iterable[Session], viewer: User) -> Page[SessionRead]:
    current = session_of(viewer)
    items = [_read(row, is_current=current is not None and row.id == current.id) for row in rows]
    return Page[SessionRead](items=items, total=None, next=None, previous=None)


def _read(row: Session, *, is_current: bool) -> SessionRead:
    return SessionRead(
        id=row.id,
        door=row.kind,
        method=row.method,
        address=row.address,
        user_agent=row.user_agent,
        created_at=row.created_at,
        used_at=row.used_at,
        expires_at=row.expires_at,
        is_current=is_current,
    )
