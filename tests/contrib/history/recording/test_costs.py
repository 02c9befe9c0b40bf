"""The line of a change by the API costs at most one statement, whatever the change is."""

import pytest

NEW = {"title": "A post", "content": "Text.", "tags": ["x", "y"]}


@pytest.fixture
async def client(make_user, client_for):
    client = await client_for(await make_user(username="ada", is_superuser=True))
    await client.post("/api/posts", json=NEW)  # which makes the tags
    return client


async def test_a_change_by_the_api_takes_at_most_one_statement_for_its_history(client, count_statements, database_kind):
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


async def test_a_change_that_is_refused_on_its_way_to_the_row_leaves_no_line(client, make_user, client_for, changes):
    post = (await client.post("/api/posts", json=NEW)).json()["id"]
    stranger = await client_for(await make_user(username="eve"))
    await changes()
    assert (await stranger.patch(f"/api/posts/{post}", json={"title": "Hers"})).status_code in {403, 404}
    assert (await stranger.delete(f"/api/posts/{post}")).status_code in {403, 404}
    assert (await client.patch("/api/posts/1000000", json={"title": "Nobody's"})).status_code == 404
    assert (await client.delete("/api/posts/1000000")).status_code == 404
    assert (await client.patch(f"/api/posts/{post}", json={"title": "A post"})).status_code == 200  # as it is
    assert await changes() == []
