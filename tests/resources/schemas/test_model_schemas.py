"""Schemas that are made of a model's columns, and resources of one line that have them."""

from decimal import Decimal

import pytest
from fastapi import FastAPI
from pydantic import MISSING, ValidationError
from sqlalchemy import JSON, Column, ForeignKey, Identity, Integer, MetaData, Numeric, String, Text
from sqlalchemy.dialects.postgresql import ARRAY, MONEY
from sqlalchemy.orm import Mapped, MappedAsDataclass, mapped_column, relationship

from dovetail.application import make_application
from dovetail.database.models import Base, IdMixin, TimestampMixin
from dovetail.errors import ConfigurationError
from dovetail.resources.policy import Open
from dovetail.resources.resource import CreateSchema, ReadSchema, Resource, UpdateSchema
from dovetail.resources.schemas.model_schemas import model_schemas
from dovetail.resources.schemas.secret_columns import is_secret
from dovetail.testing.fixtures import make_client, running
from tests.kinds.models import Group, KindsBase, Thing


class PressBase(Base):
    __abstract__ = True
    metadata = MetaData()


class Printer(IdMixin, PressBase):
    __tablename__ = "press_printer"

    name: Mapped[str] = mapped_column(String(20), doc="As on the door.")
    password: Mapped[str] = mapped_column(String(20))
    secretary_hash: Mapped[str] = mapped_column(String(20), info={"secret": False})


class Leaflet(IdMixin, TimestampMixin, PressBase):
    __tablename__ = "press_leaflet"

    title: Mapped[str] = mapped_column(String(20))
    note: Mapped[str | None] = mapped_column(Text)
    copies: Mapped[int] = mapped_column(default=10)
    price: Mapped[Decimal] = mapped_column(Numeric(9, 2), default=0)
    is_free: Mapped[bool] = mapped_column(default=0)
    colour: Mapped[str] = mapped_column(String(10), server_default="black")
    number: Mapped[int] = mapped_column(Integer, Identity(always=True))
    extra: Mapped[object] = mapped_column(JSON, nullable=True)
    words: Mapped[list[str] | None] = mapped_column(ARRAY(String(5)))
    worth: Mapped[object] = mapped_column(MONEY)
    printer_id: Mapped[int] = mapped_column(ForeignKey("press_printer.id"))
    printer: Mapped[Printer] = relationship()


SENT = ["title", "note", "copies", "price", "is_free", "colour", "extra", "words", "printer_id"]
FIELDS = (*SENT[:6], "number", *SENT[6:], "created_at", "printer.name")


def test_schemas_have_what_the_columns_say():
    read, create, update = model_schemas(Leaflet, FIELDS)

    assert list(read.model_fields) == ["id", *FIELDS[:-1], "printer"]
    assert list(create.model_fields) == list(update.model_fields) == SENT
    assert create.model_validate({"title": "A", "printer_id": 1}).model_dump() == {
        "title": "A",
        "note": None,
        "copies": 10,
        "price": Decimal(0),
        "is_free": False,
        "extra": None,
        "words": None,
        "printer_id": 1,
    }
    assert update().model_dump() == {}
    assert update(note=None).model_dump() == {"note": None}
    printer = read.model_json_schema()["$defs"]["LeafletPrinterRead"]["properties"]
    assert printer == {"name": {"title": "Name", "type": "string", "description": "As on the door."}}


class Poster(MappedAsDataclass, PressBase, kw_only=True):
    __tablename__ = "press_poster"

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    words: Mapped[list[str]] = mapped_column(JSON, default_factory=list)
    facts: Mapped[dict[str, int]] = mapped_column(JSON)


def test_a_dataclass_makes_what_is_left_out_and_json_that_is_never_null_is_not_its_own_null_either():
    _, create, update = model_schemas(Poster, ("words", "facts"))

    assert create.model_validate({"facts": {"a": None}}).model_dump() == {"facts": {"a": None}}
    for schema, given in ((create, {"facts": None}), (create, {"facts": {}, "words": None}), (update, {"facts": None})):
        with pytest.raises(ValidationError, match="expected a value, found null"):
            schema.model_validate(given)


@pytest.mark.parametrize(
    "wrong",
    [
        {"title": ""},
        {"title": " "},
        {"title": "x" * 21},
        {"copies": 2**31},
        {"copies": None},
        {"words": ["longer"]},
        {"printer_id": "1"},
        {"id": 3},
    ],
    ids=str,
)
def test_what_a_column_does_not_take_is_refused(wrong):
    schemas = model_schemas(Leaflet, FIELDS)
    with pytest.raises(ValidationError):
        schemas.create.model_validate({"title": "A", "printer_id": 1} | wrong)
    with pytest.raises(ValidationError):
        schemas.update.model_validate(wrong)


class LeafletRead(ReadSchema, model=Leaflet, fields=("title", "copies")):
    copies: str


class LeafletCreate(CreateSchema, model=Leaflet, fields=("title",)):
    coupon: str | None = None


class LeafletUpdate(UpdateSchema, model=Leaflet, fields=("title",)):
    pass


def test_a_schema_derives_from_what_would_be_made_and_says_what_differs():
    assert LeafletRead.model_fields["copies"].annotation is str
    assert list(LeafletRead.model_fields) == ["id", "title", "copies"]
    assert list(LeafletCreate.model_fields) == ["title", "coupon"]
    assert LeafletUpdate.model_fields["title"].default is MISSING


@pytest.mark.parametrize(
    ("model", "declared", "said"),
    [
        (
            Printer,
            {"fields": ("name", "password")},
            "holds a secret by its name; leave it out, or say that it does not: ",
        ),
        (Printer, {"fields": ("nane",)}, "fields names 'nane', expected some of id, name"),
        (Printer, {"fields": "name"}, "expected a tuple: ('name',)"),
        (Printer, {"fields": ("name",), "read_only": ("id",)}, "read_only names ['id'], which `fields` does not"),
        (Printer, {}, "expected `fields`, of which schemas are made, or `read`"),
        (Leaflet, {"fields": ("worth",)}, "no schema can be made of its type MONEY()"),
        (Thing, {"fields": ("words",)}, "no schema can be made of its type Words()"),
        (Leaflet, {"fields": ("printer",)}, "expected what is answered of it, as in 'printer.id'"),
        (Leaflet, {"fields": ("press.name",)}, "'press' is no relation, expected one of printer"),
        (Leaflet, {"fields": ("printer.password",)}, "holds a secret"),
    ],
    ids=str,
)
def test_what_no_schema_can_be_made_of_is_refused_in_one_line(model, declared, said):
    with pytest.raises(ConfigurationError) as refused:
        Resource(model=model, policy=Open(), **declared)

    assert said in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_name_that_merely_sounds_secret_is_allowed_in_one_word():
    assert "secretary_hash" in model_schemas(Printer, ("secretary_hash",)).read.model_fields
    assert not is_secret(Column("secretary", String))


def test_what_is_read_only_is_answered_and_never_taken():
    made = Resource(model=Leaflet, fields=("title", "copies"), read_only=("copies",), policy=Open())
    assert "copies" in made.read.model_fields
    assert list(made.create.model_fields) == list(made.update.model_fields) == ["title"]
    assert Resource(model=Leaflet, fields=("title",), read_only=("title",), policy=Open()).create is None


THING = ("name", "text", "is_good", "small", "price", "factor", "born", "opens", "seen_at", "lasts", "token", "colour")
FULL = {
    "name": "first",
    "text": "",
    "is_good": True,
    "small": -(2**15),
    "price": "12.50",
    "factor": 0.1,
    "born": "2020-02-29",
    "opens": "08:30:00",
    "seen_at": "2026-01-31T12:00:00Z",
    "lasts": "P1DT2H",
    "token": "0b9a0d5e-6f7c-4b58-9b11-3f1f0f6f2a10",
    "colour": "red",
    "shade": "dark",
    "data": "AP8=",
}


@pytest.fixture
async def site(on_road, make_settings, empty_database_url):
    settings = make_settings(plugins=("tests.kinds",), database_url=empty_database_url)
    app: FastAPI = on_road(make_application(settings))
    for resource in (
        Resource(model=Thing, fields=(*THING, "shade", "data"), policy=Open(), ordering=("name",)),
        Resource(model=Group, fields=("name", "favourite_id"), policy=Open()),
    ):
        app.include_router(resource.router, prefix="/api")
    async with running(app), make_client(app) as client:
        async with app.state.database.engine.begin() as connection:
            await connection.run_sync(KindsBase.metadata.create_all)
        yield client


async def test_a_resource_of_one_line_writes_and_reads_columns_of_every_kind(site):
    made = await site.post("/api/things", json=FULL)
    assert made.status_code == 201, made.text
    assert made.json() == {"id": 1, **FULL}
    empty = await site.post("/api/things", json={"name": "second"})
    assert empty.json() == {"id": 2, "name": "second", **dict.fromkeys(list(FULL)[1:])}
    changed = await site.patch("/api/things/2", json={"price": "0.05", "colour": "blue", "shade": "light"})
    assert changed.json() == empty.json() | {"price": "0.05", "colour": "blue", "shade": "light"}
    assert (await site.get("/api/things?ordering=name")).json()["items"] == [made.json(), changed.json()]

    for wrong in (
        {"price": "12345678901.5"},
        {"small": 2**15},
        {"shade": "grey"},
        {"lasts": "P999999999D"},
        {"seen_at": "x"},
        {"name": "x" * 51},
    ):
        refused = await site.patch("/api/things/1", json=wrong)
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, f"/{next(iter(wrong))}")

    group = await site.post("/api/groups", json={"name": "a", "favourite_id": 2})
    assert group.json() == {"name": "a", "favourite_id": 2}
    renamed = await site.patch("/api/groups/a", json={"name": "b"})
    assert renamed.status_code == 422  # a key stays
