"""Paintings and who painted them; they stay out of the site's own metadata."""

import enum
from datetime import date, datetime

from sqlalchemy import ForeignKey, MetaData, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dovetail.contrib.admin.views import display
from dovetail.database.column_types import UTCDateTime
from dovetail.database.models import NAMING_CONVENTION, Base, IdMixin


class AtelierBase(Base):
    __abstract__ = True
    metadata = MetaData(naming_convention=NAMING_CONVENTION)


class Technique(enum.Enum):
    OIL = "oil"
    INK = "ink"


class Artist(IdMixin, AtelierBase):
    __tablename__ = "atelier_artist"

    name: Mapped[str] = mapped_column(String(100))
    country: Mapped[str] = mapped_column(String(2), default="NL", server_default="NL")
    is_living: Mapped[bool] = mapped_column(default=False, server_default="0")

    paintings: Mapped[list["Painting"]] = relationship(back_populates="artist", lazy="raise")

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return f"/artists/{self.name.lower()}"


class Painting(IdMixin, AtelierBase):
    __tablename__ = "atelier_painting"

    title: Mapped[str] = mapped_column(String(100))
    slug: Mapped[str] = mapped_column(String(100), default="", server_default="")
    story: Mapped[str] = mapped_column(Text, default="", server_default="")
    technique: Mapped[Technique | None]
    price: Mapped[int | None]
    is_sold: Mapped[bool | None]
    painted_on: Mapped[date | None]
    shown_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    artist_id: Mapped[int | None] = mapped_column(ForeignKey(Artist.id))

    artist: Mapped[Artist | None] = relationship(back_populates="paintings", lazy="raise")

    def __str__(self) -> str:
        return self.title

    @property
    @display(description="In short")
    def summary(self) -> str:
        return f"{self.title} ({self.artist.name if self.artist else 'unknown'})"

    def shouted(self) -> str:
        return self.title.upper()
