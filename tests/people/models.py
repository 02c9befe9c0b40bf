"""People in tables that inherit from one another; they stay out of the site's own metadata."""

import enum

from sqlalchemy import Enum, ForeignKey, LargeBinary, MetaData, String, Text
from sqlalchemy.orm import Mapped, deferred, mapped_column, relationship, validates

from dovetail.database.models import NAMING_CONVENTION, Base, IdMixin


class PeopleBase(Base):
    __abstract__ = True
    metadata = MetaData(naming_convention=NAMING_CONVENTION)


class Mood(enum.Enum):
    GLAD = "glad"
    SAD = "sad"


class Team(IdMixin, PeopleBase):
    __tablename__ = "people_team"

    name: Mapped[str] = mapped_column(String(50))
    badge: Mapped[bytes | None] = mapped_column(LargeBinary)
    charter: Mapped[str] = deferred(mapped_column(Text, default=""))
    mood: Mapped[Mood] = mapped_column(default=Mood.GLAD)
    size: Mapped[str] = mapped_column(Enum("S", "M", native_enum=False, length=9), default="S")
    members: Mapped[list["Person"]] = relationship(
        lambda: Person, back_populates="team", order_by=lambda: Person.id, passive_deletes=True
    )


class Person(IdMixin, PeopleBase):
    __tablename__ = "people_person"
    __mapper_args__ = {"polymorphic_on": "kind", "polymorphic_identity": "person"}  # noqa: RUF012 - SQLAlchemy's own

    kind: Mapped[str] = mapped_column(String(20))
    name: Mapped[str] = mapped_column(String(50))
    team_id: Mapped[int | None] = mapped_column(ForeignKey("people_team.id", ondelete="CASCADE"))
    team: Mapped[Team | None] = relationship(back_populates="members")

    @validates("name")
    def check_name(self, _key: str, value: str) -> str:
        if value == "nobody":
            raise ValueError("nobody is somebody")
        return value


class Engineer(Person):
    __tablename__ = "people_engineer"
    __mapper_args__ = {"polymorphic_identity": "engineer"}  # noqa: RUF012 - as above

    id: Mapped[int] = mapped_column(ForeignKey("people_person.id"), primary_key=True)
    language: Mapped[str] = mapped_column(String(20))


class Architect(Engineer):
    __tablename__ = "people_architect"
    __mapper_args__ = {"polymorphic_identity": "architect"}  # noqa: RUF012 - as above

    engineer_id: Mapped[int] = mapped_column(ForeignKey("people_engineer.id"), primary_key=True)
    style: Mapped[str] = mapped_column(String(20), default="")
