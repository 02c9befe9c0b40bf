"""Turn errors into sentences for the user: never SQL, never a value that was not their own."""

from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus

from sqlalchemy.exc import StatementError
from starlette.exceptions import HTTPException

from dovetail.database.error_translation import client_error
from dovetail.database.pool.statement_timeouts import StatementTimeoutError
from dovetail.errors import DovetailError, FieldError, InvalidInputError
from dovetail.translation.texts import gettext, gettext_lazy

MESSAGES = {
    HTTPStatus.NOT_FOUND: gettext_lazy("There is nothing here. It may have been deleted."),
    HTTPStatus.FORBIDDEN: gettext_lazy("You may not do this."),
    HTTPStatus.METHOD_NOT_ALLOWED: gettext_lazy("This address does not answer requests of that kind."),
}
TOO_SLOW = gettext_lazy(
    "The database needed too long for this, so it was stopped and nothing was changed. "
    "If it was a list: narrow it with a filter, search for less, or choose another order."
)
TOO_LARGE = gettext_lazy(
    "What you sent is larger than this site takes, so nothing was saved. "
    "Go back, and choose smaller files or write less text."
)


@dataclass(frozen=True, kw_only=True)
class ErrorMessage:
    """A status for the browser and a sentence for its user."""

    status: int
    message: str
    errors: Sequence[FieldError] = ()
    is_too_slow: bool = False

    @property
    def is_ours(self) -> bool:
        """True if the user can do nothing about it."""
        return self.status >= HTTPStatus.INTERNAL_SERVER_ERROR

    @property
    def is_expected(self) -> bool:
        """True if it happens to a site that is busy: a line in the log says enough."""
        return self.status == HTTPStatus.SERVICE_UNAVAILABLE


def message_for(error: Exception) -> ErrorMessage:
    """Return what to tell the user about `error`; of what only an operator can mend, a 500 that says nothing."""
    status = getattr(error, "status_code", getattr(error, "status", None))
    if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        return ErrorMessage(status=status, message=str(TOO_LARGE))
    if isinstance(error, HTTPException):
        status = HTTPStatus(error.status_code)
        standard = error.detail == status.phrase
        return ErrorMessage(
            status=status, message=str(MESSAGES.get(status, status.phrase)) if standard else str(error.detail)
        )
    known = error if isinstance(error, DovetailError) else client_error(error)
    if known is None and _is_bad_value(error):
        known = InvalidInputError(gettext("A value is too large or has the wrong form."))
    if known is None or known.status == HTTPStatus.INTERNAL_SERVER_ERROR:
        return ErrorMessage(status=500, message=gettext("Something went wrong on our side. It has been logged."))
    if isinstance(known, StatementTimeoutError):
        return ErrorMessage(status=known.status, message=str(TOO_SLOW), is_too_slow=True)
    return ErrorMessage(status=known.status, message=gettext(known.detail), errors=known.errors)


def _is_bad_value(error: Exception) -> bool:
    # What a driver or a column type refuses before the database sees it.
    return isinstance(error, OverflowError) or (
        isinstance(error, StatementError) and isinstance(error.orig, OverflowError | TypeError | ValueError)
    )
