"""Moments that SQLite has stored are read in each form in which somebody may have written them."""

import pytest
from sqlalchemy import text

from plugins.blog.services import create_post

pytestmark = pytest.mark.parametrize("database_kind", ["sqlite"])


@pytest.mark.parametrize(
    ("stored", "told"),
    [
        ("2026-01-31 12:00:00.000000", "2026-01-31T12:00:00Z"),
        ("2026-01-31 12:00:00.000120", "2026-01-31T12:00:00.000120Z"),
        ("2026-01-31 12:00:00", "2026-01-31T12:00:00Z"),
        ("2026-01-31T12:00:00Z", "2026-01-31T12:00:00Z"),
        ("2026-01-31 12:00:00+02:00", "2026-01-31T10:00:00Z"),
    ],
)
async def test_a_moment_is_answered_in_utc_and_its_row_has_one_version(client_for, make_user, database, stored, told):
    ada = await make_user(username="ada")
    async with database.unit_of_work() as session:
        made = await create_post(session, author=ada, title="One", content="Text.", is_published=True)
        key = made.id
    async with database.unit_of_work() as session:
        values = {"moment": stored, "key": key}
        await session.execute(
            text("UPDATE blog_post SET created_at = :moment, updated_at = :moment WHERE id = :key"), values
        )
    client = await client_for(ada)
    answer = await client.get(f"/api/posts/{key}")
    assert answer.json()["created_at"] == answer.json()["updated_at"] == told
    tag = answer.headers["ETag"]
    changed = await client.patch(f"/api/posts/{key}", json={"title": "Two"}, headers={"If-Match": tag})
    assert changed.status_code == 200
    stale = await client.patch(f"/api/posts/{key}", json={"title": "Three"}, headers={"If-Match": tag})
    assert stale.status_code == 412
