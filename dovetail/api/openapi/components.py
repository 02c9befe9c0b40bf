"""Adapt the components of an OpenAPI document for client generators: titles, shared enums, bounds within 64 bits."""

from collections.abc import Mapping

from dovetail.api.openapi.names import CLASS_NAME, SCHEMAS, Json, Operations, new_names, nodes, operations, prefixed
from dovetail.api.schemas import LARGEST_ID

BOUNDS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")


def name_components(document: Json, plugins: Operations, reserved: Mapping[str, Json]) -> None:
    """Rename schemas to their titles: `PostPage` for `Page_PostRead_`; `names.py` renames equal ones of two plugins."""
    schemas: Json = document.setdefault("components", {}).setdefault("schemas", {})
    new = new_names(document, plugins, reserved)
    renamed = {new.get(name, name): schema for name, schema in schemas.items()}
    for name in new.values():
        renamed[name] |= {"title": name}
    for node in nodes(document):
        if "$ref" in node:
            node["$ref"] = _renamed(node["$ref"], new)
        mapping = node.get("mapping")  # of a discriminator
        if isinstance(mapping, dict) and "propertyName" in node:
            node["mapping"] = {value: _renamed(ref, new) for value, ref in mapping.items()}
    document["components"]["schemas"] = renamed


def share_enums(document: Json, plugins: Operations) -> None:
    """Let parameters with the same titled list of values refer to one schema, which becomes one class."""
    schemas: Json = document["components"]["schemas"]
    for plugin, operation in operations(document, plugins):
        for parameter in operation.get("parameters", ()):
            if "schema" in parameter:
                _share_enum(parameter, schemas, plugin)


def write_whole_numbers(document: Json) -> None:
    """Write the bounds of integers as integers: FastAPI's model of the document makes floats of them.

    A float has not room for 2**63 - 1 and rounds it up to a number that no column holds.
    """
    for node in nodes(document):
        if node.get("type") == "integer":
            for bound in BOUNDS:
                if isinstance(node.get(bound), float):
                    node[bound] = max(-LARGEST_ID - 1, min(int(node[bound]), LARGEST_ID))


def _share_enum(parameter: Json, schemas: Json, plugin: str) -> None:
    holder, key = parameter, "schema"
    if parameter["schema"].get("type") == "array":
        holder, key = parameter["schema"], "items"
    found = holder[key]
    title = found.get("title", "")
    if "enum" not in found or not CLASS_NAME.fullmatch(title):
        return
    shared = {name: value for name, value in found.items() if name != "default"}
    for name in (title, prefixed(plugin, title)):
        if schemas.setdefault(name, shared | {"title": name}).get("enum") == found["enum"]:
            holder[key] = {"$ref": SCHEMAS + name} | {key: found[key] for key in ("default",) if key in found}
            return


def _renamed(ref: object, new: dict[str, str]) -> object:
    name = str(ref).removeprefix(SCHEMAS)
    return SCHEMAS + new[name] if name in new and str(ref).startswith(SCHEMAS) else ref
