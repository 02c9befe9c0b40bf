"""Schemas that are written by hand have no null, and leave nothing out, where the column needs a value."""

from typing import Annotated

import pytest
from pydantic import MISSING, AfterValidator, Field, ValidationError, field_validator
from sqlalchemy import ForeignKey, MetaData, String, event
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dovetail.api.schemas import Schema
from dovetail.database.models import Base, IdMixin
from dovetail.resources.policy import Open, Policy
from dovetail.resources.resource import Resource


class MeadowBase(Base):
    __abstract__ = True
    metadata = MetaData()


class Tree(IdMixin, MeadowBase):
    __tablename__ = "meadow_tree"

    name: Mapped[str] = mapped_column(String(20))
    height: Mapped[int]
    age: Mapped[int] = mapped_column(default=1)
    note: Mapped[str | None] = mapped_column(String(20))
    nests: Mapped[list["Nest"]] = relationship(lambda: Nest, passive_deletes=True)


class Nest(IdMixin, MeadowBase):
    __tablename__ = "meadow_nest"

    tree_id: Mapped[int] = mapped_column(ForeignKey("meadow_tree.id"))
    bird: Mapped[str] = mapped_column(String(20))


class Bush(IdMixin, MeadowBase):
    __tablename__ = "meadow_bush"

    name: Mapped[str] = mapped_column(String(20))


@event.listens_for(Bush, "before_insert")
def _name(_mapper, _connection, target):
    target.name = target.name or "bush"


class NestWrite(Schema):
    bird: str | None = None


class TreeWrite(Schema):
    name: Annotated[str | None, Field(max_length=10, description="On its sign.")] = None
    height: int | MISSING = MISSING
    age: int | None = None
    note: str | None = None
    nests: list[NestWrite] = []  # noqa: RUF012 - pydantic copies it


class Sparing(Policy):
    def read_only(self, viewer):
        return frozenset({"name"})


async def change(session, viewer, item, data):
    return None


def resource(**more):
    declared = {"model": Tree, "fields": ("name", "nests.id", "nests.bird"), "nested": ("nests",), "policy": Open()}
    return Resource(**declared | {"create": TreeWrite, "update": TreeWrite, "replace": TreeWrite} | more)


def wrong(schema, **given):
    """The fields that are refused."""
    try:
        schema(**given)
    except ValidationError as error:
        return {one["loc"][0] for one in error.errors()}
    return set()


RIGHT = {"name": "oak", "height": 3}


def test_what_makes_a_row_has_to_have_what_nothing_else_gives_and_null_stands_for_a_default():
    create = resource().create
    assert wrong(create, **RIGHT) == set()
    assert wrong(create, **RIGHT, age=None, note=None) == set()
    assert wrong(create) == {"name", "height"}
    assert wrong(create, name=None, height=None) == {"name", "height"}
    assert wrong(create, **RIGHT, nests=[{"bird": None}]) == wrong(create, **RIGHT, nests=[{}]) == {"nests"}
    assert create.model_json_schema()["required"] == ["name", "height"]
    assert create.model_json_schema()["properties"]["name"] == {
        "description": "On its sign.",
        "maxLength": 10,
        "title": "Name",
        "type": "string",
    }


def test_what_changes_a_row_may_leave_out_anything_and_has_no_null_where_the_column_has_none():
    update = resource().update
    assert wrong(update) == wrong(update, note=None) == set()
    assert wrong(update, name=None, height=None, age=None) == {"name", "height", "age"}


def test_what_replaces_a_row_is_whole_unless_the_policy_keeps_fields_from_some():
    replace = resource().replace
    assert wrong(replace) == {"name", "height"}
    assert wrong(replace, **RIGHT, age=None) == {"age"}
    replace = resource(policy=Sparing()).replace
    assert wrong(replace) == set()
    assert wrong(replace, name=None) == {"name"}


def test_what_a_hook_is_given_stays_as_it_was_written():
    assert wrong(resource(update_with=change, replace=None).update, name=None) == set()


def shout(name):
    return name or "bush"


class ByField(Schema):
    name: Annotated[str | None, AfterValidator(shout)] = None


class ByValidator(Schema):
    name: str | None = None

    @field_validator("name")
    @classmethod
    def _shout(cls, name):
        return shout(name)


class Plain(Schema):
    name: str | None = None


@pytest.mark.parametrize(("model", "schema"), [(Bush, Plain), (Tree, ByField), (Tree, ByValidator)])
def test_what_python_may_fill_stays_as_it_was_written(model, schema):
    made = Resource(model=model, fields=("name",), create=schema, update=schema, policy=Open())
    assert wrong(made.create, name=None) == wrong(made.update, name=None) == set()
