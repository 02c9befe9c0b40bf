"""The base of all schemas of the API, and the types of their fields."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Generic, TypeVar
from typing import cast as as_type

from fastapi import Path
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    PlainSerializer,
    Strict,
    WithJsonSchema,
)
from pydantic_core import CoreSchema, core_schema

from dovetail.api.base64_bytes import with_base64
from dovetail.api.times import in_utc

BLANK = "expected some text, found nothing but spaces"
LARGEST_ID = 2**63 - 1  # a BIGINT; SQLite's INTEGER is as wide


def not_blank(text: str) -> str:
    """Return `text` as it is. Raise ValueError if there is nothing but white space in it."""
    if not text.strip():
        raise ValueError(BLANK)
    return text


def _whole(value: object) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() else value


NOT_BLANK: dict[str, object] = {"pattern": r"[^\s\u001c-\u001f\u0085]"}
"""The rule of `not_blank` for the OpenAPI document: `Field(json_schema_extra=NOT_BLANK)`."""


class NotBlank:
    """Refuses a text as `not_blank` does, without leaving pydantic's core: `Annotated[str, NotBlank()]`."""

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Look at the text once it is known to be one."""
        visible = core_schema.str_schema(pattern=str(NOT_BLANK["pattern"]))  # what `str.strip` leaves
        rule = core_schema.custom_error_schema(visible, "value_error", custom_error_context={"error": BLANK})
        return core_schema.chain_schema([handler(source), rule])

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, object]:
        """Describe the text as if nothing was said of it."""
        chain = as_type("core_schema.ChainSchema", core)
        return handler(chain["steps"][0])


Id = Annotated[int, Field(ge=1, le=LARGEST_ID)]
"""A primary key, in a body, a path or a filter."""


def whole_number_text(value: object) -> object:
    """Return `value` as it is. Raise ValueError for a text that is a number written in another way than usual."""
    # pydantic reads " 1", "+1", "01", "1_0" and "1.0" as numbers too, and each would be another address of one row.
    if isinstance(value, str) and not DIGITS.fullmatch(value):
        raise ValueError("expected a whole number, of digits only")
    return value


DIGITS = re.compile(r"-?(0|[1-9][0-9]*)", re.ASCII)


def _number(value: object) -> object:
    is_number = isinstance(whole_number_text(value), str) and len(str(value)) <= _LONGEST
    return int(str(value)) if is_number else _whole(value)


_LONGEST = len(str(-LARGEST_ID))
_TEXT = {"type": "string", "pattern": r"^-?(0|[1-9][0-9]*)$", "maxLength": _LONGEST, "examples": ["9007199254740993"]}

BigNumber = Annotated[
    int,
    Field(ge=-LARGEST_ID - 1, le=LARGEST_ID),
    Strict(),
    BeforeValidator(_number),
    PlainSerializer(str, return_type=str, when_used="json"),
    WithJsonSchema({"anyOf": [_TEXT, {"type": "integer"}]}, mode="validation"),
    WithJsonSchema(_TEXT, mode="serialization"),
]
"""A whole number of 64 bits, a text in JSON, since JavaScript rounds numbers beyond 2**53; bodies may have either."""

KeyText = Annotated[Id, BeforeValidator(whole_number_text)]
"""A primary key in a URL, where each has one way to be written."""

PathId = Annotated[KeyText, Path()]
"""A primary key in a path."""

BodyId = Annotated[Id, Strict(), BeforeValidator(_whole)]
"""A primary key in a JSON body: a number and no text; 5.0 is an integer too, as JSON Schema has it."""

UTCTime = Annotated[datetime, AfterValidator(in_utc)]
"""A point in time: answered as ISO 8601 in UTC with a `Z`; one that comes without a zone is taken as UTC."""


class Schema(BaseModel):
    """The base of all schemas: reads attributes of rows, has bytes as base64, and refuses fields it does not know.

    In answers the OpenAPI document does not promise that nothing else will ever be there, so that a client generated
    today still reads the answers of tomorrow.
    """

    model_config = ConfigDict(from_attributes=True, extra="forbid")

    @classmethod
    def __get_pydantic_core_schema__(cls, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Write bytes as base64, and read them so."""
        if cls.__pydantic_complete__ and source is cls:  # which was seen to when the class was made
            return handler(source)
        core: CoreSchema = with_base64(handler(source), handler)
        return core

    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, object]:
        """Describe the schema; only what clients send is closed to other fields."""
        described = handler.resolve_ref_schema(handler(core_schema))
        if handler.mode == "serialization":
            described.pop("additionalProperties", None)
        return described


@dataclass(frozen=True)
class Filter:
    """The lookups that a list offers for a column; `type` is the type of the values, if it is not the column's.

        filters={"tags__name": Filter("exact", "in", type=TagName)}

    `path` is the path of the column, if the parameter has another name: with a single lookup,
    `{"tag": Filter("iexact", path="tags__name")}` is `?tag=`.
    """

    lookups: tuple[str, ...]
    type: object = None
    path: str = ""

    def __init__(self, *lookups: str, type: object = None, path: str = "") -> None:  # noqa: A002 - reads as what it is
        object.__setattr__(self, "lookups", lookups)
        object.__setattr__(self, "type", type)
        object.__setattr__(self, "path", path)


SchemaT = TypeVar("SchemaT", bound=Schema)


class Page(Schema, Generic[SchemaT]):
    """One page of a list."""

    items: list[SchemaT]
    total: int | None = Field(
        description="How many there are on all pages; null unless asked for with `count=true`.", examples=[None]
    )
    next: str | None = Field(
        description="The URL of the next page; null on the last.",
        examples=["https://example.org/api/posts?limit=20&offset=20"],
    )
    previous: str | None = Field(description="The URL of the page before; null on the first.", examples=[None])

    @classmethod
    def model_parametrized_name(cls, params: tuple[Any, ...]) -> str:
        """Title the page of PostRead `PostPage`, as a generated client may call the class."""
        return f"{getattr(params[0], '__name__', str(params[0])).removesuffix('Read')}Page"
