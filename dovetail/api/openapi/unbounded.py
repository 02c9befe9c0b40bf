"""Lists in bodies that may have any length: pydantic finds every mistake in every object before it gives up."""

from collections.abc import Iterator

from dovetail.api.openapi.names import Json


def unbounded_lists(document: Json) -> Iterator[str]:
    """Yield where the document takes lists of objects without `maxItems`: `POST /api/orders: OrderCreate.lines`."""
    schemas = document.get("components", {}).get("schemas", {})
    for path, operations in document.get("paths", {}).items():
        for method, operation in operations.items():
            for content in operation.get("requestBody", {}).get("content", {}).values():
                for where in _search(content.get("schema", {}), schemas, "the body", set()):
                    yield f"{method.upper()} {path}: {where}"


def _search(schema: Json, schemas: dict[str, Json], where: str, seen: set[str]) -> Iterator[str]:
    name = schema.get("$ref", "").rpartition("/")[2]
    if name in seen:
        return
    if name:
        yield from _search(schemas.get(name, {}), schemas, name, seen | {name})
    items = schema.get("items")
    if isinstance(items, dict):
        if "maxItems" not in schema and _is_object(items, schemas):
            yield where
        yield from _search(items, schemas, where, seen)
    for key, one in schema.get("properties", {}).items():
        yield from _search(one, schemas, f"{where}.{key}", seen)
    for kind in ("allOf", "anyOf", "oneOf"):
        for one in schema.get(kind, ()):
            yield from _search(one, schemas, where, seen)


def _is_object(schema: Json, schemas: dict[str, Json]) -> bool:
    found = schemas.get(schema["$ref"].rpartition("/")[2], {}) if "$ref" in schema else schema
    parts = [one for kind in ("allOf", "anyOf", "oneOf") for one in found.get(kind, ())]
    return found.get("type") == "object" or any(_is_object(one, schemas) for one in parts)
