"""What an import brought is served like everything else."""

import httpx
import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from dovetail.contrib.auth.models import User
from dovetail.database.unit_of_work import Database
from plugins.wordpress.export.source import Source
from plugins.wordpress.importer import import_export
from plugins.wordpress.survey import survey_export
from plugins.wordpress.usernames import digest
from plugins.wordpress_comments.importer import import_comments
from tests.plugins.wordpress.support import FILES

LIMIT = 10**7
GUEST = f"Bo.Ray-{digest('Bo & Ray', 'bo@example.net')}"


@pytest.fixture
async def imported(database: Database) -> None:
    source = Source(FILES / "wxr-1.2.xml", LIMIT)
    async with database.unit_of_work() as session:
        survey = survey_export(source, LIMIT)
        await import_export(session, source, survey, max_item_size=LIMIT, extensions=[import_comments])


@pytest.mark.usefixtures("imported")
async def test_the_api_serves_published_posts_and_hides_drafts(client: httpx.AsyncClient) -> None:
    (found,) = (await client.get("/api/posts")).json()["items"]
    assert found["title"] == "Fog & signals 🌫️"
    assert found["created_at"] == "2024-02-05T07:30:00Z"
    assert found["author"] == {"id": found["author_id"], "username": "keeper", "full_name": "Ines O\u2019Hara"}
    assert [tag["name"] for tag in found["tags"]] == ["fog & wind", "signal"]
    assert "Caf&eacute;&nbsp;&amp; bar" in found["content"]


@pytest.mark.usefixtures("imported")
async def test_a_guest_is_known_by_name_and_digest(session: AsyncSession) -> None:
    names = await session.scalars(select(User.username).where(User.is_active.is_(False)))
    assert names.all() == [GUEST]


@pytest.mark.usefixtures("imported")
@pytest.mark.parametrize("login", ["keeper", "keeper@example.org", GUEST])
@pytest.mark.parametrize("password", ["!", "", "x"])
async def test_nobody_can_log_in_as_somebody_imported(client: httpx.AsyncClient, login: str, password: str) -> None:
    answer = await client.post("/api/auth/login", data={"username": login, "password": password})
    assert 400 <= answer.status_code < 500


@pytest.mark.usefixtures("imported")
async def test_the_owner_of_a_guest_s_address_can_register(client: httpx.AsyncClient) -> None:
    person = {"username": "bo", "email": "bo@example.net", "password": "a long enough pass-phrase 7"}
    answer = await client.post("/api/auth/register", json=person)
    assert answer.status_code in (201, 202), answer.text
