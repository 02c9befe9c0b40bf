"""A table with a column of every type, and every other kind of attribute; it stays out of the site's own metadata."""

import enum
import uuid
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    JSON,
    BigInteger,
    Boolean,
    Computed,
    Date,
    DateTime,
    Double,
    Enum,
    Float,
    ForeignKey,
    Integer,
    Interval,
    LargeBinary,
    MetaData,
    Numeric,
    SmallInteger,
    String,
    Text,
    TypeDecorator,
    Uuid,
    func,
    select,
)
from sqlalchemy.ext.associationproxy import AssociationProxy, association_proxy
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, column_property, composite, deferred, mapped_column, relationship, synonym

from dovetail.contrib.auth.models import User
from dovetail.database.models import NAMING_CONVENTION, Base, IdMixin


class DrawerBase(Base):
    __abstract__ = True
    metadata = MetaData(naming_convention=NAMING_CONVENTION)


class Colour(enum.Enum):
    RED = "red"
    BLUE = "dark_blue"


class Size(enum.IntEnum):
    NONE = 0
    SMALL = 1
    LARGE = 2


class Range:
    """Two columns as one value."""

    def __init__(self, low: int | None, high: int | None) -> None:
        self.low, self.high = low, high

    def __composite_values__(self) -> tuple[int | None, int | None]:
        return self.low, self.high

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Range) and self.__composite_values__() == other.__composite_values__()

    def __hash__(self) -> int:
        return hash(self.__composite_values__())

    def __str__(self) -> str:
        return f"{self.low} to {self.high}"


class Shelf(DrawerBase):
    """Its attributes are named unlike its columns, the key too."""

    __tablename__ = "drawer_shelf"

    key: Mapped[str] = mapped_column("shelf_key", String(20), primary_key=True)
    keeper_id: Mapped[int | None] = mapped_column(ForeignKey(User.__table__.c.id))  # without a relation
    deputy_id: Mapped[int | None] = mapped_column(
        ForeignKey(User.__table__.c.id, deferrable=True, initially="DEFERRED")  # the COMMIT looks at it
    )
    label: Mapped[str] = mapped_column("shelf_label", String(50))

    specimens: Mapped[list["Specimen"]] = relationship(lambda: Specimen, back_populates="shelf", lazy="raise")

    def __str__(self) -> str:
        return self.label


class Whole(TypeDecorator[int]):
    """A type of the site's own: it is one of numbers, as that which it decorates."""

    impl = Integer
    cache_ok = True


class Specimen(IdMixin, DrawerBase):
    __tablename__ = "drawer_specimen"

    name: Mapped[str] = mapped_column(String(50))
    notes: Mapped[str | None] = mapped_column(Text)
    content: Mapped[str | None] = mapped_column(Text)
    is_good: Mapped[bool] = mapped_column(Boolean, default=False)
    is_rare: Mapped[bool | None]
    small: Mapped[int | None] = mapped_column(SmallInteger)
    whole: Mapped[int | None] = mapped_column(Whole)
    large: Mapped[int | None] = mapped_column(BigInteger)
    weight: Mapped[float | None]
    factor: Mapped[float | None] = mapped_column(Float(53))
    double: Mapped[float | None] = mapped_column(Double)
    price: Mapped[Decimal | None] = mapped_column(Numeric(8, 2))
    ratio: Mapped[float | None] = mapped_column(Numeric(8, 2, asdecimal=False))
    found_on: Mapped[date | None] = mapped_column(Date)
    opens: Mapped[time | None]
    seen_at: Mapped[datetime | None]
    zoned_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    naive_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=False))
    lasts: Mapped[timedelta | None] = mapped_column(Interval)
    token: Mapped[UUID | None] = mapped_column(Uuid)
    token_text: Mapped[str | None] = mapped_column(Uuid(as_uuid=False))
    colour: Mapped[Colour | None]
    size: Mapped[Size | None]
    shade: Mapped[str | None] = mapped_column(Enum("dark", "light", name="shade", native_enum=False))
    facts: Mapped[Any | None] = mapped_column(JSON)
    must_facts: Mapped[Any] = mapped_column(JSON, default=dict)
    words: Mapped[list[str] | None] = mapped_column(JSON().with_variant(ARRAY(String), "postgresql"))
    data: Mapped[bytes | None] = mapped_column(LargeBinary)
    doubled: Mapped[int | None] = mapped_column(Computed("small * 2", persisted=True))
    late: Mapped[str | None] = deferred(mapped_column(String(50)))
    other: Mapped[str | None] = mapped_column("renamed_column", String(50))
    low: Mapped[int | None]
    high: Mapped[int | None]
    shelf_key: Mapped[str | None] = mapped_column(ForeignKey("drawer_shelf.shelf_key"))
    owner_id: Mapped[int | None] = mapped_column(ForeignKey(User.__table__.c.id))

    shelf: Mapped[Shelf | None] = relationship(back_populates="specimens", lazy="raise")
    owner: Mapped[User | None] = relationship(lazy="raise")

    alias = synonym("name")
    shelf_label: AssociationProxy[str | None] = association_proxy("shelf", "label")

    @hybrid_property
    def name_length(self) -> int:
        return len(self.name)

    @name_length.inplace.expression
    @classmethod
    def _name_length(cls) -> Any:
        return func.length(cls.name, type_=Integer)

    @hybrid_property
    def untyped(self) -> int:
        return len(self.name)

    @untyped.inplace.expression
    @classmethod
    def _untyped(cls) -> Any:
        return func.length(cls.name)

    @hybrid_property
    def loud(self) -> str:
        return self.name.upper() + "!"  # no SQL for it

    @property
    def whispered(self) -> str:
        return self.name.lower()

    @property
    def halved(self) -> "Decimal | None":
        return None if self.price is None else self.price / 2

    def shout(self) -> str:
        return self.name.upper()

    def __str__(self) -> str:
        return self.name


Specimen.extent = composite(Range, Specimen.low, Specimen.high)
Specimen.name_twice = column_property(Specimen.name + Specimen.name)
Specimen.neighbours = column_property(
    select(func.count(Shelf.key)).where(Shelf.key == Specimen.shelf_key).correlate_except(Shelf).scalar_subquery()
)


class Odd(DrawerBase):
    """A key of any sign, and columns whose names mean something to forms."""

    __tablename__ = "drawer_odd"

    key: Mapped[str] = mapped_column("odd_key", String(50), primary_key=True)
    data: Mapped[str | None] = mapped_column(String(50))
    errors: Mapped[str | None] = mapped_column(String(50))
    process: Mapped[str | None] = mapped_column(String(50))

    def __str__(self) -> str:
        return self.key


class Pair(DrawerBase):
    """A key of two parts."""

    __tablename__ = "drawer_pair"

    left: Mapped[UUID] = mapped_column("pair_left", Uuid, primary_key=True, default=uuid.uuid4)
    right: Mapped[date] = mapped_column("pair_right", Date, primary_key=True)
    title: Mapped[str] = mapped_column(String(50), default="")
