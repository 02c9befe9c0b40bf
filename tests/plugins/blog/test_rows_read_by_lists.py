"""What lists cost where there are many posts: in rows that the database looks at, whatever the machine."""

import json
import sqlite3

import asyncpg
import pytest
from pydantic import SecretStr
from sqlalchemy import text

from dovetail.contrib.auth.models import User
from dovetail.resources.query.ordering import complete
from dovetail.resources.query.url import read_list_query
from dovetail.resources.query.where import PageRequest
from dovetail.resources.read import access_paths, page_select
from plugins.blog.api import posts

POSTS = 20_000
TAGS = "(1, 'common'), (2, 'rare'), (3, 'unused'), (4, 'old')"
STEPS = 12  # of SQLite's machine that a row takes, about
MAKE = {
    "sqlite": "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :count) ",
    "postgresql": "WITH n(i) AS (SELECT generate_series(1, CAST(:count AS integer))) ",
}
TIME = {
    "sqlite": "datetime(1600000000 + i, 'unixepoch') || '.000000'",
    "postgresql": "to_timestamp(1600000000 + i)",
}


@pytest.fixture
async def many_posts(database, make_user, database_kind):
    """Posts one a second; every second one carries the tag `common`, the oldest two `rare` and 250 `old`."""
    author: User = await make_user(username="ada")
    made = MAKE[database_kind]
    columns = "title, content, is_published, author_id, created_at"
    async with database.unit_of_work() as session:
        await session.execute(text(f"INSERT INTO blog_tag (id, name) VALUES {TAGS}"))
        select = f"{made}SELECT 'Post ' || i, 'word' || i, i % 10 <> 0, {author.id}, {TIME[database_kind]} FROM n"
        insert = f"INSERT INTO blog_post ({columns}) {select}"
        await session.execute(text(insert), {"count": POSTS})
        await session.execute(text("INSERT INTO blog_post_tag SELECT id, 1 FROM blog_post WHERE id % 2 = 0"))
        await session.execute(text("INSERT INTO blog_post_tag SELECT id, 2 FROM blog_post ORDER BY id LIMIT 2"))
        await session.execute(text("INSERT INTO blog_post_tag SELECT id, 4 FROM blog_post ORDER BY id LIMIT 250"))
        others = f"{made}SELECT 10 + i, 'other' || i FROM n"
        await session.execute(text(f"INSERT INTO blog_tag (id, name) {others}"), {"count": 500})
        await session.execute(text("INSERT INTO blog_post_tag SELECT id, 11 + id % 500 FROM blog_post"))
        if database_kind == "postgresql":  # which does it by itself before long
            await session.execute(text("ANALYZE"))


async def effort(database, url, **query):
    """About how many rows the database looks at for the list, and for its total."""
    dialect, visibility = database.engine.dialect, posts.visibility(None)
    asked = read_list_query(query, posts.grammar, SecretStr(""))
    request = PageRequest(asked, complete(posts.model, asked.terms))
    plans = [posts.reader.plan(request, visibility, dialect).prepared]
    if asked.count != "no":
        plans.append(posts.reader.count_plan(request, visibility, dialect))
    rows = 0
    for prepared in plans:
        _, arguments = prepared.step(request.parameters(), visibility.bind_values)
        rows += await (of_sqlite if dialect.name == "sqlite" else of_postgresql)(url, prepared.sql, arguments)
    return rows


async def of_sqlite(url, sql, arguments):
    steps = 0

    def count():
        nonlocal steps
        steps += 10

    connection = sqlite3.connect(url.partition(":///")[2])
    connection.set_progress_handler(count, 10)
    connection.execute(sql, arguments).fetchall()
    connection.close()
    return steps // STEPS


async def of_postgresql(url, sql, arguments):
    return looked_at(await plan_of(url, sql, arguments))


async def plan_of(url, sql, arguments):
    connection = await asyncpg.connect(url.replace("postgresql+asyncpg", "postgresql"))
    try:
        # As it is planned when nobody knows the values.
        await connection.execute("SET plan_cache_mode = force_generic_plan")
        plan = await connection.fetchval(f"EXPLAIN (ANALYZE, TIMING off, FORMAT json) {sql}", *arguments)
    finally:
        await connection.close()
    return json.loads(plan)[0]["Plan"]


def looked_at(node, table=None):
    """The rows that a plan looks at, or those of one table."""
    removed = sum(value for name, value in node.items() if name.startswith("Rows Removed by"))
    is_scan = "Scan" in node["Node Type"] and node["Node Type"] != "Bitmap Index Scan"  # which looks at no row
    is_scan = is_scan and table in {None, node.get("Relation Name")}
    own = (node["Actual Rows"] + removed) * node["Actual Loops"] if is_scan else 0
    return own + sum(looked_at(child, table) for child in node.get("Plans", ()))


@pytest.fixture
def few(monkeypatch):
    monkeypatch.setattr(access_paths, "FEW", 100)
    posts.reader._plans.clear()
    yield
    posts.reader._plans.clear()


@pytest.mark.usefixtures("many_posts", "few")
async def test_the_posts_of_a_tag_cost_what_is_shown_for_rare_and_common_tags(database, database_url):
    assert await effort(database, database_url, tags__name="nosuch", count="capped") < 200
    assert await effort(database, database_url, tags__name="unused", count="true") < 200
    assert await effort(database, database_url, tags__name="rare", count="capped") < 300
    assert await effort(database, database_url, tags__name="common") < 1_500
    assert await effort(database, database_url, tags__name="rare", title__icontains="post") < 300


@pytest.mark.usefixtures("many_posts", "few")
async def test_a_limited_count_scans_no_table_for_common_tags_and_for_old_posts(database, database_url, monkeypatch):
    monkeypatch.setattr(page_select, "CAP", 100)
    for tag, most in (("common", 2_500), ("old", 2_500)):
        page = await effort(database, database_url, tags__name=tag)
        assert await effort(database, database_url, tags__name=tag, count="capped") - page < most, tag


@pytest.mark.usefixtures("many_posts", "few")
async def test_a_search_costs_what_is_shown_for_rare_and_common_words(database, database_url):
    assert await effort(database, database_url, search="nosuch", count="true") < 300
    assert await effort(database, database_url, search="word777", count="capped") < 1_500
    assert await effort(database, database_url, search="post") < 12_000


@pytest.fixture
def tag_page(database, database_url, monkeypatch):
    """Ask for posts of a tag, with so many keys that are some: the posts that are looked at, and those that come."""

    async def tag_page(tag, some, **query):
        monkeypatch.setattr(access_paths, "SOME", some)
        posts.reader._plans.clear()
        dialect, visibility = database.engine.dialect, posts.visibility(None)
        asked = read_list_query({"tags__name": tag} | query, posts.grammar, SecretStr(""))
        request = PageRequest(asked, complete(posts.model, asked.terms))
        prepared = posts.reader.plan(request, visibility, dialect).prepared
        _, arguments = prepared.step(request.parameters(), visibility.bind_values)
        connection = await asyncpg.connect(database_url.replace("postgresql+asyncpg", "postgresql"))
        keys = [row["c0"] for row in await connection.fetch(prepared.sql, *arguments)]
        await connection.close()
        return looked_at(await plan_of(database_url, prepared.sql, arguments), "blog_post"), keys

    yield tag_page
    posts.reader._plans.clear()


@pytest.mark.usefixtures("many_posts")
@pytest.mark.parametrize("database_kind", ["postgresql"])
async def test_a_page_of_a_frequent_tag_is_found_among_the_newest_posts_and_of_an_old_one_gathered(tag_page):
    never, page = POSTS + 1, access_paths.NEAR
    gathered, keys = await tag_page("common", never)
    assert gathered > 9_000
    seen, found = await tag_page("common", 100)
    assert (seen < 200, found) == (True, keys)
    gathered, keys = await tag_page("old", never)
    seen, found = await tag_page("old", 100)
    assert (seen - gathered <= 1.2 * page, found) == (True, keys)  # every tenth is a draft
    for query in ({"offset": "30"}, {"ordering": "created_at"}, {"ordering": "title"}, {"is_published": "true"}):
        assert (await tag_page("common", 100, **query))[1] == (await tag_page("common", never, **query))[1], query


@pytest.mark.usefixtures("many_posts")
@pytest.mark.parametrize("database_kind", ["postgresql"])
async def test_the_newest_posts_are_not_looked_at_for_a_tag_of_which_they_would_hold_too_few(tag_page, monkeypatch):
    monkeypatch.setattr(access_paths, "NEAR", 1_000)  # of 20,000, so that 250 would be 12 of them
    assert await tag_page("old", 100) == await tag_page("old", POSTS + 1)


@pytest.mark.usefixtures("many_posts")
@pytest.mark.parametrize("database_kind", ["postgresql"])
async def test_a_page_reads_its_own_authors_and_links_and_no_others(database, database_url, session):
    users = """INSERT INTO auth_user (username, email, hashed_password, full_name)
               SELECT 'u' || n, 'u' || n || '@example.org', '!', '' FROM generate_series(1, 1000) n"""
    await session.execute(text(users))
    await session.execute(text("UPDATE blog_post SET author_id = (SELECT min(id) FROM auth_user) + id % 1000"))
    await session.execute(text("ANALYZE"))
    await session.commit()
    dialect, visibility = database.engine.dialect, posts.visibility(None)
    asked = read_list_query({"limit": "20"}, posts.grammar, SecretStr(""))
    request = PageRequest(asked, complete(posts.model, asked.terms))
    prepared = posts.reader.plan(request, visibility, dialect).prepared
    _, arguments = prepared.step(request.parameters(), visibility.bind_values)

    plan = await plan_of(database_url, prepared.sql, arguments)

    assert looked_at(plan, "auth_user") == 21
    assert looked_at(plan, "blog_post_tag") < 21 * 4
    assert "post_id = ANY" in json.dumps(plan)  # the links of the page's keys, whatever is joined
