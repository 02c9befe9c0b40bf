"""A locked table holds no connection for long: who asks for something else is answered meanwhile."""

import pytest
from sqlalchemy import text

from dovetail.context import open_context
from dovetail.database.unit_of_work import Database
from dovetail.registry import load_registry
from dovetail.testing.fixtures import make_client, running, site_application
from tests.bouncing import bouncing
from tests.database.engine.test_silent_server import ask_the_database
from tests.database.test_error_translation import assert_is_unavailable
from tests.running import manage

pytestmark = pytest.mark.parametrize("database_kind", ["postgresql"])


async def test_who_meets_a_lock_is_answered_503_soon_and_its_connection_serves_on(make_settings, database_url):
    limits = {"database_lock_timeout": 0.2, "database_pool_size": 1, "database_pool_timeout": 60}
    settings = make_settings(database_url=database_url, **limits)
    async with running(site_application(settings)) as app, make_client(app) as client:
        database: Database = app.state.database
        async with database.outside_the_pool() as locking:
            before = await backend(database)
            await locking.execute(text("LOCK TABLE blog_post IN ACCESS EXCLUSIVE MODE"))
            for path in ("/api/posts", "/api/posts/1", "/api/posts?search=word"):
                assert_is_unavailable(await client.get(path))
            assert (await ask_the_database(client)).status_code == 401
            await locking.rollback()
            assert (await client.get("/api/posts")).status_code == 200
        assert await backend(database) == before  # DATABASE_COMMAND_TIMEOUT throws the connection away

    async with open_context(settings, load_registry(settings)) as context, context.database.sessions() as session:
        assert await session.scalar(text("SHOW lock_timeout")) == "0"  # a command may wait


def test_check_says_that_a_pooler_does_not_pass_the_limit_on_unless_the_server_has_it(empty_database_url):
    with bouncing(empty_database_url, size=2) as url:
        asked = {"DATABASE_URL": url, "DATABASE_PREPARED_STATEMENTS": "false"}
        assert "kernel.W058" in manage("check", "--database", **asked).stderr
        assert "kernel.W058" not in manage("check", "--database", **asked, DATABASE_LOCK_TIMEOUT="0").stderr
    assert "kernel.W058" not in manage("check", "--database", DATABASE_URL=empty_database_url).stderr


async def backend(database: Database) -> int:
    async with database.unit_of_work(read_only=True) as session:
        return int(await session.scalar(text("SELECT pg_backend_pid()")) or 0)
