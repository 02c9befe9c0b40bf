"""Each undocumented part of FastAPI that its documents are made by: these fail when one of them changes."""

import enum
from dataclasses import dataclass

import pytest
from fastapi import encoders
from fastapi._compat import v2
from fastapi.openapi import utils as openapi
from pydantic import BaseModel

from dovetail.api.openapi.fastapi_documents import flat_models
from dovetail.application import make_application
from tests.once import asks_no_database


class Colour(enum.Enum):
    RED = "red"


class Leaf(BaseModel):
    colour: Colour | None = None


@dataclass
class Plain:
    leaf: Leaf


class Tree(BaseModel):
    leaves: list[Leaf]
    named: dict[str, "Tree"] = {}
    plain: Plain | None = None


def as_fastapi_does(model: type[BaseModel], known_models: set[object] | None = None) -> set[object]:
    known = known_models or set()
    v2.get_flat_models_from_fields(v2.get_model_fields(model), known_models=known)
    return known


def test_the_models_within_a_model_are_those_that_fastapi_finds():
    assert flat_models(Tree) == as_fastapi_does(Tree) == {Tree, Leaf, Colour}


@asks_no_database
def test_the_document_of_the_site_is_what_it_is_without(settings, monkeypatch: pytest.MonkeyPatch):
    document = make_application(settings).openapi()
    monkeypatch.setattr(v2, "get_flat_models_from_model", as_fastapi_does)

    assert make_application(settings).openapi() == document


@asks_no_database
def test_a_document_is_encoded_as_fastapi_does_it(settings, monkeypatch: pytest.MonkeyPatch):
    document = make_application(settings).openapi()
    monkeypatch.setattr(openapi, "jsonable_encoder", encoders.jsonable_encoder)

    assert make_application(settings).openapi() == document


@asks_no_database
def test_no_field_of_a_model_is_made_to_look_through_it(settings, monkeypatch: pytest.MonkeyPatch):
    looked_through: list[type[BaseModel]] = []
    original = v2.get_model_fields
    monkeypatch.setattr(v2, "get_model_fields", lambda model: looked_through.append(model) or original(model))

    make_application(settings).openapi()

    assert looked_through == []
