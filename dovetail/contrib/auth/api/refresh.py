"""Exchange a refresh token for a new access token: `/api/auth/token`, as in OAuth 2 (RFC 6749, section 6)."""

from typing import Annotated

import orjson
from fastapi import APIRouter, Form, Request, Response
from pydantic import Field, SecretStr

from dovetail.api.problems import respond
from dovetail.api.schemas import Schema
from dovetail.api.throttling.throttled import THROTTLED, throttled
from dovetail.contrib.auth.api.dependencies import AuthSettingsDep
from dovetail.contrib.auth.api.schemas import AccessTokenRead
from dovetail.contrib.auth.sessions.refreshing import NotRefreshed, refresh
from dovetail.database.session import SessionDep
from dovetail.errors import BadRequestError, FieldError

router = APIRouter(prefix="/auth", tags=["auth"])
REFUSED: dict[int | str, dict[str, object]] = {
    400: {"description": "Wrong, used or over; `error` says which, as in RFC 6749"}
}
DETAILS = {
    NotRefreshed.UNKNOWN: "The refresh token is wrong, or its session is over; log in again.",
    NotRefreshed.JUST_USED: "The refresh token was used a moment ago: use what it gave. If you have not got it, send "
    "this again in 15 seconds, which ends the session.",
    NotRefreshed.REUSED: "The refresh token was used before: somebody has a copy. The session was ended; log in again.",
}


class RefreshForm(Schema):
    """A refresh token to exchange for a new one."""

    grant_type: Annotated[
        str, Field(min_length=1, max_length=100, examples=["refresh_token"], description="`refresh_token`.")
    ]
    refresh_token: Annotated[SecretStr, Field(min_length=1, max_length=200, examples=["dvr_8fQzV0cN2mW5xYk7Lr9TbGh"])]
    scope: Annotated[str, Field(max_length=1000, description="Ignored: there are no OAuth scopes.")] = ""
    client_id: Annotated[str, Field(max_length=1000, description="Ignored: clients need no id.")] = ""


@router.post(
    "/token",
    response_model=AccessTokenRead,
    responses=REFUSED | THROTTLED,
    dependencies=[throttled("300/minute", name="refresh")],
)
async def refresh_token(
    form: Annotated[RefreshForm, Form()],
    session: SessionDep,
    settings: AuthSettingsDep,
    request: Request,
    response: Response,
) -> AccessTokenRead | Response:
    """Get a new access token and refresh token for a session, if AUTH_REFRESH_TOKENS is enabled.

    A refresh token works once. A second use ends the session, since one of the two users is not its owner.
    """
    if form.grant_type != "refresh_token" or not settings.refresh_tokens:
        found = "gives no refresh tokens" if form.grant_type == "refresh_token" else "logs in at the operation login"
        return _refuse(
            request, "unsupported_grant_type", "/grant_type", f"This site {found}; expected a grant_type that it knows."
        )
    given = await refresh(session, form.refresh_token.get_secret_value(), request)
    if isinstance(given, NotRefreshed):
        return _refuse(
            request, "invalid_grant", "/refresh_token", DETAILS[given]
        )  # returned, not raised, so that ending the session is committed
    response.headers["Pragma"] = "no-cache"  # RFC 6749, section 5.1; the middleware adds no-store
    return AccessTokenRead.of(given)


def _refuse(request: Request, error: str, pointer: str, detail: str) -> Response:
    """Return a problem that also has OAuth 2's members `error` and `error_description` (RFC 6749, section 5.2)."""
    problem = respond(request, BadRequestError(detail, errors=[FieldError(pointer=pointer, detail=detail, type=error)]))
    body = orjson.loads(bytes(problem.body)) | {"error": error, "error_description": detail}
    return Response(orjson.dumps(body), problem.status_code, media_type="application/problem+json")
