"""Files come back with their rows: by undo, and by loading what was dumped."""

import asyncio
import json

import pytest
from sqlalchemy import select

from dovetail.contrib.history.models import RecordedChange
from dovetail.contrib.media.purging import purge
from dovetail.plugin import context_of
from tests.contrib.history.test_pages import page_of
from tests.contrib.media.gallery.models import Picture
from tests.contrib.media.images import image
from tests.once import asks_no_database
from tests.running import manage

PNG = ("a.png", image(), "image/png")


@pytest.fixture
async def stored(send, session) -> Picture:
    assert (await send("/gallery/picture/add/", {"image": PNG, "cover": PNG}, title="One")).status_code == 303
    found = (await session.scalars(select(Picture))).one()
    await session.commit()
    return found


async def test_a_deleted_row_takes_its_files_out_of_sight_and_undo_brings_them_back(app, office, stored, session):
    key, path = stored.id, f"/media/{stored.image}"
    assert (await office.client.get(path)).status_code == 200
    deleted = await office.post("/gallery/picture/delete/", {"pks": [str(key)], "confirmed": "yes"})
    assert deleted.status_code == 303
    assert (await office.client.get(path)).status_code == 404
    assert await purge(context_of(session), 30) == (2, 0)

    line = await session.scalar(select(RecordedChange.id).where(RecordedChange.action == "delete"))
    await session.commit()
    history = page_of(app, "object-history", identity="gallery/picture", pk=key)
    undone = await office.submit(history, {"change": str(line)})
    assert undone.status_code == 303, undone.text
    assert (await office.client.get(path)).content == PNG[1]
    assert await purge(context_of(session), 0) == (0, 0)


@asks_no_database
async def test_a_dump_has_the_keys_of_files_and_says_that_the_files_are_elsewhere(stored, settings, root):
    url, plugins = settings.database_url.get_secret_value(), json.dumps(settings.plugins)
    site = {"DATABASE_URL": url, "PLUGINS": plugins, "MEDIA_ROOT": root}
    dumped = await asyncio.to_thread(manage, "dumpdata", "gallery_picture", **site)
    assert json.loads(dumped.stdout)[0]["row"]["image"] == stored.image
    assert "WARNING gallery_picture.image, gallery_picture.cover, gallery_picture.scan hold keys" in dumped.stderr
