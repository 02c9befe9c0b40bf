"""A row that a trigger refuses or keeps as it is: the writer is told, nothing is changed, and nothing is recorded."""

import pytest
from sqlalchemy import select, text

from dovetail.contrib.history.models import RecordedChange
from plugins.blog.models import Post
from plugins.blog.services import create_post
from tests.contract.usual import without_fast_path

REFUSED = "A rule for what is stored here does not allow this."
# A title says what the trigger does with its row: RAISE refuses it, and NULL leaves it out of the statement.
TRIGGERS = {
    "postgresql": (
        """CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
        DECLARE title text := CASE TG_OP WHEN 'DELETE' THEN OLD.title ELSE NEW.title END;
        BEGIN
            IF title = 'raised' THEN RAISE EXCEPTION 'not this'; END IF;
            IF title = 'coded' THEN RAISE EXCEPTION 'not this' USING ERRCODE = 'AB123'; END IF;
            RETURN CASE WHEN title = 'kept' THEN NULL WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
        END $$""",
        "CREATE TRIGGER refuse BEFORE INSERT OR UPDATE OR DELETE ON blog_post FOR EACH ROW EXECUTE FUNCTION refuse()",
    ),
    "sqlite": tuple(
        f"CREATE TRIGGER refuse_{action} BEFORE {action} ON blog_post BEGIN "
        f"SELECT CASE {row}.title WHEN 'raised' THEN RAISE(ABORT, 'not this') "
        "WHEN 'coded' THEN RAISE(FAIL, 'not this') WHEN 'kept' THEN RAISE(IGNORE) END; END"
        for action, row in (("INSERT", "NEW"), ("UPDATE", "NEW"), ("DELETE", "OLD"))
    ),
}


@pytest.fixture
async def posts(database, make_user):
    """A post of each title and one that is none of them, then the triggers; return the keys by title."""
    author = await make_user(username="ada", is_superuser=True)
    async with database.unit_of_work() as session:
        made = [
            await create_post(session, author=author, title=one, content="Text.")
            for one in ("raised", "coded", "kept", "free")
        ]
        for statement in TRIGGERS[database.engine.dialect.name]:
            await session.execute(text(statement))
        return author, {post.title: post.id for post in made}


async def stored(database):
    async with database.unit_of_work(read_only=True) as session:
        rows = (await session.execute(select(Post.id, Post.title).order_by(Post.id))).all()
        return rows, len((await session.scalars(select(RecordedChange.id))).all())


@pytest.mark.parametrize("road", [lambda app: app, without_fast_path])
async def test_a_row_that_a_trigger_refuses_is_answered_by_409_and_leaves_no_trace(
    app, client_for, posts, database, road
):
    road(app)
    author, keys = posts
    client, free, before = await client_for(author), keys["free"], await stored(database)
    for title in ("raised", "coded", "kept"):
        body = {"title": title, "content": "Text."}
        answers = [
            await client.post("/api/posts", json=body),
            await client.patch(f"/api/posts/{free}", json={"title": title}),
            await client.delete(f"/api/posts/{keys[title]}"),
            await client.post("/api/posts/bulk", json={"items": [{"title": "fine", "content": "Text."}, body]}),
            await client.patch("/api/posts/bulk", json={"items": [{"id": free, "title": title}]}),
            await client.delete("/api/posts/bulk", params={"ids": [free, keys[title]]}),
        ]
        # A row that is not there afterwards is taken for one that the policy does not let be.
        one = 403 if title == "kept" else 409
        assert [answer.status_code for answer in answers] == [one, one, 409, 409, 409, 409], title
        assert answers[2].json()["detail"] == REFUSED
        assert [error["pointer"] for error in answers[3].json()["errors"]] == ["/items/1"]
        assert [error["pointer"] for error in answers[5].json()["errors"]] == ["/ids/1"]
        assert await stored(database) == before


async def test_the_back_office_tells_of_a_row_that_a_trigger_leaves_out(back_office_for, posts, database):
    author, keys = posts
    office, before = await back_office_for(author), await stored(database)
    for title in ("raised", "kept"):  # the author is the user, of whom the page that tells it has to know
        body = {"title": title, "content": "Text.", "author": str(author.id)}
        added = await office.submit("/blog/post/add/", body)
        assert (added.status_code, REFUSED in added.text) == (409, True), added.text
    gone = await office.submit(f"/blog/post/{keys['kept']}/delete/", {})
    assert gone.status_code == 303
    assert REFUSED in (await office.client.get(gone.headers["location"])).text
    assert await stored(database) == before
