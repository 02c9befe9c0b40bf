"""Files that no row refers to stay as long as a change may be undone, and go then; all others stay for good."""

import asyncio
import io
import json
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from dovetail.contrib.media.models import UnusedFile
from dovetail.contrib.media.purging import purge
from dovetail.files.media import Media
from dovetail.files.stored_file import StoredFile, new_key
from dovetail.plugin import context_of
from tests.contrib.media.gallery.models import Picture
from tests.contrib.media.images import image
from tests.once import asks_no_database
from tests.running import manage

LONG_AGO = datetime.now(UTC) - timedelta(days=31)


@pytest.fixture
def context(session):
    return context_of(session)


@pytest.fixture
def store(media: Media):
    async def save(name: str) -> StoredFile:
        key = new_key("gallery_picture", "image", 3, name)
        for one in (key, key.thumbnail_key("small-40x40")):
            await media.storage.save(one, io.BytesIO(image()))
        return key

    return save


async def test_a_file_goes_once_it_was_unused_for_long_and_stays_if_it_is_used_again(store, session, root, context):
    used, replaced, undone, lost = [await store(f"{name}.png") for name in ("used", "replaced", "undone", "lost")]
    session.add(Picture(title="One", image=used))
    await session.commit()
    assert await purge(context, 30) == (3, 0)

    session.add(Picture(title="Two", image=undone))  # brought back
    await session.execute(update(UnusedFile).where(UnusedFile.key != lost).values(since=LONG_AGO))
    await session.commit()
    assert await purge(context, 30, is_dry=True) == (2, 1)
    assert (root / replaced).exists()
    assert await purge(context, 30) == (2, 1)
    assert not (root / replaced.folder).exists()  # nor its thumbnail
    assert all((root / one).exists() for one in (used, undone, lost, lost.thumbnail_key("small-40x40")))
    assert list(await session.scalars(select(UnusedFile.key))) == [lost]
    await session.commit()

    new = await store("new.png")  # of a form that is being sent: no run removes what it sees for the first time
    assert await purge(context, 0) == (2, 1)
    assert (root / new).exists()


async def test_files_of_a_plugin_that_is_switched_off_stay(context, media, root):
    key = new_key("shop_item", "image", 3, "a.png")
    await media.storage.save(key, io.BytesIO(image()))
    assert await purge(context, 0) == (0, 0)
    assert (root / key).exists()


@asks_no_database
async def test_the_command_says_what_it_removes(store, session, settings, root, monkeypatch):
    await store("lost.png")
    url, plugins = settings.database_url.get_secret_value(), json.dumps(settings.plugins)
    done = await asyncio.to_thread(
        manage, "purge-files", "--dry-run", DATABASE_URL=url, PLUGINS=plugins, MEDIA_ROOT=root
    )
    assert done.stdout == "1 files are referred to by no row; 0 of them would be removed.\n", done
