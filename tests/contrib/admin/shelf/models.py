"""Books that belong to readers, or to nobody; they stay out of the site's own metadata."""

from sqlalchemy import CheckConstraint, Column, ForeignKey, MetaData, String, Table, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dovetail.contrib.auth.models import User
from dovetail.database.models import NAMING_CONVENTION, Base, IdMixin


class ShelfBase(Base):
    __abstract__ = True
    metadata = MetaData(naming_convention=NAMING_CONVENTION)


book_genres = Table(
    "shelf_book_genre",
    ShelfBase.metadata,
    Column("book_id", ForeignKey("shelf_book.id", ondelete="CASCADE"), primary_key=True),
    Column("genre_id", ForeignKey("shelf_genre.id"), primary_key=True),  # a genre in use cannot be deleted
)


class Genre(IdMixin, ShelfBase):
    __tablename__ = "shelf_genre"

    name: Mapped[str] = mapped_column(String(50), unique=True)
    is_secret: Mapped[bool] = mapped_column(default=False)

    def __str__(self) -> str:
        return self.name


class Book(IdMixin, ShelfBase):
    __tablename__ = "shelf_book"
    __table_args__ = (CheckConstraint("pages > -1000000", name="no_book_is_that_thin"),)

    title: Mapped[str] = mapped_column(String(200), unique=True)
    notes: Mapped[str] = mapped_column(Text, default="", server_default="")
    pages: Mapped[int] = mapped_column(default=0)
    purchase_code: Mapped[str] = mapped_column(String(50), default="", server_default="")
    owner_id: Mapped[int | None] = mapped_column(ForeignKey(User.__table__.c.id, ondelete="CASCADE"))

    owner: Mapped[User | None] = relationship(lazy="raise")
    genres: Mapped[list[Genre]] = relationship(secondary=book_genres, lazy="raise", passive_deletes=True)


class Stamp(ShelfBase):
    """A key of two parts, one of them text."""

    __tablename__ = "shelf_stamp"

    country: Mapped[str] = mapped_column(String(10), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    motif: Mapped[str] = mapped_column(String(50), default="")
    year: Mapped[int | None]

    def __str__(self) -> str:
        return self.motif


box_notes = Table(
    "shelf_box_note",
    ShelfBase.metadata,
    Column("box_id", ForeignKey("shelf_box.id", ondelete="CASCADE"), primary_key=True),
    Column("note_id", ForeignKey("shelf_note.id", ondelete="CASCADE"), primary_key=True),
)


class Note(IdMixin, ShelfBase):
    __tablename__ = "shelf_note"

    title: Mapped[str] = mapped_column(String(200))
    writer_id: Mapped[int] = mapped_column(ForeignKey(User.__table__.c.id, ondelete="CASCADE"))

    def __str__(self) -> str:
        return self.title


class Keeper(IdMixin, ShelfBase):
    __tablename__ = "shelf_keeper"

    name: Mapped[str] = mapped_column(String(50))

    def __str__(self) -> str:
        return self.name


class Box(IdMixin, ShelfBase):
    """It says what it holds, by a relation that its model always loads."""

    __tablename__ = "shelf_box"

    name: Mapped[str] = mapped_column(String(50))
    note_id: Mapped[int | None] = mapped_column(ForeignKey(Note.id, ondelete="SET NULL"))
    keeper_id: Mapped[int] = mapped_column(ForeignKey(Keeper.id))
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("shelf_box.id"))

    note: Mapped[Note | None] = relationship(lazy="selectin")
    keeper: Mapped[Keeper] = relationship(lazy="raise")
    parent: Mapped["Box | None"] = relationship(lambda: Box, remote_side=lambda: Box.id, lazy="raise")
    notes: Mapped[list[Note]] = relationship(
        secondary=box_notes, lazy="raise", passive_deletes=True, order_by=Note.title
    )

    def __str__(self) -> str:
        return f"{self.name} with {self.note.title}" if self.note else self.name
