from datetime import date, time
from decimal import Decimal
from typing import Annotated
from uuid import UUID

from pydantic import MISSING, Field

from dovetail.api.schemas import Id, Schema, UTCTime
from tests.library.models import Shelf


class AuthorRead(Schema):
    id: int
    name: str
    email: str
    born: date | None


class GenreRead(Schema):
    id: int
    name: str


class ReviewRead(Schema):
    id: int
    text: str
    stars: int
    is_kind: bool | None
    written_at: UTCTime | None
    seen_on: date | None
    seen_at: time | None
    token: UUID
    shelf: Shelf | None
    reviewer: AuthorRead | None


class BookRead(Schema):
    id: int
    title: str
    is_public: bool
    isbn: UUID
    price: Decimal
    weight: float | None
    pages: int | None
    printed_on: date | None
    read_at: time | None
    released_at: UTCTime | None
    created_at: UTCTime
    shelf: Shelf
    secret: str
    author_id: int
    author: AuthorRead
    translator: AuthorRead | None
    genres: list[GenreRead]
    reviews: list[ReviewRead] | MISSING = MISSING


class LoudBookRead(BookRead):
    shout: str


class BookCreate(Schema):
    title: Annotated[str, Field(min_length=1, max_length=200)]
    text: str = ""
    is_public: bool = True
    pages: int | None = None
    price: Annotated[Decimal, Field(max_digits=10, decimal_places=2)] = Decimal(0)
    author_id: Id


class BookUpdate(Schema):
    title: Annotated[str, Field(min_length=1, max_length=200)] | MISSING = MISSING
    is_public: bool | MISSING = MISSING
    pages: int | MISSING | None = MISSING
    author_id: Id | MISSING = MISSING


class LoanRead(Schema):
    id: int
    borrower: str


class LoanWrite(Schema):
    borrower: Annotated[str, Field(min_length=1, max_length=50)]


class NovelRead(Schema):
    id: int
    title: str
    isbn: UUID
    price: Decimal
    shelf: Shelf
    weight: float | None
    created_at: UTCTime
    updated_at: UTCTime
    author: AuthorRead
    translator: AuthorRead | None
    genres: list[GenreRead]


class NovelCreate(Schema):
    title: str
    author_id: Id
    price: Decimal | None = None
    weight: float | None = None
    shelf: Shelf = Shelf.STACKS
    genres: Annotated[list[str], Field(default_factory=list)]


class NovelUpdate(Schema):
    title: str | MISSING = MISSING
    price: Decimal | MISSING = MISSING
    author_id: Id | MISSING = MISSING
    genres: list[str] | MISSING = MISSING
