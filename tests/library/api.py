"""Resources as a plugin author declares them."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from sqlalchemy import ColumnElement, and_, false, or_, select, true
from starlette.requests import HTTPConnection

from dovetail.database.models import related
from dovetail.database.prepared_reads import ReadSource
from dovetail.database.session import SessionDep
from dovetail.errors import NotAuthenticatedError, NotFoundError
from dovetail.resources.policy import Open, Policy, ReadOnly, Recognized
from dovetail.resources.resource import Resource
from tests.library.models import BOOK_TEXT, Author, Book, Genre, Loan
from tests.library.schemas import (
    BookCreate,
    BookRead,
    BookUpdate,
    GenreRead,
    LoanRead,
    LoanWrite,
    LoudBookRead,
    NovelCreate,
    NovelRead,
    NovelUpdate,
)


@dataclass(frozen=True)
class Viewer:
    id: int

    @property
    def is_staff(self) -> bool:
        return self.id == 0


def viewer(connection: HTTPConnection) -> Viewer | None:
    number = connection.headers.get("X-Viewer")
    return Viewer(int(number)) if number else None


def known_viewer(found: Annotated[Viewer | None, Depends(viewer)]) -> Viewer:
    if found is None:
        raise NotAuthenticatedError
    return found


class BookPolicy(Policy):
    """Public books for all, one's own for owners, all for staff; secrets and addresses for staff only."""

    reader = Annotated[Viewer | None, Depends(viewer)]
    writer = Annotated[Viewer, Depends(known_viewer)]
    remembers_anonymous = True

    async def recognize_reader(
        self, connection: HTTPConnection, source: ReadSource
    ) -> Recognized[Viewer | None] | None:
        return Recognized(viewer(connection))

    def where(self, viewer: Viewer | None, action: str) -> ColumnElement[bool]:
        if viewer is None:
            return Book.is_public.is_(True) if action == "view" else false()
        if viewer.is_staff:
            return true()
        mine = Book.owner_id == viewer.id
        if action == "add":
            return and_(mine, Book.title != "forbidden")
        return or_(Book.is_public.is_(True), mine) if action == "view" else mine

    def explain(self, viewer: Viewer | None, action: str) -> str:
        return "This title is not for you." if action == "add" else "Only its owner may change a book."

    def related(self, viewer: Viewer | None) -> Mapping[str, ColumnElement[bool]]:
        if viewer is not None and viewer.is_staff:
            return {}
        return {"genres": Genre.is_hidden.is_(False), "translator": Author.is_secret.is_(False)}

    def hidden(self, viewer: Viewer | None) -> frozenset[str]:
        if viewer is not None and viewer.is_staff:
            return frozenset()
        return frozenset({"secret", "author.email", "translator.email", "reviews.reviewer.email"})


async def create_book(session: Any, viewer: Viewer, data: BookCreate) -> Book:
    book = Book(owner_id=viewer.id, **data.model_dump())
    session.add(book)
    return book


NUMBERS = ("exact", "in", "lt", "lte", "gt", "gte", "range", "isnull")
TEXTS = ("exact", "iexact", "in", "contains", "icontains", "startswith", "isnull")
FILTERS = {
    "id": NUMBERS,
    "title": TEXTS,
    "secret": TEXTS,
    "is_public": "exact",
    "isbn": ("exact", "in"),
    "price": NUMBERS,
    "weight": NUMBERS,
    "pages": NUMBERS,
    "printed_on": NUMBERS,
    "read_at": NUMBERS,
    "released_at": NUMBERS,
    "shelf": ("exact", "in"),
    "cover": "isnull",
    "author_id": ("exact", "in"),
    "author__id": "exact",
    "author__name": TEXTS,
    "author__email": TEXTS,
    "translator__name": TEXTS,
    "genres__name": TEXTS,
    "reviews__stars": NUMBERS,
    "reviews__reviewer__name": TEXTS,
}
ORDERING = (
    "id",
    "title",
    "secret",
    "price",
    "weight",
    "pages",
    "printed_on",
    "read_at",
    "released_at",
    "created_at",
    "shelf",
    "isbn",
    "author__name",
    "author__email",
    "translator__name",
)

books = Resource(
    model=Book,
    read=BookRead,
    create=BookCreate,
    update=BookUpdate,
    replace=BookCreate,
    policy=BookPolicy(),
    filters=FILTERS,
    ordering=ORDERING,
    default_ordering="-created_at",
    search=("title", "text", "author__name"),
    create_with=create_book,
)
loud_books = Resource(
    model=Book,
    read=LoudBookRead,
    policy=BookPolicy(),
    name="loud_book",
    filters=FILTERS,
    ordering=ORDERING,
    default_ordering="-created_at",
    search=("title", "text", "author__name"),
    without={"delete", "bulk_delete"},
)
found_books = Resource(
    model=Book,
    read=BookRead,
    policy=ReadOnly(),
    name="found_book",
    ordering=("id", "title"),
    search=BOOK_TEXT,
    without={"delete", "bulk_delete"},
)
genres = Resource(
    model=Genre,
    read=GenreRead,
    policy=ReadOnly(),
    ordering=("name",),
    without={"delete", "bulk_delete"},
    default_limit=50,
    maximum_limit=500,
)
loans = Resource(model=Loan, read=LoanRead, create=LoanWrite, update=LoanWrite, policy=Open(), requires_if_match=True)


async def find_genres(session: Any, names: Collection[str]) -> dict[str, int]:
    found = {genre.name: genre.id for genre in await session.scalars(select(Genre).where(Genre.name.in_(names)))}
    new = [Genre(name=name) for name in sorted(set(names) - set(found))]
    session.add_all(new)
    await session.flush()
    return found | {genre.name: genre.id for genre in new}


novels = Resource(
    model=Book,
    read=NovelRead,
    create=NovelCreate,
    update=NovelUpdate,
    policy=Open(),
    name="novel",
    links={"genres": find_genres},
)


async def of_genre(name: str, session: SessionDep) -> ColumnElement[bool]:
    genre = await session.scalar(select(Genre).where(Genre.name == name))
    if genre is None:
        raise NotFoundError("There is no such genre.")
    return related(Book.genres, Genre.id == genre.id)


router = APIRouter(tags=["library"])
for resource in (books, loud_books, found_books, genres, loans, novels):
    router.include_router(resource.router)
books.add_list(router, "/genres/{name}/books", name="list_genre_books", where=of_genre)
