"""The command of docs/history.md that follows the feed: two processes that are killed count each change once."""

import json
import time
from pathlib import Path
from subprocess import DEVNULL

import pytest
from sqlalchemy import func, insert, select, text

from dovetail.contrib.history.models import RecordedChange
from plugins.blog.models import Tag
from tests.docs.reader import blocks
from tests.running import ROOT, manage, start

PAGE = ROOT / "docs" / "history.md"
KILLS = (0.2, 0.05, 0.4, 0.1)  # seconds of work before each


@pytest.fixture
def site(settings, tmp_path: Path) -> dict[str, str]:
    """The environment of a site that has the plugin of the page, with its tables."""
    for block in blocks(PAGE):
        head, _, _ = block.text.partition("\n")
        if head.startswith("# plugins/activity/"):
            file = tmp_path / head.removeprefix("# plugins/")
            file.parent.mkdir(exist_ok=True)
            file.write_text(block.text.replace("plugins.activity", "activity"))
    (tmp_path / "activity" / "__init__.py").touch()
    site = {
        "DATABASE_URL": settings.database_url.get_secret_value(),
        "PLUGINS": json.dumps([*settings.plugins, "activity"]),
        "PYTHONPATH": f"{tmp_path}:{ROOT}",
    }
    for command in (("makemigrations", "activity"), ("migrate",)):
        done = manage(*command, **site)
        assert done.code == 0, done
    return site


async def counted(database) -> int:
    async with database.unit_of_work(read_only=True) as session:
        found = await session.scalar(text("SELECT changes FROM activity_count WHERE model = 'blog.tag'"))
    return int(found or 0)


async def test_two_processes_that_are_killed_again_and_again_count_each_change_once(site, database):
    async with database.unit_of_work() as session:
        for first in range(0, 6000, 500):
            await session.execute(insert(Tag), [{"name": f"t{number}"} for number in range(first, first + 500)])
    running = [start("activity", output=DEVNULL, **site) for _ in range(2)]
    seen = []
    try:
        for number, pause in enumerate(KILLS):
            before = await counted(database)
            await wait_until(database, before + 1)
            time.sleep(pause)  # noqa: ASYNC251 - nothing else runs here
            victim = running[number % 2]
            victim.kill()
            victim.wait()
            seen.append(await counted(database))
            async with database.unit_of_work() as session:
                names = [{"name": f"more {number} {one}"} for one in range(500)]
                await session.execute(insert(Tag), names)
            running[number % 2] = start("activity", output=DEVNULL, **site)
        assert manage("activity", "--once", **site).code == 0
        async with database.unit_of_work(read_only=True) as session:
            lines = select(func.count()).select_from(RecordedChange).where(RecordedChange.model == "blog.tag")
            assert await session.scalar(lines) == 8000
        await wait_until(database, 8000)
    finally:
        for process in running:
            process.kill()
            process.wait()
    assert await counted(database) == 8000
    assert 0 < seen[0] < 8000  # it was killed at work


async def wait_until(database, number: int) -> None:
    for _ in range(3000):
        if await counted(database) >= number:
            return
        time.sleep(0.02)  # noqa: ASYNC251 - nothing else runs here
    pytest.fail(f"{await counted(database)} changes were counted, expected {number}")
