"""Notes in folders, with labels: enough for a rule to reach across each kind of relation."""

from sqlalchemy import Column, ForeignKey, MetaData, String, Table, false
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dovetail.database.models import NAMING_CONVENTION, Base, IdMixin


class WorldBase(Base):
    """They stay out of the site's own metadata, and so have no key to its users."""

    __abstract__ = True
    metadata = MetaData(naming_convention=NAMING_CONVENTION)


note_labels = Table(
    "worlds_note_label",
    WorldBase.metadata,
    Column("note_id", ForeignKey("worlds_note.id", ondelete="CASCADE"), primary_key=True),
    Column("label_id", ForeignKey("worlds_label.id", ondelete="CASCADE"), primary_key=True),
)


class Folder(IdMixin, WorldBase):
    __tablename__ = "worlds_folder"

    name: Mapped[str] = mapped_column(String(50))
    owner_id: Mapped[int]
    is_open: Mapped[bool] = mapped_column(default=False, server_default=false())

    def __str__(self) -> str:
        return self.name


class Label(IdMixin, WorldBase):
    __tablename__ = "worlds_label"

    name: Mapped[str] = mapped_column(String(50), unique=True)
    is_open: Mapped[bool] = mapped_column(default=False, server_default=false())
    owner_id: Mapped[int]

    def __str__(self) -> str:
        return self.name


class Note(IdMixin, WorldBase):
    __tablename__ = "worlds_note"

    title: Mapped[str] = mapped_column(String(50))
    score: Mapped[int] = mapped_column(default=0)
    owner_id: Mapped[int]
    is_open: Mapped[bool] = mapped_column(default=False, server_default=false())
    folder_id: Mapped[int | None] = mapped_column(ForeignKey("worlds_folder.id", ondelete="SET NULL"))

    folder: Mapped[Folder | None] = relationship(lazy="raise")
    labels: Mapped[list[Label]] = relationship(secondary=note_labels, order_by=Label.id, lazy="raise")

    def __str__(self) -> str:
        return self.title
