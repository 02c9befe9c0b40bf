"""A line says who made the change, by which door, with what credential, from where and in which request."""

import json
from datetime import timedelta

import pytest

from dovetail.contrib.auth.models import User
from dovetail.contrib.auth.testing import PASSWORD
from dovetail.contrib.auth.tokens.personal import make_token
from dovetail.state import IMPERSONATOR, current_scope
from plugins.blog.models import Tag
from tests.running import manage

NEW = {"title": "A post", "content": "Text."}


@pytest.fixture
async def ada(make_user) -> User:
    return await make_user(username="ada", is_superuser=True)


async def test_a_change_by_the_api_names_the_session_and_the_request(ada, client_for, changes):
    client = await client_for(ada)
    await changes()
    await client.post("/api/posts", json=NEW, headers={"X-Request-ID": "abc-1"})
    (row,) = await changes("blog.post")
    assert (row.door, row.actor_id, row.actor_name, row.request_id) == ("rest", ada.id, "ada", "abc-1")
    assert row.via.startswith("session ")
    assert row.address == "127.0.0.1"


async def test_a_change_by_a_personal_token_names_the_token(ada, client, database, changes):
    async with database.unit_of_work() as session:
        user = await session.get_one(User, ada.id)
        user.remember_permissions(())
        made = await make_token(session, user, name="nightly import", scopes=None, lifetime=timedelta(days=1))
    client.headers["Authorization"] = f"Bearer {made.token}"
    await changes()
    assert (await client.post("/api/posts", json=NEW)).status_code == 201
    assert {row.via for row in await changes("blog.post")} == {"token 'nightly import'"}


async def test_changes_of_many_rows_and_of_the_back_office_name_their_doors(ada, client_for, back_office_for, changes):
    client, office = await client_for(ada), await back_office_for(ada)
    await changes()
    await client.post("/api/posts/bulk", json={"items": [NEW]})
    assert {row.door for row in await changes("blog.post")} == {"bulk"}
    await office.submit("/blog/tag/add/", {"name": "x"})
    rows = await changes("blog.tag")
    assert {(row.door, row.actor_name, row.via.partition(" ")[0]) for row in rows} == {
        ("back office", "ada", "session")
    }


async def test_a_change_during_impersonation_names_the_impersonator_too(database, changes):
    reset = current_scope.set({IMPERSONATOR: "root, who is ada"})
    try:
        async with database.unit_of_work() as session:
            session.add(Tag(name="x"))
    finally:
        current_scope.reset(reset)
    assert {row.via for row in await changes("blog.tag")} == {"root, who is ada"}


async def test_changes_by_commands_name_the_command(settings, database, changes, tmp_path):
    site = {"DATABASE_URL": settings.database_url.get_secret_value(), "PLUGINS": json.dumps(settings.plugins)}
    secrets = {"SUPERUSER_USERNAME": "root", "SUPERUSER_EMAIL": "r@example.org", "SUPERUSER_PASSWORD": PASSWORD}
    assert manage("createsuperuser", "--noinput", **site, **secrets).code == 0
    (row,) = await changes("auth.user")
    assert (row.action, row.door, row.via, row.actor_id) == ("add", "command", "createsuperuser", None)
    dump = tmp_path / "dump.jsonl"
    rows = [{"table": "auth_group", "row": {"id": 3, "name": "Editors"}}]
    dump.write_text("".join(json.dumps(one) + "\n" for one in rows))
    loaded = manage("loaddata", str(dump), **site)
    assert loaded.code == 0, loaded.errors
    (row,) = await changes("auth.group")
    assert (row.action, row.object_key, row.after["name"], row.door, row.via) == (
        *("add", "3", "Editors"),
        *("import", "loaddata"),
    )
    assert manage("flush", "--yes", **site).code == 0
    assert await changes() == []
