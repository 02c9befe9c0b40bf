"""The site, the library and the shop, on two equal databases: one application as it is, one without its fast path."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import Any
from uuid import UUID

from fastapi import FastAPI
from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncSession

from config.settings import Settings
from dovetail.contrib.auth.models import Group, User
from dovetail.contrib.auth.sessions.models import Session
from dovetail.contrib.auth.sessions.token_text import PERSONAL_PREFIX, make_token_text
from dovetail.contrib.auth.testing import PASSWORD, cheap_hash
from dovetail.contrib.auth.tokens.models import PersonalToken, token_scopes
from dovetail.database.models import Base
from dovetail.database.unit_of_work import Database
from dovetail.signing import hash_token
from dovetail.testing.fixtures import running
from plugins.blog.models import Post, Tag
from plugins.comments.models import Comment, CommentStatus
from project.application import create_app
from tests.contract.roads.asgi import Record, Request, send
from tests.contract.roads.rows import rows_of
from tests.contract.roads.shop.models import Crate, Label, Note, Product, ShopBase, Stamp, Vendor
from tests.contract.roads.twins import Twins, without_what_varies
from tests.contract.usual import without_fast_path
from tests.library.models import Author, Book, Genre, LibraryBase, Loan, Review
from tests.running import SECRET

PLUGINS = ("tests.library", "tests.contract.roads.shop")
NAMES = ("ada", "grace", "root", "gone")
ADA, GRACE, ROOT, GONE = 1, 2, 3, 4
SPARE = 80  # rows of each kind that a test may delete, from the key 101 on; all are ada's
SKUS = ("plain", "a/b", "100%", "%2F", "ünï → 日本", " spaced ", "a?b#c", "..", "-1", "1")
LARGEST_BODY, MOST_ITEMS = 20_000, 150
DAY = datetime(2024, 5, 6, 7, 8, 9, 123456, tzinfo=UTC)


@dataclass
class Road:
    """One application and what came of its requests so far."""

    app: FastAPI
    records: list[Record] = field(default_factory=list, repr=False)  # of which Hypothesis would tell too much

    @property
    def database(self) -> Database:
        database: Database = self.app.state.database
        return database

    async def send(self, request: Request) -> Record:
        record = await send(self.app, request)
        self.records.append(record)
        return record


@dataclass
class Roads:
    """Both roads."""

    fast: Road
    usual: Road
    twins: Twins = field(default_factory=Twins)

    def __iter__(self) -> Any:
        return iter((self.fast, self.usual))

    async def compare(self, requests: Iterable[Request]) -> list[Record]:
        """Send the same requests, one after another, on both roads, see that all is alike, and return what came."""
        requests = list(requests)

        async def drive(road: Road) -> None:
            for request in requests:
                await road.send(request)

        return await self.play(drive)

    async def play(self, drive: Callable[[Road], Awaitable[None]]) -> list[Record]:
        """Let `drive` send what depends on what was answered; the rest is as with `compare`."""
        for road in self:
            road.records.clear()
            await drive(road)
        found = self.twins.differences(self.fast.records, self.usual.records)
        assert not found, f"{len(found)} of {len(self.fast.records)} differ:\n" + "\n".join(found[:15])
        return list(self.fast.records)

    async def compare_rows(self) -> None:
        """See that the rows in both databases are alike, too."""
        fast, usual = [await rows_of(road.database) for road in self]
        found = self.twins.other_lines(*(sorted(rows, key=without_what_varies) for rows in (fast, usual)))
        assert not found, "\n".join(found[:15])


@asynccontextmanager
async def both_roads(fast_url: str, usual_url: str, **values: object) -> AsyncIterator[Roads]:
    """Run both applications on two databases."""
    applications = [create_app(road_settings(fast_url, **values))]
    applications.append(without_fast_path(create_app(road_settings(usual_url, **values))))
    async with running(applications[0]), running(applications[1]):
        yield Roads(*map(Road, applications))


def road_settings(database_url: str, **values: object) -> Settings:
    """The settings of the site with the library and the shop, and with small limits."""
    own = {
        "environment": "test",
        "secret_key": SECRET,
        "database_url": database_url,
        "database_pool_timeout": 30.0,  # seconds: a machine at work is no fault of a road
        "plugins": (*Settings.model_fields["plugins"].default, *PLUGINS),
        "max_body_size": LARGEST_BODY,
        "max_body_items": MOST_ITEMS,
        "cors_allowed_origins": ("https://friend.example",),
    }
    return Settings.model_validate(own | values)


def token_of(name: str) -> str:
    """The token of a user; "late" is one of ada's that has expired."""
    return f"the-token-of-{name}"


@cache
def personal_token_of(name: str) -> str:
    """A personal token of root, "limited" or "unlimited"."""
    del name  # another one for each
    return make_token_text(PERSONAL_PREFIX)


async def seed(session: AsyncSession) -> None:
    """Make the library's and the shop's tables, and rows in all; their moments are DAY."""
    connection = await session.connection()
    for base in (LibraryBase, ShopBase):
        await connection.run_sync(base.metadata.create_all)
    stamps = {"created_at": DAY, "updated_at": DAY}
    session.add_all(_users(stamps))
    session.add_all(Group(id=number, name=f"spare {number}") for number in (1, 2, *_spare_keys()))
    await session.flush()
    session.add_all(_tokens())
    await session.flush()
    await session.execute(insert(token_scopes), [{"personal_token_id": 2, "permission_name": "blog.view_post"}])
    for rows in (_blog(stamps), _library(stamps), _shop(stamps)):
        for row in rows:
            session.add(row)
        await session.flush()


def _users(stamps: dict[str, Any]) -> list[User]:
    return [
        User(
            username=name,
            email=f"{name}@example.org",
            hashed_password=cheap_hash(PASSWORD),
            is_staff=name == "root",
            is_superuser=name == "root",
            is_active=name != "gone",
            **stamps,
        )
        for name in (*NAMES, *(f"spare{number}" for number in range(5, 100)))
    ]


def _tokens() -> list[Base]:
    until = datetime.now(UTC) + timedelta(days=1)  # used then, too: after five minutes each use is written down
    found = [
        Session(token_hash=hash_token(token_of(name)), user_id=key, expires_at=until, used_at=until, proved_at=until)
        for key, name in enumerate(NAMES, 1)
    ]
    # The personal tokens of root: one may do all that root may, the other nothing but view posts.
    personal = [
        PersonalToken(
            id=number,
            token_hash=hash_token(personal_token_of(name)),
            user_id=NAMES.index("root") + 1,
            name=name,
            hint="dvt_",
            is_limited=name == "limited",
            expires_at=until,
            used_at=until,
        )
        for number, name in enumerate(("unlimited", "limited"), 1)
    ]
    late = Session(token_hash=hash_token(token_of("late")), user_id=ADA, expires_at=DAY)
    return [*found, *personal, late]


def _blog(stamps: dict[str, Any]) -> list[Any]:
    names = ("python", "a/b", "100%", "ünï", "draft only")
    tags = [Tag(id=number, name=name) for number, name in enumerate(names, 1)]
    posts = [
        Post(
            id=number,
            title=f'Post {number} "quoted" <b> & 100%',
            content="Some text — ünï.",
            is_published=number % 3 != 0,
            author_id=(ADA, GRACE)[number % 2],
            tags=tags[4:] if number % 3 == 0 else tags[: number % 5],
            created_at=DAY + timedelta(hours=number // 2),
            updated_at=DAY,
        )
        for number in range(1, 13)
    ]
    comments = [
        Comment(
            id=number,
            post_id=(1, 2, 3)[number % 3],
            author_id=(ADA, GRACE, ROOT)[number % 3],
            content=f"Comment {number}",
            status=list(CommentStatus)[number % 3 - 1],
            parent_id=number - 6 if number > 6 else None,
            **stamps,
        )
        for number in range(1, 13)
    ]
    spare = [Post(id=number, title="Spare", content="x", author_id=ADA, **stamps) for number in _spare_keys()]
    talk = [Comment(id=number, post_id=1, author_id=ADA, content="x", **stamps) for number in _spare_keys()]
    return [*posts, *spare, *comments, *talk]


def _library(stamps: dict[str, Any]) -> list[Any]:
    authors = [Author(name="Ada", email="ada@example.org"), Author(name="Grace", is_secret=True)]
    genres = [Genre(name="Prose"), Genre(name="Verse"), Genre(name="Hidden", is_hidden=True)]
    books = [
        Book(
            id=number,
            title=f"Bücher & 100% {number}",
            isbn=UUID(int=number),
            pages=2**62 if number == 1 else number,
            price=Decimal("1.50") * number,
            weight=0.1 * number,
            is_public=number % 3 != 0,
            owner_id=number % 3,
            author=authors[number % 2],
            translator=authors[1] if number % 2 else None,
            genres=genres[: number % 4],
            **stamps,
        )
        for number in range(1, 7)
    ]
    reviews = [Review(book=books[0], text="Good", token=UUID(int=9), reviewer=authors[0], written_at=DAY)]
    spare = [
        Book(id=number, title="Spare", isbn=UUID(int=number), author=authors[0], **stamps) for number in _spare_keys()
    ]
    loans = [Loan(id=number, borrower=f"Reader {number}") for number in (1, 2, *_spare_keys())]
    return [*books, *reviews, *spare, *loans]


def _shop(stamps: dict[str, Any]) -> list[Any]:
    vendors = [
        Vendor(id=1, name="Acme", phone="123"),
        Vendor(id=2, name="Globex", phone="456"),
        Vendor(id=3, name="Spare"),
    ]
    labels = [Label(id=key, name=name, is_open=key < 3) for key, name in enumerate(("new", "a/b", "closed"), 1)]
    keys = [*SKUS, *(f"spare-{number}" for number in _spare_keys())]
    products = [
        Product(
            sku=sku,
            name=f"Product {sku}",
            price=Decimal("9.90"),
            stock=number % 2 if number < len(SKUS) else 0,
            is_listed=number % 4 != 3,
            owner_id=ADA if number >= len(SKUS) else (ADA, GRACE)[number % 2],
            vendor=vendors[number % 2],
            labels=labels[: number % 4] if number < len(SKUS) else [],
            **stamps,
        )
        for number, sku in enumerate(keys)
    ]
    crates = [Crate(id=number, content=f"Crate {number}", owner_id=ADA) for number in (1, 2, *_spare_keys())]
    notes = [Note(id=number, text=f"Note {number}", owner_id=ADA, **stamps) for number in (1, 2, *_spare_keys())]
    letters = [Stamp(code=UUID(int=number), motif=f"Motif {number}", **stamps) for number in (1, 2, *_spare_keys())]
    return [*vendors, *labels, *products, *crates, *notes, *letters]


def _spare_keys() -> range:
    return range(101, 101 + SPARE)
