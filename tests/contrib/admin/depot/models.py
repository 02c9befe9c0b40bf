"""Parcels and who carries them; they stay out of the site's own metadata."""

import enum
from datetime import date

from sqlalchemy import CheckConstraint, Enum, ForeignKey, MetaData, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dovetail.database.models import NAMING_CONVENTION, Base, IdMixin


class DepotBase(Base):
    __abstract__ = True
    metadata = MetaData(naming_convention=NAMING_CONVENTION)


class Stage(enum.Enum):
    WAITING = "waiting"
    ON_ITS_WAY = "on_its_way"
    DELIVERED = "delivered"


class Courier(IdMixin, DepotBase):
    __tablename__ = "depot_courier"

    name: Mapped[str] = mapped_column(String(50))

    parcels: Mapped[list["Parcel"]] = relationship(back_populates="courier", lazy="raise")

    def __str__(self) -> str:
        return self.name


class Parcel(IdMixin, DepotBase):
    __tablename__ = "depot_parcel"
    __table_args__ = (CheckConstraint("weight < 1000000", name="nobody_carries_that_much"),)

    label: Mapped[str] = mapped_column(String(50), unique=True)
    weight: Mapped[int] = mapped_column(default=1, server_default="1")
    stage: Mapped[Stage] = mapped_column(
        Enum(Stage, native_enum=False, length=20), default=Stage.WAITING, server_default="WAITING"
    )
    is_paid: Mapped[bool] = mapped_column(default=False, server_default="0")
    sent_on: Mapped[date | None]
    note: Mapped[str] = mapped_column(String(50), default="", server_default="")
    courier_id: Mapped[int | None] = mapped_column(ForeignKey(Courier.id))

    courier: Mapped[Courier | None] = relationship(back_populates="parcels", lazy="raise")

    def __str__(self) -> str:
        return self.label
