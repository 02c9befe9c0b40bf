"""A festival with rows of every kind that belong to it."""

from sqlalchemy import ForeignKey, MetaData, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dovetail.database.models import NAMING_CONVENTION, Base, IdMixin


class FestivalBase(Base):
    __abstract__ = True
    metadata = MetaData(naming_convention=NAMING_CONVENTION)


class Festival(IdMixin, FestivalBase):
    __tablename__ = "festival_festival"

    name: Mapped[str] = mapped_column(String(100))

    def __str__(self) -> str:
        return self.name


class Band(IdMixin, FestivalBase):
    __tablename__ = "festival_band"

    name: Mapped[str] = mapped_column(String(100))

    def __str__(self) -> str:
        return self.name


class Stage(IdMixin, FestivalBase):
    """One-to-many, in an order of its own."""

    __tablename__ = "festival_stage"

    festival_id: Mapped[int] = mapped_column(ForeignKey(Festival.id, ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(String(100))
    place: Mapped[int | None]

    def __str__(self) -> str:
        return self.name


class Slot(IdMixin, FestivalBase):
    """Of a stage: one level deeper."""

    __tablename__ = "festival_slot"

    stage_id: Mapped[int] = mapped_column(ForeignKey(Stage.id, ondelete="CASCADE"), index=True)
    hour: Mapped[int]
    note: Mapped[str] = mapped_column(String(100), default="", server_default="")


class License(FestivalBase):
    """One-to-one: its key is that of the festival."""

    __tablename__ = "festival_license"

    festival_id: Mapped[int] = mapped_column(ForeignKey(Festival.id, ondelete="CASCADE"), primary_key=True)
    number: Mapped[str] = mapped_column(String(20))


class Booking(IdMixin, FestivalBase):
    """The association of festivals and bands."""

    __tablename__ = "festival_booking"

    festival_id: Mapped[int] = mapped_column(ForeignKey(Festival.id, ondelete="CASCADE"), index=True)
    band_id: Mapped[int] = mapped_column(ForeignKey(Band.id), index=True)
    fee: Mapped[int] = mapped_column(default=0, server_default="0")
    is_secret: Mapped[bool] = mapped_column(default=False, server_default="0")
    booked_by: Mapped[str] = mapped_column(String(50), default="", server_default="")

    band: Mapped[Band] = relationship(lazy="raise")


class Shuttle(IdMixin, FestivalBase):
    """Two foreign keys lead to festivals."""

    __tablename__ = "festival_shuttle"

    start_id: Mapped[int] = mapped_column(ForeignKey(Festival.id), index=True)
    goal_id: Mapped[int | None] = mapped_column(ForeignKey(Festival.id), index=True)
    seats: Mapped[int]


class Memo(IdMixin, FestivalBase):
    """Belongs to anything, by its kind and its key."""

    __tablename__ = "festival_memo"

    content_type: Mapped[str] = mapped_column(String(50))
    object_id: Mapped[int]
    text: Mapped[str] = mapped_column(String(200))
