"""A disk that is full is the site's trouble, and passes: uploads answer 503 and say so, and pictures are shown."""

import io
import tempfile
from pathlib import Path

import pytest
from anyio import to_thread

from dovetail.files.storage import FileSystemStorage
from dovetail.files.stored_file import new_key
from tests.contrib.media.gallery.models import Picture
from tests.contrib.media.images import image

FULL = Path("/dev/full")  # whatever is written to it finds no space left
LARGE = 1_100_000  # bytes: more than a form keeps in memory
SAID = "A disk of this site is full, so no file can be stored at present."


class FullDisk(FileSystemStorage):
    """Reads what is there, and writes to a disk that is full."""

    async def save(self, key: str, content: io.BufferedIOBase) -> None:
        await to_thread.run_sync(FULL.write_bytes, content.read())


@pytest.fixture
async def picture(session, media) -> Picture:
    key = new_key("gallery_picture", "image", 1, "a.png")
    await media.storage.save(key, io.BytesIO(image()))
    made = Picture(title="One", image=key, is_shown=True)
    session.add(made)
    await session.commit()
    return made


@pytest.fixture
async def upload(client_for, make_user):
    boss = await client_for(await make_user(username="ada", is_superuser=True, is_staff=True))

    async def send(file: tuple[str, bytes, str]):
        return await boss.post("/api/media/uploads", data={"field": "gallery_picture.image"}, files={"file": file})

    return send


async def test_an_upload_that_finds_no_room_is_answered_503_with_the_reason(  # noqa: PLR0917 - fixtures
    office, send, upload, media, root, caplog, picture
):
    object.__setattr__(media, "storage", FullDisk(root))
    answer = await upload(("a.png", image(), "image/png"))
    assert (answer.status_code, answer.json()["detail"]) == (503, SAID)
    page = await send("/gallery/picture/add/", {"image": ("a.png", image(), "image/png")}, title="Two")
    assert (page.status_code, page.headers["retry-after"]) == (503, "1")
    assert SAID in page.text
    assert "No space left on device" in caplog.text

    small = await office.client.get(f"/media/{picture.image}?thumbnail=small")  # is made, and cannot be kept
    assert (small.status_code, small.headers["content-type"]) == (200, "image/webp")
    assert small.headers["content-security-policy"].endswith("sandbox")


async def test_a_form_whose_temporary_file_finds_no_room_is_not_called_wrong(send, upload, monkeypatch):
    monkeypatch.setattr(tempfile, "TemporaryFile", lambda *_, **__: FULL.open("w+b", buffering=0))
    large = ("a.png", b"x" * LARGE, "image/png")
    answer = await upload(large)
    assert (answer.status_code, answer.json()["detail"]) == (503, SAID)
    page = await send("/gallery/picture/add/", {"image": large}, title="Two")
    assert page.status_code == 503
    assert SAID in page.text
