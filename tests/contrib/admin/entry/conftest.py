"""What the tests of lost sessions share."""

import pytest
from sqlalchemy import delete

from dovetail.contrib.auth.sessions.models import Session
from tests.contrib.admin.entry.test_lost_sessions import log_in


@pytest.fixture
async def send_late(office, session):
    """Let the session end, send a form, and log in: `back = await send_late("/blog/tag/add/", data)`."""

    async def send(path: str, data) -> str:
        token = await office.token()
        await session.execute(delete(Session))
        await session.commit()
        sent = await office.client.post(f"/admin{path}", data={"csrf_token": token, **data})
        assert sent.status_code == 303, sent.text
        answer = await log_in(office.client, sent.headers["location"])
        return str(answer.headers["location"]).removeprefix("/admin")

    return send
