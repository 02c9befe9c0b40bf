"""PostgreSQL plans a read once for all values where one plan is good for all, and for each value where it is not."""

import pytest
from sqlalchemy import text

from dovetail.database.prepared_reads import connect_to_read

POSTS = 1_000  # of one author, and as many authors of one post
RUNS = 9  # after five PostgreSQL may keep a plan for all values
MANY, RARE = 1, 700  # authors


@pytest.fixture
def database_kind():
    return "postgresql"


@pytest.fixture
def settings(make_settings, database_url):
    return make_settings(database_url=database_url, database_pool_size=1, database_max_overflow=0)


@pytest.fixture(autouse=True)
async def blog(session):
    """One author wrote half of all posts."""
    users = """INSERT INTO auth_user (username, email, hashed_password, full_name)
               SELECT 'u' || n, 'u' || n || '@example.org', '!', '' FROM generate_series(1, :posts) n"""
    posts = """INSERT INTO blog_post (title, content, is_published, author_id, created_at, updated_at)
               SELECT md5(n::text), repeat('word ', 50), n % 50 <> 0, CASE WHEN n % 2 = 0 THEN 1 ELSE 1 + n / 2 END,
                      timestamptz '2026-01-01' + n * interval '1 minute', now()
               FROM generate_series(1, 2 * :posts) n"""
    for statement in (users, posts):
        await session.execute(text(statement), {"posts": POSTS})
    await session.execute(text("ANALYZE"))
    await session.commit()


async def plans(database):
    """The text of each read of posts, how often it ran by a plan for all values, and its name."""
    sql = r"SELECT statement, generic_plans, name FROM pg_prepared_statements WHERE statement LIKE '%FROM blog\_post%'"
    async with connect_to_read(database.engine) as connection:
        return await connection.fetch(sql, ())


async def explained(database, name, *values):
    async with connect_to_read(database.engine) as connection:
        rows = await connection.fetch(f'EXPLAIN EXECUTE "{name}"({", ".join(values)})', ())
    return "\n".join(str(row[0]) for row in rows)


async def get(client, *paths):
    for path in paths:
        assert (await client.get(path)).status_code == 200


@pytest.mark.parametrize(
    "paths",
    [
        [f"/api/posts/{2 * number + 1}" for number in range(RUNS)],
        [f"/api/posts?offset={300 + 20 * number}" for number in range(RUNS)],
        [f"/api/posts?offset={300 + 20 * number}&is_published=true" for number in range(RUNS)],
        [f"/api/posts?author_id={RARE + number}" for number in range(RUNS)],
        [f"/api/posts?author_id={RARE + number}&count=true&offset=1" for number in range(RUNS)],
        ["/api/posts"] * RUNS,
    ],
    ids=["a key", "offsets", "offsets of what is true", "an index in order", "the same, counted", "no value"],
)
async def test_a_read_for_which_one_plan_is_good_is_planned_once(client, database, paths):
    await get(client, *paths)

    assert [generic > 0 for _, generic, _ in await plans(database)] in ([True], [True, True])


@pytest.mark.parametrize(
    "query",
    [
        "author_id={}&ordering=title",
        "author_id={}&ordering=-created_at,title",
        "title__icontains={}",
        "created_at__lte=2026-01-0{}T00:00:00Z",
    ],
)
async def test_a_read_with_frequent_values_is_planned_for_each_value(client, database, query):
    await get(client, *(f"/api/posts?offset=1&{query.format(number)}" for number in range(1, 1 + RUNS)))

    assert {generic for _, generic, _ in await plans(database)} == {0}


async def test_a_frequent_value_is_searched_by_another_plan_than_a_rare_one(client, database):
    await get(client, *(f"/api/posts?author_id={RARE + number}&ordering=title" for number in range(RUNS)))

    ((_, _, name),) = await plans(database)
    assert "ix_blog_post_author_id" in await explained(database, name, str(RARE), "true")
    assert "ix_blog_post_title" in await explained(database, name, str(MANY), "true")


async def test_pages_at_all_depths_share_few_statements(client, database):
    seen = set()
    for offset in range(0, 1_900, 20):
        page = (await client.get(f"/api/posts?offset={offset}")).json()
        seen |= {post["id"] for post in page["items"]}

    assert len(seen) == 1_900
    assert len(await plans(database)) <= 5
