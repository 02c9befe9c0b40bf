"""Find unique names for the components of an OpenAPI document, of which those of two plugins may have the same.

A component is called as its class. Of several classes of one name, the first plugin in the settings that uses one keeps
the name and the others put theirs in front, `ShopTagRead`: who enables one plugin more renames nothing that there was.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

Json = dict[str, Any]
Operations = Mapping[str, Collection[str]]  # the operation ids of each plugin, in the order of the settings

SCHEMAS = "#/components/schemas/"
CLASS_NAME = re.compile(r"[A-Z][A-Za-z0-9]*")
FORM = re.compile(r"Body_(\w+)")  # what FastAPI calls the form of an operation
MODE = re.compile(r"-(Input|Output)(__\d+)?$")  # what pydantic adds to the names of a class that is both
OTHER_MODE = {"Input": "Output", "Output": "Input"}


def new_names(document: Json, plugins: Operations, reserved: Mapping[str, Json]) -> dict[str, str]:
    """Return the new names of components, by the old ones; no other may have the name of one of `reserved`."""
    schemas: Json = document["components"]["schemas"]
    owners = _owners(document, plugins)
    owners |= {name: "" for name, schema in schemas.items() if reserved.get(_title(name, schema)) == schema}
    groups: dict[str, dict[str, list[str]]] = {title: {"": []} for title in reserved}  # components by title and plugin
    in_order = ["", *plugins]
    for name in sorted(schemas, key=lambda name: in_order.index(owners[name])):
        groups.setdefault(_title(name, schemas[name]), {}).setdefault(owners[name], []).append(name)
    found: dict[str, str] = {}
    for title, by_owner in groups.items():
        for place, (owner, names) in enumerate(by_owner.items()):
            found |= _distinct(names, prefixed(owner, title) if place else title)
    wanted = [*found.values(), *(name for name in schemas if name not in found)]
    return {old: new for old, new in found.items() if old != new and wanted.count(new) == 1}


def prefixed(plugin: str, title: str) -> str:
    """Return the name of a class with that of its plugin: `ShopTagRead`."""
    return "".join(part.capitalize() for part in plugin.split("_")) + title


def operations(document: Json, plugins: Operations) -> Iterator[tuple[str, Json]]:
    """Yield every operation with its plugin's name, "" for the kernel's; in the settings' order, the kernel's first."""
    owners = {operation_id: plugin for plugin, ids in plugins.items() for operation_id in ids}
    found = [one for path in document["paths"].values() for one in path.values()]
    for plugin in ("", *plugins):
        yield from ((plugin, one) for one in found if owners.get(one.get("operationId", ""), "") == plugin)


def nodes(found: object) -> Iterator[Json]:
    """Yield every object in a JSON value."""
    waiting = [found]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            yield one
            waiting += [item for item in one.values() if isinstance(item, dict | list)]
        elif isinstance(one, list):
            waiting += [item for item in one if isinstance(item, dict | list)]


def references(found: object) -> set[str]:
    """Return the components that a JSON value refers to."""
    refs = {str(node["$ref"]) for node in nodes(found) if "$ref" in node}
    return {ref.removeprefix(SCHEMAS) for ref in refs if ref.startswith(SCHEMAS)}


def _owners(document: Json, plugins: Operations) -> dict[str, str]:
    """Return the plugin of the first operation that needs a component, by component; "" for the kernel's."""
    schemas: Json = document["components"]["schemas"]
    owners: dict[str, str] = {}
    for plugin, operation in operations(document, plugins):
        waiting = references(operation)
        while waiting:
            name = waiting.pop()
            if name in schemas and name not in owners:
                owners[name] = plugin
                waiting |= references(schemas[name])
    return {name: owners.get(name, "") for name in schemas}


def _distinct(names: list[str], wanted: str) -> dict[str, str]:
    """Return names for what one plugin calls `wanted`: a class, or what is sent of it and what is answered."""
    if not CLASS_NAME.fullmatch(wanted):
        return {}
    if len(names) == 1:
        return {names[0]: wanted}
    modes = {name: found[1] for name in names if (found := MODE.search(name))}
    if len(names) != len(OTHER_MODE) or len(modes) != len(set(modes.values())) or not modes:
        return {}
    one, mode = next(iter(modes.items()))
    return {name: wanted + (mode if name == one else OTHER_MODE[mode]) for name in names}


def _title(name: str, schema: Json) -> str:
    if form := FORM.fullmatch(name):
        return "".join(part.capitalize() for part in form[1].split("_")) + "Form"
    return str(schema.get("title", name))
