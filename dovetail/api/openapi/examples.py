"""An example of every body and every answer in an OpenAPI document, put together from those of their fields.

Plugin authors give fields examples, `Field(examples=["Hello"])`, or a schema a whole one, by
`json_schema_extra={"examples": [{...}]}`; the rest is made up from types and limits. Where nothing that fits can be
made up (a pattern, say), no example is given: a wrong one is worse.
"""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace

from dovetail.api.openapi.names import Json

SCHEMAS = "#/components/schemas/"
FORMATS = {
    "date-time": "2026-03-01T12:00:00Z",
    "date": "2026-03-01",
    "time": "12:00:00",
    "duration": "PT1H",
    "email": "ada@example.org",
    "uri": "https://example.org/",
    "uuid": "0b9a0d5e-6f7c-4b58-9b11-3f1f0f6f2a10",
}
TEXT = "text"


class _NoExampleError(Exception):
    """Nothing that fits can be made up."""


def add_examples(document: Json) -> None:
    """Give each body and each answer an example, unless its author did."""
    schemas: Json = document["components"]["schemas"]
    for media, is_body in _media(document):
        if "schema" not in media or "example" in media or "examples" in media:
            continue
        try:
            media["example"] = _Maker(schemas, is_body).example(media["schema"])
        except _NoExampleError:
            continue


def _media(document: Json) -> Iterator[tuple[Json, bool]]:
    for operations in document["paths"].values():
        for operation in operations.values():
            for media in operation.get("requestBody", {}).get("content", {}).values():
                yield media, True
            for response in operation["responses"].values():
                for kind, media in response.get("content", {}).items():
                    if kind == "application/json":
                        yield media, False


@dataclass(frozen=True)
class _Maker:
    """Makes examples; `only_wanted` leaves optional fields out of which nobody gave an example."""

    schemas: Json
    only_wanted: bool
    within: frozenset[str] = frozenset()  # the schemas that are being made: one may hold itself

    def example(self, schema: Json) -> object:
        """Return an example of `schema`. Raise _NoExampleError if there is none."""
        name = str(schema.get("$ref", "")).removeprefix(SCHEMAS)
        if not name:
            return self._written_out(schema)
        if name in self.within:
            raise _NoExampleError
        found = self.schemas[name] | {key: value for key, value in schema.items() if key != "$ref"}
        return replace(self, within=self.within | {name}).example(found)

    def _written_out(self, schema: Json) -> object:
        for given in ("examples", "enum"):
            if schema.get(given):
                return schema[given][0]
        for given in ("const", "default"):
            if given in schema:
                return schema[given]
        if schema.get("allOf"):
            return self.example(schema["allOf"][0])
        for several in ("anyOf", "oneOf"):
            if schema.get(several):
                return self._first(schema[several])
        return self._made_up(schema)

    def _first(self, choices: list[Json]) -> object:
        for one in choices:
            with suppress(_NoExampleError):
                return self.example(one)
        raise _NoExampleError

    def _made_up(self, schema: Json) -> object:
        match schema.get("type"):
            case "object":
                return dict(self._members(schema))
            case "array":
                return self._items(schema)
            case "string":
                return _text(schema)
            case "integer" | "number":
                return max(1, schema.get("minimum", 1))
            case "boolean":
                return True
            case "null":
                return None
        raise _NoExampleError

    def _members(self, schema: Json) -> Iterator[tuple[str, object]]:
        required = schema.get("required", ())
        for name, field in schema.get("properties", {}).items():
            if name in required or not self.only_wanted or field.get("examples"):
                yield name, self.example(field)

    def _items(self, schema: Json) -> list[object]:
        least = schema.get("minItems", 0)
        if least > 1:
            raise _NoExampleError
        try:
            return [self.example(schema.get("items", {}))]
        except _NoExampleError:
            if least:
                raise
            return []


def _text(schema: Json) -> str:
    if "format" in schema:
        return FORMATS.get(schema["format"], TEXT)
    if "pattern" in schema or not schema.get("minLength", 0) <= len(TEXT) <= schema.get("maxLength", len(TEXT)):
        raise _NoExampleError
    return TEXT
