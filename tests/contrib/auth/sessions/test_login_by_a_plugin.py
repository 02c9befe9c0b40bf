"""The example of docs/tokens.md: a plugin logs somebody in that proves in a way of its own who they are."""

import pytest
from sqlalchemy import select

from dovetail.contrib.auth.sessions.models import Session
from tests.contrib.auth.helpers import bearer
from tests.docs.reader import REPOSITORY, blocks

PAGE = REPOSITORY / "docs" / "tokens.md"


@pytest.fixture
def example(app):
    """What the example defines, with its router in the site."""
    (block,) = [one.text for one in blocks(PAGE) if "await log_in(" in one.text]
    found = {}
    exec(compile(block, str(PAGE), "exec"), found)
    app.include_router(found["router"])


@pytest.mark.usefixtures("example")
@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_the_plugin_of_the_page_logs_in_whoever_holds_the_badge_and_nobody_else(client, make_user, session):
    mira = await make_user(username="mira")
    given = await client.post("/badge-login", params={"badge": "7f3a"})
    assert given.status_code == 200, given.text
    me = await client.get("/api/users/me", headers=bearer(given.json()["access_token"]))
    assert me.json()["username"] == "mira"
    assert (await client.post("/badge-login", params={"badge": "ffff"})).status_code == 401
    (row,) = (await session.scalars(select(Session).where(Session.user_id == mira.id))).all()
    assert row.method == "badge"
