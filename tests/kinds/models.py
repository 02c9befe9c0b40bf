"""Tables to be dumped and loaded; they stay out of the site's own metadata."""

import enum
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import (
    JSON,
    Column,
    Computed,
    Dialect,
    Enum,
    Float,
    ForeignKey,
    Interval,
    LargeBinary,
    MetaData,
    Numeric,
    SmallInteger,
    String,
    Table,
    Text,
)
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import TypeDecorator

from dovetail.database.models import NAMING_CONVENTION, Base, IdMixin, TimestampMixin


class KindsBase(Base):
    __abstract__ = True
    metadata = MetaData(naming_convention=NAMING_CONVENTION)


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Words(TypeDecorator[tuple[str, ...]]):
    """What only a plugin knows how to read."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: tuple[str, ...] | None, dialect: Dialect) -> str | None:
        return None if value is None else " ".join(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> tuple[str, ...] | None:
        return None if value is None else tuple(value.split(" "))


class Group(KindsBase):
    """Has a key of its own making, and refers to a table that refers back."""

    __tablename__ = "kinds_group"

    name: Mapped[str] = mapped_column(String(50), primary_key=True)
    favourite_id: Mapped[int | None] = mapped_column(ForeignKey("kinds_thing.id", use_alter=True))


class Thing(IdMixin, TimestampMixin, KindsBase):
    __tablename__ = "kinds_thing"

    name: Mapped[str] = mapped_column(String(50), unique=True)
    text: Mapped[str | None] = mapped_column(Text)
    is_good: Mapped[bool | None]
    small: Mapped[int | None] = mapped_column(SmallInteger)
    price: Mapped[Decimal | None] = mapped_column(Numeric(12, 2))
    factor: Mapped[float | None] = mapped_column(Float(53))
    born: Mapped[date | None]
    opens: Mapped[time | None]
    seen_at: Mapped[datetime | None]
    lasts: Mapped[timedelta | None] = mapped_column(Interval)
    token: Mapped[UUID | None] = mapped_column(info={"secret": False})
    colour: Mapped[Colour | None]
    shade: Mapped[str | None] = mapped_column(Enum("dark", "light", name="shade", native_enum=False))
    data: Mapped[bytes | None] = mapped_column(LargeBinary)
    facts: Mapped[Any | None] = mapped_column(JSON)
    words: Mapped[tuple[str, ...] | None] = mapped_column(Words)
    double: Mapped[int | None] = mapped_column(Computed("small * 2", persisted=True))
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("kinds_thing.id"))
    group_name: Mapped[str | None] = mapped_column(ForeignKey("kinds_group.name"))


links = Table(
    "kinds_link",
    KindsBase.metadata,
    Column("left_id", ForeignKey("kinds_thing.id"), primary_key=True),
    Column("right_id", ForeignKey("kinds_thing.id"), primary_key=True),
)
