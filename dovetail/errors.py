"""Every error Dovetail raises on purpose: each knows its HTTP status, its problem type and its title.

The kernel turns them into RFC 9457 problem details on the web and into one line and a non-zero exit code
on the command line. An error's docstring is its default message.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

CLIENT_HUNG_UP = 499  # nginx's number; only logs ever show it
CHALLENGE = "WWW-Authenticate"  # the header of a 401 that says how to authenticate
LONGEST_QUOTE = 50  # characters; enough to recognise it
LONGEST_SETTING = 20  # characters: a secret that was put into the wrong variable is not told in full


@dataclass(frozen=True, kw_only=True)
class FieldError:
    """One thing that is wrong with what a client sent.

    `pointer` is a JSON pointer into the body (`/title`) or the name of a parameter (`limit`).
    """

    pointer: str
    detail: str
    type: str = "invalid"


def quoted(text: str, longest: int = LONGEST_QUOTE) -> str:
    """Return what a client sent for the text of an error: fifty characters, in quotes, control characters escaped."""
    return repr(text if len(text) <= longest else text[:longest] + "…")


def quoted_setting(text: str) -> str:
    """Return a value of a setting for the text of an error: its beginning, in quotes, control characters escaped."""
    return quoted(text, LONGEST_SETTING)


class DovetailError(Exception):
    """Something went wrong on our side."""

    status: ClassVar[int] = 500
    slug: ClassVar[str] = "internal-error"
    title: ClassVar[str] = "Internal Server Error"

    def __init__(
        self,
        detail: str | None = None,
        *,
        errors: Sequence[FieldError] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.detail = detail or (type(self).__doc__ or self.title).partition("\n")[0]
        self.errors = tuple(errors)
        self.headers = dict(headers or {})
        super().__init__(self.detail)


class ConfigurationError(DovetailError):
    """The settings are not usable."""


class BadRequestError(DovetailError):
    """The request cannot be understood."""

    status = 400
    slug = "bad-request"
    title = "Bad Request"


class NotAuthenticatedError(DovetailError):
    """Authentication is required."""

    status = 401
    slug = "not-authenticated"
    title = "Unauthorized"

    def __init__(self, detail: str | None = None, *, errors: Sequence[FieldError] = ()) -> None:
        super().__init__(detail, errors=errors, headers={CHALLENGE: "Bearer"})


class PermissionDeniedError(DovetailError):
    """You may not do this."""

    status = 403
    slug = "permission-denied"
    title = "Forbidden"


class NotFoundError(DovetailError):
    """There is nothing here."""

    status = 404
    slug = "not-found"
    title = "Not Found"


class ConflictError(DovetailError):
    """The request conflicts with what is already stored."""

    status = 409
    slug = "conflict"
    title = "Conflict"


class GoneError(DovetailError):
    """This was here, and is not kept any more."""

    status = 410
    slug = "gone"
    title = "Gone"


class StaleWriteError(DovetailError):
    """Somebody else changed this in the meantime; read it again and repeat your change."""

    status = 412
    slug = "stale-write"
    title = "Precondition Failed"


class PayloadTooLargeError(DovetailError):
    """The request body is larger than this server accepts."""

    status = 413
    slug = "payload-too-large"
    title = "Content Too Large"


class UnsupportedMediaTypeError(DovetailError):
    """The body is in another encoding than UTF-8; send it in UTF-8."""

    status = 415
    slug = "unsupported-media-type"
    title = "Unsupported Media Type"


class InvalidInputError(DovetailError):
    """The request does not have the expected form."""

    status = 422
    slug = "invalid-input"
    title = "Unprocessable Content"


class PreconditionRequiredError(DovetailError):
    """Send If-Match with the ETag of what you read, so that you cannot overwrite somebody else's change."""

    status = 428
    slug = "precondition-required"
    title = "Precondition Required"


class TooManyRequestsError(DovetailError):
    """Too many requests came from here; try again later."""

    status = 429
    slug = "too-many-requests"
    title = "Too Many Requests"


class UnavailableError(DovetailError):
    """The service is busy or its database is away; try again shortly."""

    status = 503
    slug = "unavailable"
    title = "Service Unavailable"

    def __init__(self, detail: str | None = None, *, retry_after: int = 1) -> None:
        super().__init__(detail, headers={"Retry-After": str(retry_after)})


class RequestInProgressError(UnavailableError):
    """Another request with the same Idempotency-Key is at work; try again shortly."""


class MigrationError(DovetailError):
    """A migration could not be made or applied; the message names the revision or the plugin, and what to do."""
