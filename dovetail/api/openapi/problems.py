"""Describe the errors of every operation in the OpenAPI document: problem details, written once and referred to."""

from collections.abc import Mapping
from http import HTTPStatus

from dovetail.api.openapi.names import Json
from dovetail.api.problems import MEDIA_TYPE, Problem, ProblemError, error_classes, problem_type
from dovetail.api.throttling.rates import HEADERS
from dovetail.errors import DovetailError, InvalidInputError, TooManyRequestsError

SCHEMAS = "#/components/schemas/"
RESPONSES = "#/components/responses/"
FASTAPIS_OWN = ("HTTPValidationError", "ValidationError")
UNSAFE_METHODS = frozenset({"post", "put", "patch", "delete"})
REQUEST_ID = "1f0c9c1e5c2b4f5f9c0d8f6f0a4b7e21"
Classes = Mapping[int, type[DovetailError]]  # our own error of each status that has one


def describe_problems(document: Json) -> None:
    """Say of each operation which problems it answers, in place of FastAPI's own 422."""
    components = document.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    for unused in FASTAPIS_OWN:
        schemas.pop(unused, None)
    schemas |= problem_schemas()
    shared = components.setdefault("responses", {})
    classes = error_classes()
    for path, operations in document.get("paths", {}).items():
        for method, operation in operations.items():
            responses = operation.setdefault("responses", {})
            for status in sorted(_statuses(path, method, operation)):
                _add_response(responses, status, shared, classes)
            operation["responses"] = dict(sorted(responses.items()))


def problem_schemas() -> dict[str, Json]:
    """Return the components that describe problems."""
    found = {}
    for model in (Problem, ProblemError):
        found[model.__name__] = model.model_json_schema(ref_template=SCHEMAS + "{model}", mode="serialization")
        found[model.__name__].pop("$defs", None)
    return found


def _statuses(path: str, method: str, operation: Json) -> set[int]:
    # What an author declares without saying how the body looks is a problem too.
    found = {int(s) for s, r in operation.get("responses", {}).items() if s.isdecimal() and s[0] in "45"}
    found |= {400, 431, 503}
    if "security" in operation:
        found |= {401, 403}
    if "{" in path:
        found.add(404)
    if method in UNSAFE_METHODS:
        found.add(409)
    if "requestBody" in operation:
        found |= {408, 413, 415, 422}
    return found


def _add_response(responses: Json, status: int, shared: Json, classes: Classes) -> None:
    declared = responses.get(str(status), {})
    schema = declared.get("content", {}).get("application/json", {}).get("schema", {}).get("$ref")
    if "content" in declared and schema != SCHEMAS + FASTAPIS_OWN[0]:
        return  # the author's own
    name = _title(status, classes).replace(" ", "").replace("-", "")
    if name not in shared:
        shared[name] = _response(status, classes)
    words = declared.get("description", "")
    if words in ("", HTTPStatus(status).phrase, "Validation Error"):
        responses[str(status)] = {"$ref": RESPONSES + name}
    else:
        responses[str(status)] = shared[name] | {"description": words}


def _response(status: int, classes: Classes) -> Json:
    content = {MEDIA_TYPE: {"schema": {"$ref": SCHEMAS + Problem.__name__}, "example": _example(status, classes)}}
    headers = {"headers": HEADERS} if status == TooManyRequestsError.status else {}
    return {"description": _title(status, classes), **headers, "content": content}


def _example(status: int, classes: Classes) -> Json:
    known = classes.get(status)
    error = ProblemError(pointer="limit", detail="expected a whole number from 1 to 100", type="bad_parameter")
    return Problem(
        type=problem_type(status),
        title=_title(status, classes),
        status=status,
        detail=known().detail if known else f"{_title(status, classes)}.",
        errors=[error] if known is InvalidInputError else [],
        request_id=REQUEST_ID,
    ).model_dump()


def _title(status: int, classes: Classes) -> str:
    # Our own where there is one: the phrases of Python's HTTPStatus are not the same in every version of Python.
    known = classes.get(status)
    return known.title if known else HTTPStatus(status).phrase
