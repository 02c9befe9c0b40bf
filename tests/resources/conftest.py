"""The library, on a fresh database, with the two roads a read can take."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any, TypeAlias

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncSession

from dovetail.application import make_application
from dovetail.contrib.idempotency.models import IdempotentAnswer
from dovetail.database.unit_of_work import Database
from dovetail.settings import Settings
from dovetail.testing.databases import TestDatabases
from dovetail.testing.fixtures import make_client, running
from tests.contract.usual import without_fast_path
from tests.library.models import Author, Book, Genre, LibraryBase, Review, Shelf
from tests.tables import make_tables

MakeBook: TypeAlias = Callable[..., Awaitable[Book]]
DAY = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def library_url(database_kind: str, _databases: TestDatabases) -> Iterator[str]:
    def fill(url: str) -> None:
        make_tables(url, LibraryBase, IdempotentAnswer.__table__)

    with _databases.copied(database_kind, LibraryBase, fill) as url:
        yield url


@pytest.fixture
def library_settings(make_settings: Callable[..., Settings], library_url: str) -> Settings:
    plugins = ("tests.library", "dovetail.contrib.idempotency")
    return make_settings(plugins=plugins, database_url=library_url)


@pytest.fixture(params=["fast", "usual"])
def on_road(request: pytest.FixtureRequest) -> Callable[[FastAPI], FastAPI]:
    """Have an application answer by the fast road, and by FastAPI's."""
    return without_fast_path if request.param == "usual" else lambda app: app


@pytest.fixture
async def app(library_settings: Settings) -> AsyncIterator[FastAPI]:
    async with running(make_application(library_settings)) as application:
        yield application


@pytest.fixture
async def owner(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with make_client(app, {"X-Viewer": "1"}) as client:
        yield client


@pytest.fixture
async def stranger(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with make_client(app, {"X-Viewer": "2"}) as client:
        yield client


@pytest.fixture
async def staff(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with make_client(app, {"X-Viewer": "0"}) as client:
        yield client


@pytest.fixture
async def author(session: AsyncSession) -> Author:
    author = Author(name="Ada", email="ada@example.org", born=date(1815, 12, 10))
    session.add(author)
    await session.commit()
    return author


@pytest.fixture
def make_book(database: Database, author: Author) -> MakeBook:
    """Write a book whose row is committed."""

    async def make(**fields: Any) -> Book:
        genres = [Genre(name=name) if isinstance(name, str) else name for name in fields.pop("genres", ())]
        async with database.unit_of_work() as session:
            merged = [await session.merge(genre) for genre in genres]
            book = Book(**({"title": "A book", "author_id": author.id} | fields), genres=merged)
            session.add(book)
            await session.flush()
        return book

    return make


@pytest.fixture
async def shelf(make_book: MakeBook, session: AsyncSession) -> list[Book]:
    """Five books with values of every kind, and reviews."""
    other = Author(name="Grace", email="grace@example.org", is_secret=True)
    session.add_all([other, fruit := Genre(name="fruit"), python := Genre(name="python")])
    await session.commit()
    books = [
        await make_book(title="Apples", pages=100, price=Decimal("1.50"), genres=[fruit, python], created_at=DAY),
        await make_book(title="Bananas 100%", text="Yellow", pages=None, weight=2.5, genres=[fruit]),
        await make_book(title="Cherries", text="red", pages=100, translator_id=other.id, shelf=Shelf.CELLAR),
        await make_book(
            title="Dates_and", author_id=other.id, pages=300, printed_on=date(2020, 2, 29), genres=[python]
        ),
        await make_book(title="Eggplants", is_public=False, read_at=time(3, 4, 5), released_at=DAY, secret="apples"),
    ]
    session.add_all(
        [
            Review(book_id=books[0].id, text='So "good"\n\u2028', stars=5, is_kind=True, written_at=DAY),
            Review(book_id=books[0].id, text="bad", stars=1, is_kind=False, reviewer_id=other.id, shelf=Shelf.CELLAR),
            Review(book_id=books[3].id, text="", mark=Decimal("1.5"), factor=0.1, seen_on=date(1, 1, 1)),
        ]
    )
    await session.commit()
    return books
