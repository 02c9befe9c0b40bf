"""Turn errors into messages for the user, which contain no SQL and no values other than the user's own."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from http import HTTPStatus

from sqlalchemy import Column, Table
from sqlalchemy.exc import IntegrityError, StatementError
from sqlalchemy.orm import MANYTOONE, Mapper
from starlette.exceptions import HTTPException
from starlette.requests import Request

from dovetail.api.problems import causes_of
from dovetail.contrib.admin.columns.identifiers import parse_identifier, primary_keys
from dovetail.contrib.admin.request_context import request_context
from dovetail.contrib.admin.sqladmin_private import OpenModelView
from dovetail.database.column_types import InexactNumberError
from dovetail.database.deletion.missing_references import breaks_a_reference, missing_references
from dovetail.database.drivers.broken_rules import refused_columns
from dovetail.database.drivers.rule_sentences import broken_rule_sentence
from dovetail.database.engine.portable_values import is_exact
from dovetail.database.error_translation import client_error
from dovetail.database.pool.statement_timeouts import StatementTimeoutError
from dovetail.errors import DovetailError, FieldError, InvalidInputError
from dovetail.translation.stored_sentences import StoredSentences
from dovetail.translation.texts import gettext, gettext_lazy, in_english

logger = logging.getLogger("dovetail.admin")

MESSAGES: dict[int, str] = {
    HTTPStatus.NOT_FOUND: gettext_lazy("There is nothing here. It may have been deleted."),
    HTTPStatus.FORBIDDEN: gettext_lazy("You may not do this."),
    HTTPStatus.METHOD_NOT_ALLOWED: gettext_lazy("This address does not answer requests of that kind."),
    HTTPStatus.CONFLICT: gettext_lazy("The request conflicts with what is already stored."),
    HTTPStatus.TOO_MANY_REQUESTS: gettext_lazy("Too many requests came from here; try again later."),
    HTTPStatus.SERVICE_UNAVAILABLE: gettext_lazy("The service is busy or its database is away; try again shortly."),
}
PHRASES: dict[int, str] = {int(one): one.phrase for one in HTTPStatus}  # the default details of Starlette
REFUSED = gettext_lazy("The request cannot be understood.")
FAILED = gettext_lazy("Something went wrong on our side. It has been logged.")
TOO_SLOW = gettext_lazy(
    "The database needed too long for this, so it was stopped and nothing was changed. "
    "If it was a list: narrow it with a filter, search for less, or choose another order."
)
TOO_LARGE = gettext_lazy(
    "What you sent is larger than this site takes, so nothing was saved. "
    "Go back, and choose smaller files or write less text."
)
# Messages that middleware formats before the language of the request is known.
SENTENCES = StoredSentences({}, gettext_lazy("The query has more than %(count)s parameters."))


@dataclass(frozen=True, kw_only=True)
class ErrorMessage:
    """A status code, and a message for the user."""

    status: int
    message: str
    errors: Sequence[FieldError] = ()
    is_too_slow: bool = False

    @property
    def is_ours(self) -> bool:
        """True if the error is the site's fault, and the user can do nothing about it."""
        return self.status >= HTTPStatus.INTERNAL_SERVER_ERROR

    @property
    def is_expected(self) -> bool:
        """True if a busy site causes such errors, so that one line in the log is enough."""
        return self.status == HTTPStatus.SERVICE_UNAVAILABLE


def message_for(error: Exception, view: OpenModelView | None = None) -> ErrorMessage:
    """Return the message for the user about `error`; a 500 without details for what only an operator can fix.

    If a row violates a constraint of the database, the message names the fields of the constraint by their labels.
    """
    status = getattr(error, "status_code", getattr(error, "status", None))
    if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        return ErrorMessage(status=status, message=str(TOO_LARGE))
    if isinstance(error, HTTPException):
        return ErrorMessage(status=error.status_code, message=_detail_of(error))
    known = error if isinstance(error, DovetailError) else client_error(error)
    if known is None and _is_bad_value(error):
        known = InvalidInputError(gettext("A value is too large or has the wrong form."))
    if known is None or known.status == HTTPStatus.INTERNAL_SERVER_ERROR:
        return ErrorMessage(status=500, message=str(FAILED))
    if isinstance(known, StatementTimeoutError):
        return ErrorMessage(status=known.status, message=str(TOO_SLOW), is_too_slow=True)
    message = SENTENCES.translate(known.detail)
    if view is None or not isinstance(error, IntegrityError):
        return ErrorMessage(status=known.status, message=message, errors=known.errors)
    message = broken_rule_sentence(error.orig, _tables(view.mapper), partial(_label, view)) or message
    return ErrorMessage(status=known.status, message=message, errors=_fields_of_rule(error, view.mapper, message))


def log_failure(request: Request, error: Exception, told: ErrorMessage) -> None:
    """Log an error of the site itself; in one line, with its cause, for errors that a busy site causes."""
    if told.is_expected:
        why = in_english(told.message)
        cause = "" if isinstance(error, DovetailError) else f" ({causes_of(error)})"
        logger.warning("%s %s was not answered: %s%s", request.method, request.url.path, why, cause)
    elif told.is_ours:
        logger.error("%s %s failed", request.method, request.url.path, exc_info=error)


async def message_for_row(error: Exception, view: OpenModelView, data: Mapping[str, object]) -> ErrorMessage:
    """Return the result of `message_for`, with the fields of a form that refer to missing rows.

    SQLite does not report which they are: they are queried, after the savepoint of the form was rolled back.
    """
    told = message_for(error, view)
    if isinstance(error, InexactNumberError):
        inexact = [name for name, value in data.items() if not is_exact(value)]
        return replace(told, errors=[FieldError(pointer=f"/{name}", detail=told.message) for name in inexact])
    if told.errors or not breaks_a_reference(error):
        return told
    values = dict(_keys(view.mapper, data))
    names = await missing_references(request_context().session, view.model, values, error)
    relations = [one for one in view.mapper.relationships if one.direction is MANYTOONE]
    columns = {view.mapper.column_attrs[name].columns[0] for name in names}
    names += [one.key for one in relations if not columns.isdisjoint(one.local_columns)]
    errors = [FieldError(pointer=f"/{name}", detail=told.message, type="conflict") for name in names]
    return replace(told, errors=errors)


def _keys(mapper: Mapper[object], data: Mapping[str, object]) -> Iterator[tuple[str, object]]:
    """Yield (column, value) for the data of a form; a relation sets the columns of its foreign key."""
    for name, value in data.items():
        if name in mapper.column_attrs:
            yield name, value
        elif name in mapper.relationships and isinstance(value, str):
            relation = mapper.relationships[name]
            found = parse_identifier(relation.mapper.class_, value) or ()
            keys: dict[object, object] = dict(zip(primary_keys(relation.mapper.class_), found, strict=False))
            for local, remote in relation.local_remote_pairs or ():
                if remote in keys:
                    yield mapper.get_property_by_column(local).key, keys[remote]


def _tables(mapper: Mapper[object]) -> list[Table]:
    return [one for one in mapper.tables if isinstance(one, Table)]


def _label(view: OpenModelView, column: Column[object]) -> str:
    """Return the label of a column; for a foreign key, that of its relation."""
    mapper = view.mapper
    to_one = (one.key for one in mapper.relationships if one.direction is MANYTOONE and column in one.local_columns)
    return view.label(next(to_one, None) or mapper.get_property_by_column(column).key)


def _fields_of_rule(error: IntegrityError, mapper: Mapper[object], detail: str) -> list[FieldError]:
    refused = set(refused_columns(error.orig, _tables(mapper)))
    names = [one.key for one in mapper.column_attrs if not refused.isdisjoint(one.columns)]
    to_one = [one for one in mapper.relationships if one.direction is MANYTOONE]
    names += [one.key for one in to_one if not refused.isdisjoint(one.local_columns)]
    return [FieldError(pointer=f"/{name}", detail=detail, type="conflict") for name in names]


def _detail_of(error: HTTPException) -> str:
    """Return the detail of an error, or a translated default for its status."""
    if error.detail != PHRASES.get(error.status_code):
        return gettext(str(error.detail))
    usual = FAILED if error.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR else REFUSED
    return str(MESSAGES.get(error.status_code, usual))


def _is_bad_value(error: Exception) -> bool:
    # Errors that a driver or a column type raises before the database gets the value.
    return isinstance(error, OverflowError) or (
        isinstance(error, StatementError) and isinstance(error.orig, OverflowError | TypeError | ValueError)
    )
