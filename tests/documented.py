"""The operations of an OpenAPI document, each with a request as its examples have it."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

Json = dict[str, Any]
Place = tuple[str | int, ...]


class Documented:
    """An OpenAPI document whose references are followed."""

    def __init__(self, document: Json) -> None:
        self.document = document

    def operations(self) -> Iterator["Operation"]:
        """Each of them."""
        for path, item in self.document["paths"].items():
            for method, operation in item.items():
                yield Operation(self, method.upper(), path, operation)

    def resolve(self, schema: Json) -> Json:
        """What a schema says, of a choice the first that is not null."""
        while True:
            if "$ref" in schema:
                found: Any = self.document
                for part in schema["$ref"].removeprefix("#/").split("/"):
                    found = found[part]
                schema = found
            elif "anyOf" in schema:
                schema = next(one for one in schema["anyOf"] if one.get("type") != "null")
            else:
                return schema

    def is_text(self, schema: Json) -> bool:
        """Whether any text may stand there."""
        schema = self.resolve(schema)
        return schema.get("type") == "string" and not {"enum", "const"} & schema.keys()

    def example(self, schema: Json) -> Any:
        """Something as the schema wants it."""
        schema = self.resolve(schema)
        if "properties" in schema:
            return {name: self.example(one) for name, one in schema["properties"].items()}
        if "const" in schema or "enum" in schema:
            return schema.get("const") or schema["enum"][0]
        if schema.get("type") == "array":
            return [self.example(schema["items"])]
        if schema.get("examples"):
            return schema["examples"][0]
        return {"integer": 1, "boolean": False, "string": "text"}.get(schema.get("type", ""), 1)

    def texts(self, schema: Json) -> Iterator[tuple[Place, Json]]:
        """Every place in a value where a text stands, and the schema of that text."""
        schema = self.resolve(schema)
        for name, one in schema.get("properties", {}).items():
            for place, inner in self.texts(one):
                yield (name, *place), inner
        if schema.get("type") == "array":
            for place, inner in self.texts(schema["items"]):
                yield (0, *place), inner
        if self.is_text(schema):
            yield (), schema


@dataclass(frozen=True)
class Operation:
    """One of them; keys in paths are 1."""

    documented: Documented
    method: str
    path: str
    described: Json

    @property
    def name(self) -> str:
        """Its operation id."""
        return str(self.described["operationId"])

    @cached_property
    def parameters(self) -> list[Json]:
        """Those of the path, the query and the header."""
        return [self.documented.resolve(one) for one in self.described.get("parameters", ())]

    @cached_property
    def bodies(self) -> dict[str, Json]:
        """The schemas of its body, by media type."""
        content = self.documented.resolve(self.described.get("requestBody", {})).get("content", {})
        return {kind: self.documented.resolve(media["schema"]) for kind, media in content.items()}

    def request(self, in_path: str = "1") -> Json:
        """What to give httpx."""
        url = self.path
        for one in self.parameters:
            if one["in"] == "path":
                url = url.replace("{" + one["name"] + "}", in_path)
        body = {
            "json" if "json" in kind else "data": self.documented.example(schema)
            for kind, schema in self.bodies.items()
        }
        return {"method": self.method, "url": url, **body}

    def __str__(self) -> str:
        return f"{self.method} {self.path}"
