"""A plugin stores files elsewhere: they are streamed by the site, or fetched where the storage says."""

import asyncio
import io
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import BinaryIO

import pytest

from dovetail.contrib.media.opening import open_media
from dovetail.errors import ConfigurationError
from dovetail.files.storage import Storage
from dovetail.files.stored_file import new_key
from dovetail.plugin import Plugin, context_of
from tests.contract.roads.asgi import Request
from tests.contrib.media.gallery.models import Picture
from tests.contrib.media.images import image


class Bucket(Storage):
    """Keeps files in memory; some of them are fetched elsewhere."""

    def __init__(self, elsewhere: str | None = None) -> None:
        self.files: dict[str, bytes] = {}
        self.elsewhere = elsewhere
        self.opened = 0

    async def save(self, key: str, content: BinaryIO) -> None:
        content.seek(0)
        self.files[key] = content.read()

    async def open(self, key: str) -> AsyncIterator[bytes]:
        self.opened += 1
        try:
            yield self.files[key][:10]
            yield self.files[key][10:]
        finally:
            self.opened -= 1

    async def delete(self, key: str) -> None:
        self.files.pop(key, None)

    async def exists(self, key: str) -> bool:
        return key in self.files

    async def size(self, key: str) -> int:
        return len(self.files[key])

    async def walk(self) -> AsyncIterator[str]:
        for key in sorted(self.files):
            yield key

    async def url(self, key: str) -> str | None:
        return self.elsewhere and f"{self.elsewhere}/{key}"


async def test_files_of_another_storage_are_streamed_or_fetched_where_it_says(office, media, session):
    bucket = Bucket()
    object.__setattr__(media, "storage", bucket)
    key = new_key("gallery_picture", "image", len(image()), "a.png")
    await bucket.save(key, io.BytesIO(image()))
    session.add(Picture(title="One", image=key))
    await session.commit()
    whole = await office.client.get(f"/media/{key}")
    assert (whole.content, whole.headers["content-length"]) == (image(), str(len(image())))
    small = await office.client.get(f"/media/{key}?thumbnail=small")
    assert (small.status_code, len(bucket.files)) == (200, 2)
    assert (await office.client.head(f"/media/{key}")).content == b""

    bucket.elsewhere = "https://bucket.example"
    led = await office.client.get(f"/media/{key}", follow_redirects=False)
    assert (led.status_code, led.headers["location"]) == (307, f"https://bucket.example/{key}")
    assert led.headers["cache-control"] == "no-store"


async def test_a_reader_who_leaves_lets_go_of_the_file_with_the_answer(office, app, media, session):
    bucket, left = Bucket(), asyncio.Event()
    object.__setattr__(media, "storage", bucket)
    key = new_key("gallery_picture", "image", len(image()), "a.png")
    await bucket.save(key, io.BytesIO(image()))
    session.add(Picture(title="One", image=key))
    await session.commit()
    cookie = "; ".join(f"{one.name}={one.value}" for one in office.client.cookies.jar)
    headers = ((b"host", b"testserver"), (b"cookie", cookie.encode()))
    asked = Request(name="a file", target=f"/media/{key}", headers=headers)
    opened: list[int] = []

    async def receive():
        await left.wait()
        return {"type": "http.disconnect"}

    async def send(message):
        if message.get("body"):
            opened.append(bucket.opened)
            left.set()
            await asyncio.Event().wait()  # whoever has left reads nothing more

    await asyncio.wait_for(app(asked.scope(), receive, send), 30)
    assert (opened, bucket.opened) == ([1], 0)


async def test_a_plugin_brings_the_storage_and_one_plugin_alone(session):
    context, bucket = context_of(session), Bucket()

    def site(*makers: object):
        plugins = [Plugin(name=f"p{n}", extensions={"media.storages": [one]}) for n, one in enumerate(makers)]
        return replace(context, plugins=(*context.plugins, *plugins))

    assert open_media(site(lambda _: bucket)).storage is bucket
    for wrong in (site(lambda _: bucket, lambda _: bucket), site(lambda _: "a bucket")):
        with pytest.raises(ConfigurationError, match="torage"):
            open_media(wrong)
