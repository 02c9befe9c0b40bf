"""The parameters of a spec in the OpenAPI document: each with its type, what it does and what it allows."""

from collections.abc import Iterable
from typing import Any

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema

from dovetail.api.schemas import LARGEST_ID
from dovetail.resources.declaration.declared import Operation
from dovetail.resources.endpoints.idempotency import HEADER, MAXIMUM_LENGTH
from dovetail.resources.query.filters import MAXIMUM_VALUES, FilterParameter
from dovetail.resources.query.url import CAP, Grammar
from dovetail.resources.query.url import MAXIMUM_LENGTH as LONGEST_SEARCH
from dovetail.resources.spec import Spec

Json = dict[str, Any]

ETAG = '"9f86d081884c7d65-2c26b46b68ff"'
TAG = {"type": "string", "examples": [ETAG]}
REQUEST = "0b9a0d5e-6f7c-4b58-9b11-3f1f0f6f2a10"
EXAMPLES = {"ETag": ETAG, "Location": "/api/posts/1", "Link": '<https://example.org/api/posts?offset=20>; rel="next"'}


def list_parameters(grammar: Grammar) -> list[Json]:
    """Return the parameters of a list."""
    found = [_filter(parameter) for parameter in grammar.filters.values()]
    if grammar.is_searchable:
        text = "Only those in which this is found."
        found.append(_query("search", {"type": "string", "maxLength": LONGEST_SEARCH, "examples": ["python"]}, text))
    if grammar.terms:
        found.append(_ordering(grammar))
    limit = {"type": "integer", "minimum": 1, "maximum": grammar.maximum_limit, "default": grammar.default_limit}
    offset = {"type": "integer", "minimum": 0, "maximum": LARGEST_ID, "default": 0}
    counts = "true" if grammar.counts else "false"
    count = {"title": "Count", "type": "string", "enum": ["true", "false", "capped"], "default": counts}
    return [
        *found,
        *item_parameters(grammar),
        _query("limit", limit, "How many a page holds."),
        _query("offset", offset, "How many to pass over; deep offsets are slow, `cursor` is not."),
        _query(
            "cursor",
            {"type": "string", "examples": [""]},
            "Page by key: empty for the first page, then as `next` says.",
        ),
        _query(
            "count", count, f"Whether to answer the `total`; `capped` stops at {CAP + 1}, which means more than {CAP}."
        ),
    ]


def item_parameters(grammar: Grammar) -> list[Json]:
    """Return the parameters of a single object."""
    fields = {"type": "string", "pattern": _names(grammar.fields), "examples": [",".join(_few(grammar.fields))]}
    found = [_query("fields", fields, f"Answer these fields only, separated by commas: {_list(grammar.fields)}.")]
    if grammar.expandable:
        few = ",".join(_few(grammar.expandable))
        expand = {"type": "string", "pattern": _names(grammar.expandable), "examples": [few]}
        found.append(_query("expand", expand, f"Answer these too, separated by commas: {_list(grammar.expandable)}."))
    return found


def if_none_match() -> Json:
    """Return the header of a conditional read."""
    return _header("If-None-Match", TAG, "Answer 304 if the object still has this ETag.")


def if_match(*, required: bool) -> Json:
    """Return the header of a conditional write."""
    text = "Answer 412 unless the object still has the version of this ETag."
    return _header("If-Match", TAG, text) | {"required": required}


def write_conditions(*, required: bool, makes: bool) -> list[Json]:
    """Return the headers of a conditional write, which may be a PUT that makes what is not there."""
    text = "Answer 412 if there is such an object already."
    new = _header("If-None-Match", {"type": "string", "const": "*"}, text)
    return [if_match(required=required), *([new] if makes else [])]


def precondition_responses(*, required: bool) -> dict[int | str, Json]:
    """Return the statuses that only a conditional write answers."""
    return {412: {}, 428: {}} if required else {412: {}}


def idempotency_key() -> Json:
    """Return the header that makes a POST safe to repeat."""
    printable = {"pattern": "^[ -~]+$"}  # ASCII
    schema = {"type": "string", "minLength": 1, "maxLength": MAXIMUM_LENGTH, "examples": [REQUEST], **printable}
    return _header(
        HEADER, schema, "Sent again within 24 hours, the first answer comes again and nothing is done twice."
    )


def response_headers(**texts: str) -> Json:
    """Return the headers of a response: `response_headers(ETag="...")`."""
    return {
        name.replace("_", "-"): {"description": text, "schema": {"type": "string"}, "example": EXAMPLES[name]}
        for name, text in texts.items()
    }


def item_links(spec: Spec) -> Json:
    """Return links to the operations on a new object (https://spec.openapis.org/oas/v3.1.0#link-object)."""
    operations: dict[Operation, str] = {"retrieve": "get", "update": "update", "replace": "replace", "delete": "delete"}
    if _known_by(spec) is None:
        return {}
    return links_to(spec, *(verb for operation, verb in operations.items() if spec.has(operation)))


def links_to(spec: Spec, *verbs: str) -> Json:
    """Return links to the operations `get_post`, `update_post` and so on, some of which may be written by hand."""
    place = f"{spec.envelope.item}/" if spec.envelope.item else ""
    name = f"{spec.singular}_{spec.lookup or 'id'}"
    parameters = {name: f"$response.body#/{place}{_known_by(spec)}"}
    names = [f"{verb}_{spec.singular}" for verb in verbs]
    return {name: {"operationId": name, "parameters": parameters} for name in names}


def _known_by(spec: Spec) -> str | None:
    """Return the field of what a write answers by which the row is known; None if it is not there."""
    parts = spec.written_reader.node.paths()
    return next((name for name, path in parts if (path,) == spec.known_by and "." not in name), None)


def _filter(parameter: FilterParameter) -> Json:
    schema = _schema(parameter.value_type) if parameter.lookup.operand in ("values", "pair", "value") else None
    match parameter.lookup.operand:
        case "flag":
            described: Json = {"type": "boolean"}
        case "text":
            described = _schema(parameter.operand_type)
        case "values":
            described = {"type": "array", "items": schema, "minItems": 1, "maxItems": MAXIMUM_VALUES}
        case "pair":
            described = {"type": "array", "items": schema, "minItems": 2, "maxItems": 2}
        case _:
            described = schema or {}
    style = {"style": "form", "explode": False} if described.get("type") == "array" else {}
    return _query(parameter.name, described, parameter.description) | style


def _ordering(grammar: Grammar) -> Json:
    names = sorted(grammar.terms)
    one = f"-?({'|'.join(names)})"
    schema: Json = {"type": "string", "pattern": f"^{one}(,{one})*$", "default": grammar.default_ordering}
    if not grammar.default_ordering:
        del schema["default"]
    schema |= {"examples": [f"-{names[0]}"]}
    return _query(
        "ordering", schema, f"Order by these, separated by commas; `-` before one reverses it: {_list(names)}."
    )


def _names(names: Iterable[str]) -> str:
    one = f"({'|'.join(sorted(name.replace('.', '[.]') for name in names))})"
    return f"^{one}(,{one})*$"


def _few(names: Iterable[str]) -> list[str]:
    return sorted(name for name in names if "." not in name)[:2]


def _list(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in sorted(names))


def _schema(annotation: Any) -> Json:
    """Return the JSON schema of a parameter, with the enums it refers to written out."""
    schema = TypeAdapter(annotation).json_schema(schema_generator=GenerateJsonSchema)
    definitions = schema.pop("$defs", {})
    reference = schema.pop("$ref", None)
    if reference is not None:
        schema = definitions[reference.rpartition("/")[2]] | schema
    if "enum" not in schema:  # lists of values become classes, which need a name
        schema.pop("title", None)
    return schema


def _query(name: str, schema: Json, description: str) -> Json:
    return {"name": name, "in": "query", "required": False, "schema": schema, "description": description}


def _header(name: str, schema: Json, description: str) -> Json:
    return {"name": name, "in": "header", "required": False, "schema": schema, "description": description}
