"""A table of types that PostgreSQL alone has, out of the site's own metadata too."""

from datetime import date
from typing import Any

from sqlalchemy import ARRAY, Date, Enum, Integer, MetaData, String
from sqlalchemy.dialects.postgresql import INET, JSONB, TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column

from dovetail.database.models import NAMING_CONVENTION, Base, IdMixin
from tests.contrib.admin.drawer.models import Colour


class ListsBase(Base):
    """Apart, since SQLite has no such types."""

    __abstract__ = True
    metadata = MetaData(naming_convention=NAMING_CONVENTION)


class Lists(IdMixin, ListsBase):
    __tablename__ = "drawer_lists"

    name: Mapped[str] = mapped_column(String(50))
    numbers: Mapped[list[int] | None] = mapped_column(ARRAY(Integer))
    words: Mapped[list[str]] = mapped_column(ARRAY(String), default=list)
    days: Mapped[list[date] | None] = mapped_column(ARRAY(Date))
    facts: Mapped[Any | None] = mapped_column(JSONB)
    mood: Mapped[str | None] = mapped_column(Enum("good", "bad", name="drawer_mood"))
    colour: Mapped[Colour | None] = mapped_column(Enum(Colour, name="drawer_colour"))
    matrix: Mapped[list[list[int]] | None] = mapped_column(ARRAY(Integer, dimensions=2))
    address: Mapped[Any | None] = mapped_column(INET)
    vector: Mapped[Any | None] = mapped_column(TSVECTOR)
