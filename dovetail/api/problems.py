"""Errors as RFC 9457 problem details, without internals of the site and without values that the client sent."""

import inspect
import json
import logging
import re
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from functools import partial
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field, ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, HTTPConnection, Request
from starlette.responses import Response

from dovetail.api.addresses import allowed_methods, is_wrong_method
from dovetail.api.credentials import schemes_of
from dovetail.api.fastapi_private import may_have_body
from dovetail.database.error_translation import client_error
from dovetail.errors import (
    CHALLENGE,
    CLIENT_HUNG_UP,
    DovetailError,
    FieldError,
    InvalidInputError,
    NotAuthenticatedError,
)
from dovetail.state import StateKey, current_application

MEDIA_TYPE = "application/problem+json"
TYPE_PREFIX = "urn:dovetail:problem:"
MAXIMUM_ERRORS = 50  # a body of two megabytes can be wrong in a million places

logger = logging.getLogger("dovetail.errors")

ON_REFUSAL = StateKey[Callable[[HTTPConnection, str], None]]("on_refusal")
"""Called for each request that is answered with 403, with the reason; a plugin sets it in its `setup`."""


class ProblemError(BaseModel):
    """One thing that is wrong with the request."""

    pointer: str = Field(description="A JSON pointer into the body, or the name of a parameter.")
    detail: str
    type: str


class Problem(BaseModel):
    """Problem details: an error as RFC 9457 writes it."""

    type: str = Field(description="A URN that names the kind of problem and never changes.")
    title: str
    status: int
    detail: str
    errors: list[ProblemError] = []
    request_id: str | None = Field(default=None, description="Quote it when you ask for help.")


def add_problem_details(app: FastAPI) -> None:
    """Answer the errors of FastAPI and Starlette with problem details; ErrorMiddleware answers all others.

    A plugin can replace these handlers by adding its own later.
    """
    for error in (HTTPException, RequestValidationError):
        app.add_exception_handler(error, _respond_async)


async def answer(request: Request, error: Exception) -> Response:
    """Return the response to `error` of the handler that was added for its class or status, or else our own.

    Server errors are logged in any case, and so is a handler that fails.
    """
    ours = respond(request, error)
    handler = _added_handler(request.app.exception_handlers, error)
    if handler is None:
        return ours
    is_async = inspect.iscoroutinefunction(handler)
    call: Callable[..., Awaitable[Response]] = handler if is_async else partial(run_in_threadpool, handler)
    try:
        return await call(request, error)
    except Exception as failure:  # noqa: BLE001 - a plugin's handler may raise anything
        return respond(request, failure)


def respond(connection: HTTPConnection, error: Exception) -> Response:
    """Return the response to any exception; a server error is logged with its traceback."""
    try:
        return _respond(connection, error)
    except Exception as failure:
        failure.__context__ = error  # so that the log shows both
        logger.exception("%s while an error was answered", type(failure).__name__)
        ours, request_id = DovetailError(), _request_id(connection)
        slug = TYPE_PREFIX + ours.slug
        problem = Problem(type=slug, title=ours.title, status=ours.status, detail=ours.detail, request_id=request_id)
        return _response(problem, {})


def notify_refusal(connection: HTTPConnection, reason: str) -> None:
    """Call ON_REFUSAL, if a plugin has set it, for a request that is answered with 403."""
    app = current_application()  # the site, also for an application that is mounted in it
    listener = None if app is None else ON_REFUSAL.find(app)
    if listener is not None:
        listener(connection, reason)


def problem_type(status: int) -> str:
    """Return the problem type of an HTTP status: of our error class with this status, or else of its phrase."""
    known = error_classes().get(status)
    slug = known.slug if known else re.sub(r"[^a-z0-9]+", "-", _phrase(status).lower()).strip("-")
    return TYPE_PREFIX + slug


def causes_of(error: BaseException) -> str:
    """Return what went wrong, and what caused it, on one line for the log."""
    causes: list[str] = []
    cause: BaseException | None = error
    while cause is not None:
        # SQLAlchemy's second line is the statement.
        causes.append(f"{type(cause).__name__}: {cause}".partition("\n")[0])
        cause = cause.__cause__
    return " from ".join(causes)


def body_errors(error: ValidationError) -> list[FieldError]:
    """Return the errors of a part of a body, with pointers into that part."""
    return list(_field_errors({**one, "loc": ("body", *one["loc"])} for one in error.errors()))


def error_classes() -> dict[int, type[DovetailError]]:
    """Return our error class for each HTTP status that has one."""
    # Direct subclasses alone: those of plugins are further down, and have a meaning of their own.
    classes: list[type[DovetailError]] = [DovetailError, *DovetailError.__subclasses__()]
    return {cls.status: cls for cls in classes if "status" in vars(cls)}


def _respond(connection: HTTPConnection, error: Exception) -> Response:
    while isinstance(error, ExceptionGroup) and len(error.exceptions) == 1:  # raised in a task group
        error = error.exceptions[0]
    refused = isinstance(error, (RequestValidationError, NotAuthenticatedError))  # both hide a wrong method
    if refused and "app" in connection.scope and is_wrong_method(connection):
        error = HTTPException(HTTPStatus.METHOD_NOT_ALLOWED)
    if isinstance(error.__cause__, ClientDisconnect):  # FastAPI takes it for a body that cannot be parsed
        return Response(status_code=CLIENT_HUNG_UP)
    cause = error.__cause__
    is_of_body = isinstance(error, HTTPException) and error.status_code == HTTPStatus.BAD_REQUEST
    if is_of_body and isinstance(cause, OSError) and client_error(cause) is not None:
        error = cause  # FastAPI takes a temporary file that cannot be written for such a body, too
    if isinstance(error, HTTPException) and not isinstance(error.__cause__, RecursionError):
        if error.status_code == HTTPStatus.FORBIDDEN:
            notify_refusal(connection, str(error.detail))
        return _respond_to_http_exception(connection, error)
    known = _as_dovetail_error(error)
    if known.status == HTTPStatus.FORBIDDEN:
        notify_refusal(connection, known.detail)
    _log(error, known)
    problem = Problem(
        type=TYPE_PREFIX + known.slug,
        title=known.title,
        status=known.status,
        # The text of an unforeseen error is for our log only.
        detail=known.detail if known.status != HTTPStatus.INTERNAL_SERVER_ERROR else str(DovetailError()),
        errors=[ProblemError(pointer=e.pointer, detail=e.detail, type=e.type) for e in known.errors],
        request_id=_request_id(connection),
    )
    return _response(problem, _with_challenges(connection, known))


def _with_challenges(connection: HTTPConnection, error: DovetailError) -> dict[str, str]:
    given = error.headers.get(CHALLENGE)
    schemes = schemes_of(connection.app) if given is not None and "app" in connection.scope else None
    if given is None or schemes is None:
        return error.headers
    alone = error.status != HTTPStatus.UNAUTHORIZED
    return error.headers | {CHALLENGE: schemes.challenge(given, alone=alone)}


def _added_handler(handlers: Mapping[object, Callable[..., object]], error: Exception) -> Callable[..., Any] | None:
    # As Starlette looks for it: by status first, then by class; 500 stands for what nobody foresaw.
    kinds: list[object] = [error.status_code] if isinstance(error, HTTPException) else []
    kinds += [kind for kind in type(error).__mro__ if kind is not Exception]
    if not isinstance(error, HTTPException | DovetailError):
        kinds += [HTTPStatus.INTERNAL_SERVER_ERROR, Exception]
    found = next((handlers[kind] for kind in kinds if kind in handlers), None)
    return None if found is _respond_async else found


async def _respond_async(connection: HTTPConnection, error: Exception) -> Response:
    return respond(connection, error)


def _respond_to_http_exception(connection: HTTPConnection, error: HTTPException) -> Response:
    headers = dict(error.headers or {})
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED and "app" in connection.scope:
        headers["Allow"] = allowed_methods(connection)
        if connection.scope.get("method") == "OPTIONS":
            return Response(status_code=HTTPStatus.NO_CONTENT, headers=headers)
    if error.status_code < HTTPStatus.BAD_REQUEST or not may_have_body(error.status_code):
        return Response(status_code=error.status_code, headers=headers)
    known = error_classes().get(error.status_code)
    title = known.title if known else _phrase(error.status_code)
    said = error.detail if isinstance(error.detail, str) else ""
    if said in ("", _phrase(error.status_code)) and known is not None:
        said = known().detail
    problem = Problem(
        type=problem_type(error.status_code),
        title=title,
        status=error.status_code,
        detail=said or title,
        request_id=_request_id(connection),
    )
    extra: dict[str, object] = (
        {} if isinstance(error.detail, str) else {"data": error.detail}
    )  # FastAPI allows any JSON as detail
    return _response(problem, headers, extra)


def _as_dovetail_error(error: Exception) -> DovetailError:
    if isinstance(error, DovetailError):
        return error
    if isinstance(error, HTTPException):  # of FastAPI, whose parser of JSON gave up
        return InvalidInputError("The body is nested too deep.")
    if isinstance(error, RequestValidationError):
        return InvalidInputError(errors=list(_field_errors(error.errors())))
    return client_error(error) or DovetailError()


def _field_errors(found: Iterable[Any]) -> Iterator[FieldError]:
    problems = list(found)
    for problem in problems[:MAXIMUM_ERRORS]:
        yield FieldError(pointer=_pointer(problem["loc"]), detail=_message(problem), type=problem["type"])
    if len(problems) > MAXIMUM_ERRORS:
        yield FieldError(pointer="", detail=f"{len(problems) - MAXIMUM_ERRORS} more things are wrong.", type="more")


def _pointer(location: tuple[str | int, ...]) -> str:
    where, *path = location
    if where == "body":  # RFC 6901
        return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in path)
    return ".".join(str(part) for part in path) or str(where)


def _message(problem: Any) -> str:
    context = problem.get("ctx", {})
    if problem["type"] == "union_tag_invalid":  # pydantic's own words quote what was sent
        return f"expected one of {context.get('expected_tags')}"
    if problem["type"] == "json_invalid":
        return f"not valid JSON: {context.get('error')} at character {problem['loc'][-1]}"
    return str(problem["msg"]).removeprefix("Value error, ")


def _log(error: Exception, known: DovetailError) -> None:
    if known.status == HTTPStatus.INTERNAL_SERVER_ERROR:
        logger.error("%s: %s", type(error).__name__, error, exc_info=error)
    elif known.status > HTTPStatus.INTERNAL_SERVER_ERROR:
        logger.warning("answered %d: %s", known.status, causes_of(error))


def _response(problem: Problem, headers: dict[str, str], extra: dict[str, object] | None = None) -> Response:
    body = json.dumps(problem.model_dump() | (extra or {}), ensure_ascii=False, default=str)
    # A lone surrogate has no place in UTF-8.
    return Response(body.encode("utf-8", "replace"), problem.status, headers, MEDIA_TYPE)


def _request_id(connection: HTTPConnection) -> str | None:
    request_id: str | None = connection.scope.get("state", {}).get("request_id")
    return request_id


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return f"Error {status}"
