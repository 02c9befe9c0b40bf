"""Rows that a body names by a column that does not tell upper from lower case."""

import pytest
from sqlalchemy import Column, ForeignKey, MetaData, String, Table
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dovetail.application import make_application
from dovetail.database.models import Base, IdMixin
from dovetail.resources.policy import Open
from dovetail.resources.resource import CreateSchema, Resource, UpdateSchema
from dovetail.testing.fixtures import make_client, running


class ShelfBase(Base):
    __abstract__ = True
    metadata = MetaData()


class Label(IdMixin, ShelfBase):
    __tablename__ = "shelf_label"

    name: Mapped[str] = mapped_column(String(20, collation="NOCASE"), unique=True)


class Jar(IdMixin, ShelfBase):
    __tablename__ = "shelf_jar"

    size: Mapped[int]
    labels: Mapped[list[Label]] = relationship(
        secondary=Table(
            "shelf_jar_label",
            ShelfBase.metadata,
            Column("jar_id", ForeignKey("shelf_jar.id", ondelete="CASCADE"), primary_key=True),
            Column("label_id", ForeignKey("shelf_label.id", ondelete="CASCADE"), primary_key=True),
        ),
        passive_deletes=True,
        order_by=lambda: Label.id,
    )


class JarCreate(CreateSchema, model=Jar, fields=("size",)):
    labels: list[str] = []  # noqa: RUF012 - pydantic copies it


class JarUpdate(UpdateSchema, model=Jar, fields=("size",)):
    labels: list[str] = []  # noqa: RUF012 - as above


@pytest.mark.parametrize("database_kind", ["sqlite"])  # PostgreSQL is built without ICU here
async def test_a_name_in_another_spelling_is_that_of_the_row_which_the_column_takes_for_the_same(
    on_road, make_settings, empty_database_url
):
    jars = Resource(
        model=Jar,
        fields=("size", "labels.name"),
        create=JarCreate,
        update=JarUpdate,
        policy=Open(),
        links={"labels": Label.name},
    )
    app = on_road(make_application(make_settings(plugins=(), database_url=empty_database_url)))
    app.include_router(jars.router)
    async with running(app), make_client(app) as client:
        async with app.state.database.engine.begin() as connection:
            await connection.run_sync(ShelfBase.metadata.create_all)

        made = await client.post("/jars", json={"size": 1, "labels": ["Jam", "jam", "fig"]})
        again = await client.post("/jars", json={"size": 1, "labels": ["JAM"]})
        both = await client.post("/jars", json={"size": 1, "labels": ["JAM", "jaM", "Plum"]})
        changed = await client.patch("/jars/1", json={"labels": ["PLUM"]})

    named = [[one["name"].lower() for one in each.json()["labels"]] for each in (made, again, both, changed)]
    assert [sorted(names) for names in named] == [["fig", "jam"], ["jam"], ["jam", "plum"], ["plum"]]
