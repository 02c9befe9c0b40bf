"""Tables of links with columns beside the two keys: those get their defaults, or the resource is refused."""

from datetime import datetime
from uuid import uuid4

import pytest
from sqlalchemy import Column, DateTime, ForeignKey, Integer, MetaData, String, Table, func, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dovetail.application import make_application
from dovetail.database.models import Base, IdMixin
from dovetail.errors import ConfigurationError
from dovetail.resources.policy import Open
from dovetail.resources.resource import CreateSchema, Resource, UpdateSchema
from dovetail.testing.fixtures import make_client, running


class FairBase(Base):
    __abstract__ = True
    metadata = MetaData()


def between(name: str, *beside: Column[object]) -> Table:
    return Table(
        f"fair_{name}",
        FairBase.metadata,
        Column("carousel_id", ForeignKey("fair_carousel.id", ondelete="CASCADE"), primary_key=True),
        Column("sign_id", ForeignKey("fair_sign.id", ondelete="CASCADE"), primary_key=True),
        *beside,
    )


class Sign(IdMixin, FairBase):
    __tablename__ = "fair_sign"

    name: Mapped[str] = mapped_column(String(20), unique=True)


RANKED = between(
    "ranked",
    Column("rank", Integer, nullable=False, default=7),
    Column("since", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("note", String(20)),
)


class Carousel(IdMixin, FairBase):
    __tablename__ = "fair_carousel"

    name: Mapped[str] = mapped_column(String(20))
    signs: Mapped[list[Sign]] = relationship(secondary=RANKED, passive_deletes=True, order_by=lambda: Sign.name)
    numbered: Mapped[list[Sign]] = relationship(
        secondary=between("numbered", Column("number", Integer, nullable=False)), passive_deletes=True
    )
    drawn: Mapped[list[Sign]] = relationship(
        secondary=between("drawn", Column("token", String(40), default=lambda: str(uuid4()))), passive_deletes=True
    )


class CarouselCreate(CreateSchema, model=Carousel, fields=("name",)):
    signs: list[str] = []  # noqa: RUF012 - pydantic copies it


class CarouselUpdate(UpdateSchema, model=Carousel, fields=("name",)):
    signs: list[str] = []  # noqa: RUF012 - as above


def carousels(**more):
    declared = {"fields": ("name", "signs.name"), "create": CarouselCreate, "update": CarouselUpdate, "policy": Open()}
    return Resource(model=Carousel, **declared | {"links": {"signs": Sign.name}} | more)


async def test_what_stands_beside_the_keys_of_a_link_gets_its_default_by_every_way_of_writing(
    on_road, make_settings, empty_database_url
):
    app = on_road(make_application(make_settings(plugins=(), database_url=empty_database_url)))
    app.include_router(carousels().router)
    async with running(app), make_client(app) as client:
        async with app.state.database.engine.begin() as connection:
            await connection.run_sync(FairBase.metadata.create_all)
        made = await client.post("/carousels", json={"name": "a", "signs": ["x", "y"]})
        many = await client.post("/carousels/bulk", json={"items": [{"name": "b", "signs": ["x"]}, {"name": "c"}]})
        changed = await client.patch("/carousels/1", json={"signs": ["y", "z"]})
        assert (made.status_code, many.status_code, changed.status_code) == (201, 201, 200)
        assert made.json()["signs"] == [{"name": "x"}, {"name": "y"}]
        assert changed.json()["signs"] == [{"name": "y"}, {"name": "z"}]
        async with app.state.database.engine.connect() as connection:
            found = (await connection.execute(select(RANKED.c.rank, RANKED.c.note, RANKED.c.since))).all()
    assert [(row.rank, row.note) for row in found] == [(7, None)] * 3
    assert all(isinstance(row.since, datetime) for row in found)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("numbered", "fair_numbered.number beside its keys is never null, and nothing gives its value"),
        ("drawn", "fair_drawn.token beside its keys has a function as its default"),
    ],
)
def test_what_nothing_fills_beside_the_keys_of_a_link_is_refused(name, said):
    schema = type(CreateSchema)("Named", (CreateSchema,), {"__annotations__": {name: list[str]}})
    with pytest.raises(ConfigurationError, match=f"carousel: links names '{name}', and {said}"):
        carousels(create=schema, update=None, links={name: Sign.name}, fields=("name",), without={"update"})
