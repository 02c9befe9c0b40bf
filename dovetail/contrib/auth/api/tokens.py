"""Create, list and revoke personal tokens: `/api/auth/tokens`, `/api/users/{user_id}/tokens`."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Annotated, Self

from fastapi import APIRouter, Request, Response
from pydantic import Field, StrictBool, model_validator

from dovetail.api.schemas import Id, Page, PathId, Schema, UTCTime
from dovetail.contrib.auth.access import CredentialDep, CurrentUser, StaffUser, check_permission, takes_scopes
from dovetail.contrib.auth.accounts.store import get_user
from dovetail.contrib.auth.api.dependencies import AuthSettingsDep
from dovetail.contrib.auth.api.groups import MAX_NAMES, PermissionName
from dovetail.contrib.auth.credential_changes import make_personal_token, revoke_personal_token
from dovetail.contrib.auth.credentials.browser_sessions import BROWSER_SESSIONS
from dovetail.contrib.auth.permissions.managing import check_may_manage
from dovetail.contrib.auth.proof import RecentProof
from dovetail.contrib.auth.sessions.current import session_of
from dovetail.contrib.auth.setting_types.schemes import Scheme
from dovetail.contrib.auth.tokens import personal
from dovetail.contrib.auth.tokens.models import MAXIMUM_TOKEN_NAME, PersonalToken
from dovetail.database.session import SessionDep
from dovetail.errors import FieldError, InvalidInputError, NotFoundError

router = APIRouter()
of_users = APIRouter()  # included in the router of users


class TokenCreate(Schema):
    """A new personal token, either with scopes or explicitly with all permissions of its owner."""

    name: Annotated[
        str,
        Field(
            min_length=1,
            max_length=MAXIMUM_TOKEN_NAME,
            pattern=r"^[^\x00-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f][^\x00-\x1f\x7f-\x9f]*$",
            description="What it is for.",
            examples=["ci"],
        ),
    ]
    scopes: Annotated[
        list[PermissionName],
        Field(max_length=MAX_NAMES, description="The permissions it is limited to.", examples=[["blog.add_post"]]),
    ] = []  # noqa: RUF012 - pydantic copies it
    unlimited: Annotated[StrictBool, Field(description="Whether it may do all that you may; only without scopes.")] = (
        False
    )
    lifetime_days: Annotated[int, Field(ge=1, le=3_660, description="Days until it expires.", examples=[90])] = 90

    @model_validator(mode="after")
    def _say_what_it_may(self) -> Self:
        if self.unlimited == bool(self.scopes):
            raise ValueError("a token needs either scopes or unlimited: true")
        return self


class TokenRead(Schema):
    """A valid personal token. The token itself is shown only once, when it is created."""

    id: Id
    name: Annotated[str, Field(examples=["ci"])]
    hint: Annotated[str, Field(description="The beginning of the token.", examples=["dvt_8fQz"])]
    scopes: Annotated[
        list[PermissionName] | None,
        Field(
            description="The permissions it is limited to; null if it may do all that its owner may.",
            examples=[["blog.add_post"]],
        ),
    ]
    created_at: UTCTime
    expires_at: UTCTime
    used_at: Annotated[UTCTime | None, Field(description="When it was last used, to within five minutes.")]


class MadeTokenRead(TokenRead):
    """A token that was just created."""

    token: Annotated[
        str,
        Field(
            description="Store it now: it cannot be shown again.",
            examples=["dvt_8fQzV0cN2mW5xYk7Lr9TbGh3JdPs6Ua1EeXoCiMvRqB4wZ0Hn3d"],
        ),
    ]


class CSRFTokenRead(Schema):
    """The value of the header X-CSRF-Token for unsafe requests of pages that use the session cookie."""

    csrf_token: Annotated[str | None, Field(description="Null if none is needed.", examples=["2.7.5f0c1b…"])]


@router.get("/auth/csrf", tags=["auth"])
async def get_csrf_token(user: CurrentUser, credential: CredentialDep, request: Request) -> CSRFTokenRead:
    """Return the CSRF token of the session whose cookie the request has; null if it has another credential."""
    current = session_of(user)
    if credential is None or credential.scheme is not Scheme.SESSION or current is None:
        return CSRFTokenRead(csrf_token=None)
    return CSRFTokenRead(csrf_token=BROWSER_SESSIONS.get(request.app).csrf_token(user.id, current.id))


@router.get("/auth/tokens", tags=["auth"])
async def list_tokens(user: CurrentUser, session: SessionDep) -> Page[TokenRead]:
    """Return all personal tokens of the user, newest first, on one page."""
    return _page(await personal.tokens_of(session, user))


@router.post("/auth/tokens", status_code=201, tags=["auth"])
async def create_token(
    data: TokenCreate,
    _: RecentProof,
    user: CurrentUser,
    session: SessionDep,
    settings: AuthSettingsDep,
    response: Response,
) -> MadeTokenRead:
    """Create a personal token for a program. It requires a recent proof (operation `prove`).

    With scopes, it may only do what they allow. With `unlimited: true`, it may do what its owner may, except for what
    requires a recent proof.
    """
    if data.lifetime_days > settings.personal_token_days:
        detail = f"A personal token lasts {settings.personal_token_days} days or less."
        raise InvalidInputError(detail, errors=[FieldError(pointer="/lifetime_days", detail=detail)])
    scopes = None if data.unlimited else data.scopes
    lasts = timedelta(days=data.lifetime_days)
    made = await make_personal_token(session, user, name=data.name, scopes=scopes, lifetime=lasts)
    response.headers["Pragma"] = "no-cache"  # as in the response to a login
    return MadeTokenRead(**_columns(made.row), scopes=made.scopes, token=made.token)


@router.delete("/auth/tokens/{token_id}", status_code=204, tags=["auth"])
async def revoke_token(token_id: PathId, _: RecentProof, user: CurrentUser, session: SessionDep) -> None:
    """Revoke a personal token of the user; it becomes invalid. It requires a recent proof.

    A token can revoke itself without a proof, with the operation `logout`.
    """
    if not await revoke_personal_token(session, user, token_id):
        raise NotFoundError("You have no such token.")


@of_users.get("/users/{user_id}/tokens")
@takes_scopes("auth.view_personaltoken")
async def list_user_tokens(user_id: PathId, viewer: StaffUser, session: SessionDep) -> Page[TokenRead]:
    """Return all personal tokens of a user; for staff with the permission to view personal tokens."""
    check_permission(viewer, "auth.view_personaltoken")
    return _page(await personal.tokens_of(session, await get_user(session, user_id)))


@of_users.delete("/users/{user_id}/tokens", status_code=204)
@takes_scopes("auth.delete_personaltoken")
async def revoke_user_tokens(user_id: PathId, viewer: StaffUser, session: SessionDep) -> None:
    """Revoke all personal tokens of a user; for staff with the permission to delete personal tokens."""
    check_permission(viewer, "auth.delete_personaltoken")
    user = await get_user(session, user_id)
    await check_may_manage(session, viewer, user)
    await personal.revoke_tokens_of(session, user)


def _page(rows: Iterable[PersonalToken]) -> Page[TokenRead]:
    items = [TokenRead(**_columns(row), scopes=_scopes(row)) for row in rows]
    return Page[TokenRead](items=items, total=None, next=None, previous=None)


def _scopes(row: PersonalToken) -> list[str] | None:
    return [scope.name for scope in row.scopes] if row.is_limited else None


def _columns(row: PersonalToken) -> dict[str, object]:
    names = ("id", "name", "hint", "created_at", "expires_at", "used_at")
    return {name: getattr(row, name) for name in names}
