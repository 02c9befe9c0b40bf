"""The undocumented part of pydantic's JSON schemas that is leaned on: these fail when it changes."""

import pytest
from pydantic import BaseModel, json_schema

from dovetail.api.openapi import pydantic_private
from dovetail.api.openapi.pydantic_private import deduplicate, distinct

ONE, OTHER = {"type": "string"}, {"type": "integer", "anyOf": [{"type": "null"}]}


@pytest.mark.parametrize("schemas", [[], [ONE], [ONE, dict(ONE)], [ONE, OTHER, dict(ONE)]])
def test_schemas_that_say_the_same_are_told_once_as_pydantic_does_it(schemas):
    assert distinct(iter(schemas)) == deduplicate(schemas)


def test_pydantic_names_components_by_it_and_compares_none_that_is_alone(monkeypatch: pytest.MonkeyPatch):
    asked: list[int] = []
    compared: list[int] = []
    monkeypatch.setattr(json_schema, "_deduplicate_schemas", lambda some: asked.append(len(some)) or distinct(some))
    monkeypatch.setattr(pydantic_private, "deduplicate", lambda some: compared.append(len(some)) or deduplicate(some))

    class Item(BaseModel):
        name: str

    first = Item

    class Item(BaseModel):  # type: ignore[no-redef]  # another of that name
        number: int

    class Box(BaseModel):
        things: list[first | Item]  # type: ignore[valid-type]  # a local class

    names = sorted(Box.model_json_schema()["$defs"])

    assert len(names) == 2
    assert 1 in asked
    assert compared
    assert 1 not in compared
