"""Workshops, who works there and what they can do; they stay out of the site's own metadata."""

from datetime import date, datetime
from enum import Enum
from typing import Any

from sqlalchemy import JSON, Column, ForeignKey, MetaData, String, Table, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dovetail.database.column_types import UTCDateTime
from dovetail.database.models import NAMING_CONVENTION, Base, IdMixin


class GuildBase(Base):
    __abstract__ = True
    metadata = MetaData(naming_convention=NAMING_CONVENTION)


class Rank(Enum):
    APPRENTICE = "apprentice"
    JOURNEYMAN = "journeyman"
    MASTER = "master"


workshop_skills = Table(
    "guild_workshop_skill",
    GuildBase.metadata,
    Column("workshop_id", ForeignKey("guild_workshop.id", ondelete="CASCADE"), primary_key=True),
    Column("skill_id", ForeignKey("guild_skill.id", ondelete="CASCADE"), primary_key=True),
)
workshop_helpers = Table(
    "guild_workshop_helper",
    GuildBase.metadata,
    Column("workshop_id", ForeignKey("guild_workshop.id", ondelete="CASCADE"), primary_key=True),
    Column("crafter_id", ForeignKey("guild_crafter.id", ondelete="CASCADE"), primary_key=True),
)


class Town(IdMixin, GuildBase):
    __tablename__ = "guild_town"

    name: Mapped[str] = mapped_column(String(50))

    def __str__(self) -> str:
        return self.name


class Skill(IdMixin, GuildBase):
    """Needs nothing but its name."""

    __tablename__ = "guild_skill"

    name: Mapped[str] = mapped_column(String(50), unique=True)

    def __str__(self) -> str:
        return self.name


class Crafter(IdMixin, GuildBase):
    __tablename__ = "guild_crafter"

    name: Mapped[str] = mapped_column(String(50))
    rank: Mapped[Rank] = mapped_column(default=Rank.APPRENTICE, server_default="apprentice")
    is_retired: Mapped[bool] = mapped_column(default=False, server_default="0")

    def __str__(self) -> str:
        return self.name


class Workshop(IdMixin, GuildBase):
    __tablename__ = "guild_workshop"

    name: Mapped[str] = mapped_column(String(50))
    about: Mapped[str] = mapped_column(Text, default="", server_default="")
    rank: Mapped[Rank | None]
    opens_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    founded_on: Mapped[date | None]
    facts: Mapped[Any | None] = mapped_column(JSON)
    town_id: Mapped[int | None] = mapped_column(ForeignKey(Town.id))
    head_id: Mapped[int | None] = mapped_column(ForeignKey(Crafter.id))
    last_change: Mapped[str] = mapped_column(String(100), default="", server_default="")

    town: Mapped[Town | None] = relationship(lazy="raise")
    head: Mapped[Crafter | None] = relationship(lazy="raise")
    helpers: Mapped[list[Crafter]] = relationship(secondary=workshop_helpers, lazy="raise")
    skills: Mapped[list[Skill]] = relationship(secondary=workshop_skills, lazy="raise")

    def __str__(self) -> str:
        return self.name
