"""A library with a column of every kind and a relation of every kind; it stays out of the site's own metadata."""

import enum
from datetime import date, datetime, time
from decimal import Decimal
from uuid import UUID, uuid4

from sqlalchemy import BigInteger, Column, Float, ForeignKey, MetaData, Numeric, String, Table, Text, and_
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dovetail.database.models import NAMING_CONVENTION, Base, IdMixin, TimestampMixin
from dovetail.database.search.search import FullText


class LibraryBase(Base):
    __abstract__ = True
    metadata = MetaData(naming_convention=NAMING_CONVENTION)


class Shelf(enum.Enum):
    STACKS = "stacks"
    CELLAR = "cellar"


class Level(enum.IntEnum):
    EASY = 1
    HARD = 2


book_genres = Table(
    "library_book_genre",
    LibraryBase.metadata,
    Column("book_id", ForeignKey("library_book.id", ondelete="CASCADE"), primary_key=True),
    Column("genre_id", ForeignKey("library_genre.id", ondelete="CASCADE"), primary_key=True),
)


class Author(IdMixin, LibraryBase):
    __tablename__ = "library_author"

    name: Mapped[str] = mapped_column(String(100))
    email: Mapped[str] = mapped_column(String(100), default="")
    born: Mapped[date | None]
    is_secret: Mapped[bool] = mapped_column(default=False)


class Genre(IdMixin, LibraryBase):
    __tablename__ = "library_genre"

    name: Mapped[str] = mapped_column(String(50), unique=True)
    is_hidden: Mapped[bool] = mapped_column(default=False)


class Book(IdMixin, TimestampMixin, LibraryBase):
    __tablename__ = "library_book"

    title: Mapped[str] = mapped_column(String(200))
    text: Mapped[str] = mapped_column(Text, default="")
    owner_id: Mapped[int] = mapped_column(default=1)
    is_public: Mapped[bool] = mapped_column(default=True)
    isbn: Mapped[UUID] = mapped_column(default=uuid4)
    price: Mapped[Decimal] = mapped_column(Numeric(12, 2), default=Decimal(0))
    weight: Mapped[float | None] = mapped_column(Float(53))
    pages: Mapped[int | None] = mapped_column(BigInteger)
    printed_on: Mapped[date | None]
    read_at: Mapped[time | None]
    released_at: Mapped[datetime | None]
    shelf: Mapped[Shelf] = mapped_column(default=Shelf.STACKS)
    secret: Mapped[str] = mapped_column(String(50), default="hush")
    cover: Mapped[bytes | None]
    author_id: Mapped[int] = mapped_column(ForeignKey("library_author.id"))
    translator_id: Mapped[int | None] = mapped_column(ForeignKey("library_author.id"))

    author: Mapped[Author] = relationship(foreign_keys=[author_id], lazy="raise")
    translator: Mapped[Author | None] = relationship(foreign_keys=[translator_id], lazy="raise")
    genres: Mapped[list[Genre]] = relationship(secondary=book_genres, order_by=Genre.name, lazy="raise")
    reviews: Mapped[list["Review"]] = relationship(
        back_populates="book", order_by="Review.id.desc()", lazy="raise", passive_deletes=True
    )
    kind_reviews: Mapped[list["Review"]] = relationship(
        primaryjoin=lambda: and_(Book.id == Review.book_id, Review.is_kind.is_(True)), viewonly=True, lazy="raise"
    )
    best_reviews: Mapped[list["Review"]] = relationship(
        primaryjoin=lambda: and_(Book.id == Review.book_id, Review.stars == 5),
        viewonly=True,
        lazy="raise",
    )

    @property
    def shout(self) -> str:
        return self.title.upper()


BOOK_TEXT = FullText("title", "text", config="english", ranked=True)
BOOK_TEXT.index(Book)


class Review(IdMixin, LibraryBase):
    __tablename__ = "library_review"

    text: Mapped[str] = mapped_column(Text)
    stars: Mapped[int] = mapped_column(default=3)
    is_kind: Mapped[bool | None]
    mark: Mapped[Decimal | None] = mapped_column(Numeric(20, 5))
    factor: Mapped[float | None] = mapped_column(Float(53))
    written_at: Mapped[datetime | None]
    seen_on: Mapped[date | None]
    seen_at: Mapped[time | None]
    token: Mapped[UUID] = mapped_column(default=uuid4)
    shelf: Mapped[Shelf | None]
    book_id: Mapped[int] = mapped_column(ForeignKey("library_book.id", ondelete="CASCADE"))
    reviewer_id: Mapped[int | None] = mapped_column(ForeignKey("library_author.id"))
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("library_review.id"))

    book: Mapped[Book] = relationship(back_populates="reviews", lazy="raise")
    reviewer: Mapped[Author | None] = relationship(lazy="raise")
    parent: Mapped["Review | None"] = relationship(remote_side="Review.id", back_populates="replies", lazy="raise")
    replies: Mapped[list["Review"]] = relationship(back_populates="parent", order_by="Review.id", lazy="raise")


class Loan(IdMixin, LibraryBase):
    """Has a version column."""

    __tablename__ = "library_loan"

    borrower: Mapped[str] = mapped_column(String(50))
    version: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": version, "eager_defaults": True}  # noqa: RUF012 - declared by SQLAlchemy
