"""Vehicles in tables that inherit from one another, and payments in one table; in metadata of their own."""

from sqlalchemy import JSON, ForeignKey, MetaData, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dovetail.database.models import NAMING_CONVENTION, Base, IdMixin, TimestampMixin


class KinBase(Base):
    __abstract__ = True
    metadata = MetaData(naming_convention=NAMING_CONVENTION)


class Vehicle(IdMixin, TimestampMixin, KinBase):
    __tablename__ = "kin_vehicle"
    __mapper_args__ = {"polymorphic_on": "kind", "polymorphic_identity": "vehicle"}  # noqa: RUF012 - SQLAlchemy's way

    kind: Mapped[str] = mapped_column(String(10))
    name: Mapped[str] = mapped_column(String(20))

    def __str__(self) -> str:
        return self.name


class Car(Vehicle):
    __tablename__ = "kin_car"
    __mapper_args__ = {"polymorphic_identity": "car"}  # noqa: RUF012 - as above

    id: Mapped[int] = mapped_column(ForeignKey("kin_vehicle.id"), primary_key=True)
    doors: Mapped[int] = mapped_column(default=4)


class Taxi(Car):
    __tablename__ = "kin_taxi"
    __mapper_args__ = {"polymorphic_identity": "taxi"}  # noqa: RUF012 - as above

    car_id: Mapped[int] = mapped_column(ForeignKey("kin_car.id", ondelete="CASCADE"), primary_key=True)
    plate: Mapped[str] = mapped_column(String(10))
    rides: Mapped[list["Ride"]] = relationship(back_populates="taxi", passive_deletes=True)


class Ride(IdMixin, KinBase):
    __tablename__ = "kin_ride"

    goal: Mapped[str] = mapped_column(String(20))
    taxi_id: Mapped[int] = mapped_column(ForeignKey("kin_taxi.car_id", ondelete="CASCADE"))
    taxi: Mapped[Taxi] = relationship(back_populates="rides")


class Payment(IdMixin, KinBase):
    __tablename__ = "kin_payment"
    __mapper_args__ = {"polymorphic_on": "kind", "polymorphic_identity": "payment"}  # noqa: RUF012 - as above

    kind: Mapped[str] = mapped_column(String(10))
    amount: Mapped[int]


class CardPayment(Payment):
    __mapper_args__ = {"polymorphic_identity": "card"}  # noqa: RUF012 - as above

    number: Mapped[str | None] = mapped_column(String(20))
    details: Mapped[dict[str, int] | None] = mapped_column(JSON)
