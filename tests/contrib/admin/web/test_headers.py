"""What browsers are told about every page."""

import pytest

from tests.once import asks_no_database


@pytest.fixture
def settings(settings, pool_timeout):
    return settings.model_copy(update={"database_pool_timeout": pool_timeout})


PAGES = ["/", "/login", "/auth/user/", "/nothing", "/blog/post/lookup/?name=author&term=x"]


async def test_no_page_is_stored_framed_or_given_foreign_scripts(office):
    for path in PAGES:
        headers = (await office.get(path)).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy, path
        assert "script-src 'self';" in policy, path
        assert "frame-ancestors 'none'" in policy, path
        assert "unsafe" not in policy, path
        assert headers["cache-control"] == "no-store", path
        assert headers["x-frame-options"] == "DENY", path
        assert headers["x-content-type-options"] == "nosniff", path


@asks_no_database
@pytest.mark.parametrize("path", ["/assets/admin.css", "/assets/admin.js", "/statics/css/tabler.min.css"])
async def test_files_may_be_stored(client, path):
    answer = await client.get(f"/admin{path}")
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "public, max-age=3600"


@asks_no_database
@pytest.mark.parametrize(
    "path",
    ["/assets/../site.py", "/assets/%2e%2e/site.py", "/assets/..%2fsite.py", "/statics/..%2f..%2fsqladmin/models.py"],
)
async def test_files_outside_are_not_served(client, path):
    answer = await client.get(f"/admin{path}")
    assert answer.status_code in {303, 404}
    assert "import" not in answer.text


@asks_no_database
@pytest.mark.parametrize("path", ["/assets", "/assets/", "/statics/", "/statics/css/"])
async def test_no_folder_is_listed(client, path):
    answer = await client.get(f"/admin{path}")
    assert answer.status_code in {303, 307, 404}


async def test_no_page_holds_an_inline_script_or_style(office, boss):
    for path in (
        "/",
        "/login",
        "/auth/user/",
        "/auth/user/add/",
        f"/auth/user/{boss.id}/change/",
        "/blog/post/add/",
        f"/auth/user/delete/?pks={boss.id}",
        "/nothing",
    ):
        page = (await office.get(path)).text
        assert "<script>" not in page
        assert " style=" not in page
        assert " onclick=" not in page


@pytest.mark.parametrize("pool_timeout", [0.3])
async def test_a_database_that_is_away_is_a_page_that_asks_to_come_back(office, database):
    await database.dispose()
    held = [await database.engine.connect() for _ in range(database.engine.pool.size())]
    try:
        answer = await office.get("/auth/user/")
    finally:
        for connection in held:
            await connection.close()
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "1"
    assert "busy" in answer.text
