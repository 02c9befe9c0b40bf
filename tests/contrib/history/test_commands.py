"""`manage.py history` and `purge-expired`: what was changed last, an archive, and the end of old lines."""

import asyncio
import json
import sqlite3
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import insert, select, text, update

from dovetail.contrib.history.keeping.old_lines import archived_lines, delete_lines
from dovetail.contrib.history.models import RecordedChange
from plugins.blog.models import Tag
from tests.running import manage


@pytest.fixture
async def site(settings, database) -> dict[str, str]:
    """The environment of commands; of three changes two are older than 365 days."""
    async with database.unit_of_work() as session:
        session.add_all([Tag(id=key, name=name) for key, name in enumerate("abc", 1)])
    async with database.unit_of_work() as session:
        old = update(RecordedChange).where(RecordedChange.id < 3)
        await session.execute(old.values(created_at=datetime.now(UTC) - timedelta(days=366)))
    return {"DATABASE_URL": settings.database_url.get_secret_value(), "PLUGINS": json.dumps(settings.plugins)}


async def names(database) -> list[object]:
    async with database.unit_of_work(read_only=True) as session:
        rows = await session.scalars(select(RecordedChange.after).order_by(RecordedChange.id))
        return [row["name"] for row in rows]


async def test_old_changes_are_archived_and_then_deleted(site, database, tmp_path):
    file = tmp_path / "changes.jsonl"
    done = manage("history", "--archive", str(file), "--purge", **site)
    assert done.stdout == f"2 changes written to {file}.\n2 changes removed.\n"
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    assert [(one["model"], one["after"]["name"], one["action"]) for one in lines] == [
        ("blog.tag", "a", "add"),
        ("blog.tag", "b", "add"),
    ]
    assert await names(database) == ["c"]
    assert manage("history", "--archive", str(file), **site).error == f"{file} exists; name a new file."
    everything = tmp_path / "all.jsonl"
    assert manage("history", "--archive", str(everything), "--all", **site).code == 0
    assert len(everything.read_text().splitlines()) == 1


async def test_an_archive_is_written_by_one_process_at_a_time_and_overwrites_none(site, database, tmp_path):
    file, unfinished = tmp_path / "changes.jsonl", tmp_path / "changes.jsonl.unfinished"
    unfinished.write_text("of another process")
    told = manage("history", "--archive", str(file), "--purge", **site).error
    assert told.startswith(f"{unfinished} exists: another archive is being written there, or one was interrupted")
    assert (unfinished.read_text(), file.exists()) == ("of another process", False)
    assert await names(database) == ["a", "b", "c"]
    unfinished.unlink()
    assert manage("history", "--archive", str(file), **site).code == 0
    assert not unfinished.exists()


async def test_purge_expired_deletes_changes_older_than_history_days(site, database):
    assert "0 expired changes removed." in manage("purge-expired", **site, HISTORY_DAYS=400).stdout
    async with database.unit_of_work() as session:
        await session.execute(text("DELETE FROM history_log_start"))  # somebody emptied the tables by hand
    assert manage("purge-expired", **site).error.startswith("The table history_log_start has no row; run `manage.py mi")
    assert manage("migrate", **site).code == 0
    assert "2 expired changes removed." in manage("purge-expired", **site).stdout
    assert await names(database) == ["c"]


async def test_the_latest_changes_are_listed(site, database):
    async with database.unit_of_work() as session:
        (await session.get_one(Tag, 3)).name = "d"
    lines = manage("history", "blog.tag", "3", **site).stdout.splitlines()
    assert [line.partition("  ")[2] for line in lines] == [
        "add blog.tag 3  by -, code",
        "change blog.tag 3  by -, code: name",
    ]
    assert manage("history", "blog.post", **site).stdout == "Nothing was changed.\n"
    assert manage("history", "--purge", **site).error == (
        "--all and --purge are for an archive; write: history --archive FILE --purge"
    )


async def test_a_dump_has_no_history_and_loading_one_records_new_changes(site, database, tmp_path):
    dump = tmp_path / "dump.jsonl"
    assert manage("dumpdata", "--output", str(dump), **site).code == 0
    assert "history_change" not in dump.read_text()
    assert "blog_tag" in dump.read_text()
    alone = tmp_path / "history.jsonl"
    assert manage("dumpdata", "history", "--output", str(alone), **site).code == 0
    assert (
        "no enabled plugin is called 'history_change' or has such a table"
        in manage("loaddata", str(alone), **site).error
    )
    assert manage("flush", "--yes", **site).code == 0
    assert manage("loaddata", str(dump), **site).code == 0
    assert await names(database) == ["a", "b", "c"]


@pytest.mark.parametrize("database_kind", ["postgresql"])
async def test_a_change_committed_while_an_archive_is_written_is_not_deleted_with_it(database):
    async with database.unit_of_work() as late:
        late.add(Tag(name="late"))
        await late.flush()  # its line has a number, and nobody else sees it
        async with database.unit_of_work() as session:
            session.add(Tag(name="early"))
        numbers = [number async for lines in archived_lines(database, None) for number, _ in lines]
    assert await names(database) == ["late", "early"]
    assert await delete_lines(database, numbers) == 1
    assert await names(database) == ["late"]


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_another_process_writes_while_many_changes_are_deleted(database, settings):
    """SQLite asks only now and then whether its lock is free."""
    async with database.unit_of_work() as session:
        await session.execute(insert(Tag), [{"name": f"t{number}"} for number in range(20_000)])
    numbers = [number async for lines in archived_lines(database, None) for number, _ in lines]
    path = settings.database_url.get_secret_value().partition(":///")[2]
    purging = asyncio.create_task(delete_lines(database, numbers))
    await asyncio.sleep(0)

    def turns_meanwhile() -> int:
        with closing(sqlite3.connect(path, timeout=60, isolation_level=None)) as other:
            for turns in range(3):
                other.execute("BEGIN IMMEDIATE")
                left = other.execute("SELECT count(*) FROM history_change").fetchone()[0]
                other.execute("COMMIT")
                if not left:
                    return turns
                time.sleep(0.05)
        return 3

    turns = await asyncio.to_thread(turns_meanwhile)
    assert await purging == 20_000
    assert turns == 3
