"""Notes about people, with labels; it stays out of the site's own metadata."""

from sqlalchemy import Column, ForeignKey, MetaData, String, Table
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dovetail.database.models import NAMING_CONVENTION, Base, IdMixin


class GuardedBase(Base):
    __abstract__ = True
    metadata = MetaData(naming_convention=NAMING_CONVENTION)


note_labels = Table(
    "guarded_note_label",
    GuardedBase.metadata,
    Column("note_id", ForeignKey("guarded_note.id", ondelete="CASCADE"), primary_key=True),
    Column("label_id", ForeignKey("guarded_label.id", ondelete="CASCADE"), primary_key=True),
)


class Keeper(IdMixin, GuardedBase):
    __tablename__ = "guarded_person"

    name: Mapped[str] = mapped_column(String(50))
    phone: Mapped[str] = mapped_column(String(50), default="")
    is_known: Mapped[bool] = mapped_column(default=True)


class Label(IdMixin, GuardedBase):
    __tablename__ = "guarded_label"

    name: Mapped[str] = mapped_column(String(50), unique=True)
    is_open: Mapped[bool] = mapped_column(default=True)


class Note(IdMixin, GuardedBase):
    """Has neither a version nor a time of its last change: its tag is made of its columns."""

    __tablename__ = "guarded_note"

    title: Mapped[str] = mapped_column(String(50))
    owner_id: Mapped[int]
    is_public: Mapped[bool] = mapped_column(default=False)
    is_locked: Mapped[bool] = mapped_column(default=False)
    grade: Mapped[int] = mapped_column(default=0)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("guarded_person.id"))

    person: Mapped[Keeper | None] = relationship(lazy="raise")
    labels: Mapped[list[Label]] = relationship(secondary=note_labels, order_by=Label.name, lazy="raise")
