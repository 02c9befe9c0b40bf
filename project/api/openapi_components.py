"""The names and numbers in an OpenAPI document, as generators make classes of them."""

import re
from collections.abc import Iterator
from typing import Any

from project.api.schemas import LARGEST_ID

Json = dict[str, Any]

SCHEMAS = "#/components/schemas/"
CLASS_NAME = re.compile(r"[A-Z][A-Za-z0-9]*")
FORM = re.compile(r"Body_(\w+)")  # what FastAPI calls the form of an operation
BOUNDS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")


def name_components(document: Json) -> None:
    """Call schemas by their titles, `PostPage` for `Page_PostRead_`, wherever no two have the same."""
    schemas: Json = document["components"]["schemas"]
    titles = [_title(name, schema) for name, schema in schemas.items()]
    new = {
        name: title
        for name, title in zip(schemas, titles, strict=True)
        if title != name and titles.count(title) == 1 and title not in schemas and CLASS_NAME.fullmatch(title)
    }
    for name, title in new.items():
        schemas[title] = schemas.pop(name) | {"title": title}
    for node in nodes(document):
        name = str(node.get("$ref", "")).removeprefix(SCHEMAS)
        if name in new:
            node["$ref"] = SCHEMAS + new[name]
    document["components"]["schemas"] = dict(sorted(schemas.items()))


def share_enums(document: Json) -> None:
    """Let parameters with the same titled list of values refer to one schema, which becomes one class."""
    schemas: Json = document["components"]["schemas"]
    for parameter in _parameters(document):
        holder, key = parameter, "schema"
        if parameter["schema"].get("type") == "array":
            holder, key = parameter["schema"], "items"
        found = holder[key]
        title = found.get("title", "")
        if "enum" not in found or not CLASS_NAME.fullmatch(title):
            continue
        default = {"default": found["default"]} if "default" in found else {}
        shared = {name: value for name, value in found.items() if name != "default"}
        if _same_values(schemas.setdefault(title, shared), shared):
            holder[key] = {"$ref": SCHEMAS + title} | default


def write_whole_numbers(document: Json) -> None:
    """Write the bounds of integers as integers: FastAPI's model of the document makes floats of them.

    A float has not room for 2**63 - 1 and rounds it up to a number that no column holds.
    """
    for node in nodes(document):
        if node.get("type") == "integer":
            for bound in BOUNDS:
                if isinstance(node.get(bound), float):
                    node[bound] = max(-LARGEST_ID - 1, min(int(node[bound]), LARGEST_ID))


def nodes(found: Any) -> Iterator[Json]:
    """Every object in a JSON value."""
    if isinstance(found, dict):
        yield found
        found = list(found.values())
    for item in found if isinstance(found, list) else ():
        yield from nodes(item)


def _title(name: str, schema: Json) -> str:
    if form := FORM.fullmatch(name):
        return "".join(part.capitalize() for part in form[1].split("_")) + "Form"
    return str(schema.get("title", name))


def _parameters(document: Json) -> Iterator[Json]:
    for operations in document["paths"].values():
        for operation in operations.values():
            yield from (one for one in operation.get("parameters", ()) if "schema" in one)


def _same_values(one: Json, other: Json) -> bool:
    return bool(one.get("enum") == other.get("enum"))
