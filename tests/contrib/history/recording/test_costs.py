"""The line of a change by the API costs at most one statement, whatever the change is."""

import pytest
from sqlalchemy import String, cast, column, func, literal_column, select, update

from plugins.blog.models import Post, Tag

NEW = {"title": "A post", "content": "Text.", "tags": ["x", "y"]}


@pytest.fixture
async def client(make_user, client_for):
    client = await client_for(await make_user(username="ada", is_superuser=True))
    await client.post("/api/posts", json=NEW)  # which makes the tags
    return client


async def test_a_change_by_the_api_takes_at_most_one_more_statement_for_its_history(
    client, count_statements, database_kind
):
    with count_statements() as made:
        post = (await client.post("/api/posts", json=NEW)).json()["id"]
    with count_statements() as changed:
        assert (await client.patch(f"/api/posts/{post}", json={"title": "Another"})).status_code == 200
    with count_statements() as deleted:
        assert (await client.delete(f"/api/posts/{post}")).status_code == 204
    lines = [[one for one in found if "history_change" in one] for found in (made, changed, deleted)]
    assert [len(found) for found in lines] == [1, 1, 1]
    if database_kind == "sqlite":  # the token, what is done, and its line
        assert (len(changed), len(deleted)) == (3, 3)
        assert not any("blog_post SET" in one or "DELETE FROM" in one for (one,) in lines)
    else:  # beside what is done
        assert len(changed) == 2


async def test_a_refused_change_is_not_recorded(client, make_user, client_for, changes):
    post = (await client.post("/api/posts", json=NEW)).json()["id"]
    stranger = await client_for(await make_user(username="eve"))
    await changes()
    assert (await stranger.patch(f"/api/posts/{post}", json={"title": "Hers"})).status_code in {403, 404}
    assert (await stranger.delete(f"/api/posts/{post}")).status_code in {403, 404}
    assert (await client.patch("/api/posts/1000000", json={"title": "Nobody's"})).status_code == 404
    assert (await client.delete("/api/posts/1000000")).status_code == 404
    assert (await client.patch(f"/api/posts/{post}", json={"title": "A post"})).status_code == 200  # as it is
    assert await changes() == []


async def test_an_update_by_the_orm_takes_one_statement_for_its_history_however_many_rows_it_changes(
    session, changes, count_statements
):
    session.add_all([Tag(id=number + 1, name=f"tag {number}") for number in range(3)])
    await session.commit()
    await changes()
    with count_statements() as one:
        await session.execute(update(Tag).where(Tag.name != "tag 0").values(name="new " + Tag.name))
    with count_statements() as other:
        first = await session.get_one(Tag, 1)
        first.name = "first"
        await session.flush()
    most = select(func.max(Tag.name)).correlate(None).scalar_subquery()
    await session.execute(update(Tag).where(Tag.id == 1).values(name=most + "!"))  # looks at rows that do not change
    await session.commit()
    assert (len(one), len(other)) == (2, 3)
    assert [(line.object_key, line.before["name"], line.after["name"]) for line in await changes()] == [
        ("2", "tag 1", "new tag 1"),
        ("3", "tag 2", "new tag 2"),
        ("1", "tag 0", "first"),
        ("1", "first", "new tag 2!"),
    ]


async def test_the_line_of_an_update_reads_only_the_columns_that_it_needs(client, session, changes, count_statements):
    await changes()
    words = update(Post).where(Post.is_published.is_(False)).values(title=Post.title + cast(Post.view_count, String))
    with count_statements() as statements:
        await session.execute(words)
    await session.commit()
    (line,) = (one for one in statements if "history_change" in one)
    assert "blog_post.content" not in line
    assert "blog_post.author_id" not in line
    assert [(one.before, one.after) for one in await changes()] == [({"title": "A post"}, {"title": "A post0"})]


async def test_an_update_may_name_columns_as_text(client, session, changes):
    await changes()
    for value in (literal_column("content || '1'"), literal_column("blog_post.content || '2'"), column("content")):
        await session.execute(update(Post).values(title=value))
    await session.commit()
    assert [one.after["title"] for one in await changes()] == ["Text.1", "Text.2", "Text."]
