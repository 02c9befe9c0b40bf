"""Columns that are called as methods of a schema are."""

import pytest
from fastapi import APIRouter
from sqlalchemy import MetaData, String
from sqlalchemy.orm import Mapped, mapped_column

from dovetail.database.models import Base, IdMixin
from dovetail.errors import ConfigurationError
from dovetail.resources.resource import CreateSchema, Open, ReadSchema, Resource
from dovetail.resources.schemas.model_schemas import model_schemas

NAMES = ("copy", "dict", "json", "schema", "validate", "construct", "fields", "model_name")


class Sheet(IdMixin, Base):
    __tablename__ = "sheet"
    metadata = MetaData()
    copy: Mapped[str] = mapped_column(String(9))
    dict: Mapped[str | None] = mapped_column(String(9), doc="Words.")
    json: Mapped[str] = mapped_column(String(9), default="")
    schema: Mapped[str] = mapped_column(String(9))
    validate: Mapped[int] = mapped_column(default=1)
    construct: Mapped[bool] = mapped_column(default=False)
    fields: Mapped[str] = mapped_column(String(9))
    model_name: Mapped[str] = mapped_column(String(9))
    model_dump: Mapped[str] = mapped_column(String(9))
    model_config: Mapped[str] = mapped_column(String(9))
    _hidden: Mapped[str] = mapped_column(String(9))


def test_names_of_methods_that_nobody_calls_are_fields_as_any_others_without_a_warning():
    resource = Resource(model=Sheet, fields=NAMES, policy=Open(), filters={"copy": "exact"}, ordering=("json",))
    router = APIRouter()
    router.include_router(resource.router)
    schemas = model_schemas(Sheet, NAMES)
    body = dict.fromkeys(NAMES, "x") | {"validate": 2, "construct": True}
    assert schemas.create.model_validate(body).model_dump() == body
    assert set(schemas.read.model_fields) == {"id", *NAMES}
    assert set(schemas.read.model_json_schema()["properties"]) == {"id", *NAMES}


@pytest.mark.parametrize("name", ["model_dump", "model_config", "_hidden"])
def test_names_that_no_field_can_have_are_refused_in_one_line(name):
    words = rf"fields names '{name}', which a schema calls something else; give the attribute another name"
    with pytest.raises(ConfigurationError, match=words):
        Resource(model=Sheet, fields=(name,), policy=Open())
    for base in (ReadSchema, CreateSchema):
        with pytest.raises(ConfigurationError, match=words):
            type("SheetOwn", (base,), {}, model=Sheet, fields=(name,))
