"""Files that no row refers to stay as long as a change may be undone, and go then; all others stay for good."""

import asyncio
import io
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from dovetail.contrib.media.models import UnusedFile
from dovetail.contrib.media.purging import purge
from dovetail.files.media import Media
from dovetail.files.storage import FileSystemStorage
from dovetail.files.stored_file import StoredFile, new_key
from dovetail.plugin import Plugin, context_of
from tests.contrib.media.gallery.models import Exhibit, LentExhibit, Picture
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

    new = await store("new.png")  # of a form that is being sent
    await session.execute(update(UnusedFile).values(since=datetime.now(UTC) - timedelta(hours=1)))
    await session.commit()
    assert [await purge(context, 0) for _ in range(2)] == [(2, 1), (1, 0)]
    assert (root / new).exists()


async def test_a_file_that_is_used_again_while_others_are_removed_stays(session, media, root, context, database):
    class Undoing(FileSystemStorage):
        """Has one file back in use before the other is removed."""

        async def delete(self, key: str) -> None:
            async with database.unit_of_work() as other:
                other.add(Picture(title="Back", scan=next(one for one in keys if one != key)))
            await super().delete(key)

    keys = [new_key("gallery_picture", "scan", 1, "a.pdf") for _ in range(2)]
    storage = media.storage
    for key in keys:
        await storage.save(key, io.BytesIO(b"1"))
    session.add_all(UnusedFile(key=key, since=LONG_AGO) for key in keys)
    await session.commit()
    bringing = Plugin(name="undoing", extensions={"media.storages": [lambda _: Undoing(root)]})
    assert await purge(replace(context, plugins=(*context.plugins, bringing)), 30) == (2, 1)
    kept = await session.scalar(select(Picture.scan))
    assert [key for key in keys if await storage.exists(key)] == [kept]


async def test_files_of_all_who_inherit_a_column_stay_while_any_row_has_them(session, media, context, office):
    keys = [new_key("gallery_exhibit", "label", 1, "a.txt") for _ in range(2)]
    for key in keys:
        await media.storage.save(key, io.BytesIO(b"1"))
    session.add_all([Exhibit(label=keys[0]), LentExhibit(label=keys[1])])
    await session.commit()
    assert await purge(context, 30) == (0, 0)
    for key in keys:
        assert (await office.client.get(f"/media/{key}")).content == b"1"


async def test_a_thumbnail_without_its_image_goes_and_what_is_no_file_of_ours_stays(session, media, root, context):
    lost = new_key("gallery_picture", "image", 3, "a.png").thumbnail_key("small-40x40")
    await media.storage.save(lost, io.BytesIO(image()))
    for name in ("gallery_picture/image/Thumbs.db", "gallery_picture/notes.txt"):
        (root / name).write_bytes(b"of somebody else")
    assert await purge(context, 30) == (1, 0)
    await session.execute(update(UnusedFile).values(since=LONG_AGO))
    await session.commit()
    assert await purge(context, 30) == (1, 1)
    assert sorted(one.name for one in root.rglob("*") if one.is_file()) == ["Thumbs.db", "notes.txt"]


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
