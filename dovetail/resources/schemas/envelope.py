"""The names that stand around the objects and lists of a resource, in requests, answers and the OpenAPI document."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

import orjson
from pydantic import BaseModel, Field, create_model

from dovetail.api.schemas import Page, Schema
from dovetail.errors import ConfigurationError

PAGE = {
    "items": "",
    "total": "How many there are on all pages; null if they were not counted.",
    "next": "The URL of the next page; null on the last.",
    "previous": "The URL of the page before; null on the first.",
}


@dataclass(frozen=True, kw_only=True)
class Envelope:
    """The names of what stands around objects and lists.

        Envelope(item="article", items="articles", total="articlesCount", next="", previous="", counts=True)

    With `item`, `{"article": {...}}` is what a request sends and an answer holds; bulk requests have `items` as ever.
    The others are the names of what a page has, each left out if it is empty. `counts` says that a list is counted
    unless its URL says `count=false`. Raise ConfigurationError for a page without items, or two things of one name.
    """

    item: str = ""
    items: str = "items"
    total: str = "total"
    next: str = "next"
    previous: str = "previous"
    counts: bool = False

    def __post_init__(self) -> None:
        names = [name for name in (self.items, self.total, self.next, self.previous) if name]
        if not self.items or len(set(names)) < len(names):
            raise ConfigurationError(f"an envelope has the names {names}, expected one for items, and each once")

    def around(self, schema: type[BaseModel]) -> type[BaseModel]:
        """Return the schema of one object with what stands around it."""
        if not self.item:
            return schema
        return _made(f"{schema.__name__}Envelope", schema.__module__, {"item": (schema, Field(alias=self.item))})

    def page_of(self, schema: type[BaseModel]) -> type[BaseModel]:
        """Return the schema of a page."""
        if self.is_usual_page:
            return cast("type[BaseModel]", Page[schema])  # type: ignore[valid-type]  # known at run time only
        kinds: dict[str, object] = {"items": list[schema], "total": int | None}  # type: ignore[valid-type]  # as above
        fields: dict[str, object] = {
            name: (kinds.get(name, str | None), Field(alias=called, description=text or None))
            for name, text in PAGE.items()
            if (called := getattr(self, name))
        }
        return _made(f"{schema.__name__.removesuffix('Read')}Page", schema.__module__, fields)

    @property
    def is_usual_page(self) -> bool:
        """True if a page has its usual names."""
        return (self.items, self.total, self.next, self.previous) == ("items", "total", "next", "previous")

    def page(self, values: Mapping[str, object]) -> dict[str, object]:
        """Return what a page answers of `items`, `total`, `next` and `previous`."""
        return {name: value for key, value in values.items() if (name := getattr(self, key))}

    @property
    def pointer(self) -> str:
        """The JSON pointer to the object in a request."""
        return f"/{self.item}" if self.item else ""

    def wrapped(self, body: bytes) -> bytes:
        """Return the JSON of one object with what stands around it."""
        return body if not self.item else b"{%s:%s}" % (orjson.dumps(self.item), body)

    def unwrapped(self, data: BaseModel) -> BaseModel:
        """Return what a request sends, without what stands around it."""
        return data if not self.item else cast("BaseModel", data.item)  # type: ignore[attr-defined]  # of `around`


def _made(name: str, module: str, fields: Mapping[str, object]) -> type[BaseModel]:
    made = create_model(name, __base__=Schema, __module__=module, **fields)  # type: ignore[call-overload]  # known at run time only
    return cast("type[BaseModel]", made)


NO_ENVELOPE = Envelope()
