"""A schema in which no field is required, for answers of which a client asked for some fields only."""

from typing import Any

COMPONENTS = "#/components/schemas/"


def without_required(schema: dict[str, Any], document: dict[str, Any]) -> dict[str, Any]:
    """A copy of `schema`, with what it refers to written out; the envelope of a page stays as it is."""
    name = schema.get("$ref", "").removeprefix(COMPONENTS)
    resolved = document["components"]["schemas"][name] if name else schema
    if name.endswith("Page"):
        properties = {key: without_required(value, document) for key, value in resolved["properties"].items()}
        return resolved | {"properties": properties}
    return {key: _loosen(key, value, document) for key, value in resolved.items() if key != "required"}


def _loosen(key: str, value: Any, document: dict[str, Any]) -> Any:
    if key == "properties":
        return {name: without_required(field, document) for name, field in value.items()}
    if isinstance(value, dict):
        return without_required(value, document)
    if isinstance(value, list) and key in ("anyOf", "oneOf", "allOf"):
        return [without_required(one, document) for one in value]
    return value
