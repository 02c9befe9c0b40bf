"""Tables as another program left them: keys that have a meaning, names that are taken, and SQL beside the columns."""

import enum
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import (
    DDL,
    Enum,
    ForeignKey,
    ForeignKeyConstraint,
    Integer,
    MetaData,
    Numeric,
    String,
    Text,
    event,
    func,
    text,
)
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column, relationship, synonym

from dovetail.database.models import NAMING_CONVENTION, Base, IdMixin


class LedgerBase(Base):
    """Apart from the site's models."""

    __abstract__ = True
    metadata = MetaData(naming_convention=NAMING_CONVENTION)


class Country(LedgerBase):
    """Known by a code, which changes: what refers to it follows."""

    __tablename__ = "ledger_country"
    code: Mapped[str] = mapped_column(String(10), primary_key=True)
    name: Mapped[str] = mapped_column(String(40))

    cities: Mapped[list["City"]] = relationship(
        back_populates="country", foreign_keys="City.country_code", passive_updates=True, lazy="raise"
    )

    def __str__(self) -> str:
        return self.name


class City(IdMixin, LedgerBase):
    __tablename__ = "ledger_city"
    name: Mapped[str] = mapped_column(String(40))
    country_code: Mapped[str] = mapped_column(ForeignKey("ledger_country.code", onupdate="CASCADE"), index=True)
    # The COMMIT looks at it.
    twin_code: Mapped[str | None] = mapped_column(
        ForeignKey("ledger_country.code", onupdate="CASCADE", deferrable=True, initially="DEFERRED"), index=True
    )

    country: Mapped[Country] = relationship(back_populates="cities", foreign_keys=country_code, lazy="raise")
    twin: Mapped[Country | None] = relationship(foreign_keys=twin_code, lazy="raise")

    @hybrid_property
    def length(self) -> int:
        return len(self.name)

    @length.inplace.expression
    @classmethod
    def _length(cls) -> Any:
        return func.length(cls.name, type_=Integer)

    @hybrid_property
    def is_short(self) -> bool:
        return self.length < 5

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
    def quiet(self) -> str:
        return self.name.lower()

    label: Mapped[str] = synonym("name")


class Level(enum.Enum):
    """Values that are no names, and numbers."""

    LOW = 1
    HIGH = 2


class Booking(LedgerBase):
    """Known by a day and a serial; a column called `id` is no key."""

    __tablename__ = "ledger_booking"
    day: Mapped[date] = mapped_column(primary_key=True)
    serial: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[str | None] = mapped_column("id", String(20))
    metadata_: Mapped[str | None] = mapped_column("metadata", String(20))
    registry_: Mapped[str | None] = mapped_column("registry", String(20))
    query: Mapped[str | None] = mapped_column(String(20))
    level: Mapped[Level] = mapped_column(Enum(Level, native_enum=False, length=10), server_default="LOW")
    code: Mapped[str] = mapped_column(String(40), server_default=text("(lower('ABC'))"))
    amount: Mapped[Decimal] = mapped_column("Total Amount", Numeric(8, 2), server_default="0")

    lines: Mapped[list["BookingLine"]] = relationship(
        back_populates="booking", cascade="all, delete-orphan", passive_deletes=True, lazy="raise"
    )


class BookingLine(LedgerBase):
    """The key is the booking's and a number; an association with columns of its own."""

    __tablename__ = "ledger_line"
    __table_args__ = (
        ForeignKeyConstraint(
            ["day", "serial"],
            ["ledger_booking.day", "ledger_booking.serial"],
            name="fk_line",
            ondelete="CASCADE",
            onupdate="CASCADE",
        ),
    )
    day: Mapped[date] = mapped_column(primary_key=True)
    serial: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    text: Mapped[str] = mapped_column(Text)

    booking: Mapped[Booking] = relationship(back_populates="lines", lazy="raise")


class Wide(IdMixin, LedgerBase):
    """Sixty columns."""

    __tablename__ = "ledger_wide"
    for _number in range(60):
        locals()[f"column_{_number}"] = mapped_column(f"Column {_number}", String(10), nullable=True)
    del _number


class Total(LedgerBase):
    """A view."""

    __tablename__ = "ledger_total"
    __table_args__ = {"info": {"managed": False, "read_only": True}}  # noqa: RUF012 - declared by SQLAlchemy
    day: Mapped[date] = mapped_column(primary_key=True)
    level: Mapped[str] = mapped_column(String(10), primary_key=True)
    amount: Mapped[Decimal] = mapped_column(Numeric(8, 2))


VIEW = 'SELECT day, level, sum("Total Amount") AS amount FROM ledger_booking GROUP BY day, level'
event.listen(Booking.__table__, "after_create", DDL(f"CREATE VIEW ledger_total AS {VIEW}"))
