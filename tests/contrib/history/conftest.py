"""A superuser with a back office, and what the site has written down."""

from collections.abc import Awaitable, Callable, Sequence

import pytest
from sqlalchemy import select

from dovetail.contrib.auth.models import User
from dovetail.contrib.history.models import RecordedChange
from dovetail.database.unit_of_work import Database


@pytest.fixture
async def boss(make_user) -> User:
    return await make_user(username="boss", is_superuser=True)


@pytest.fixture
async def office(boss, back_office_for):
    return await back_office_for(boss)


@pytest.fixture
def changes(database: Database) -> Callable[..., Awaitable[Sequence[RecordedChange]]]:
    """Return what was written down of a model, `await changes("blog.post")`, since the last time that was asked."""
    seen = 0

    async def find(*models: str) -> Sequence[RecordedChange]:
        nonlocal seen
        async with database.unit_of_work(read_only=True) as session:
            rows = (
                await session.scalars(
                    select(RecordedChange).where(RecordedChange.id > seen).order_by(RecordedChange.id)
                )
            ).all()
        seen = max([seen, *(row.id for row in rows)])
        return [row for row in rows if not models or row.model in models]

    return find
