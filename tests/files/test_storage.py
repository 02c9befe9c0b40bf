"""Files are stored whole or not at all, under keys that lead nowhere else."""

import asyncio
import io

import pytest

from dovetail.files.storage import FileSystemStorage
from dovetail.files.stored_file import OCTETS, StoredFile, is_key, new_key, safe_name

OUTSIDE = (
    "",
    "a",
    "../../etc/passwd",
    "/etc/passwd",
    "t/c/../../x",
    "t/c/aaaaaaaaaaaaaaaaaaaaaa-1/..",
    "t/c/x-1/a.png",
)


class Broken(io.BytesIO):
    """Breaks off in the middle."""

    def read(self, size: int | None = -1, /) -> bytes:
        if self.tell():
            raise OSError("the disk is gone")
        return super().read(10)


async def test_a_saved_file_exists_until_it_is_deleted(tmp_path):
    storage = FileSystemStorage(tmp_path / "media")
    for name in ("文" * 120 + ".png", "a." + "𠀀" * 120):  # longer in bytes than a disk takes
        key = new_key("shop_item", "image", 1, name)
        await storage.save(key, io.BytesIO(b"1"))
        await storage.delete(key)
    key = new_key("shop_item", "image", 500_000, "My picture.PNG")
    thumbnail = key.thumbnail_key("small")
    assert [one async for one in storage.walk()] == []
    await storage.save(key, io.BytesIO(b"x" * 500_000))
    await storage.save(thumbnail, io.BytesIO(b"small"))
    assert (await storage.exists(key), await storage.size(key), await storage.url(key)) == (True, 500_000, None)
    assert b"".join([piece async for piece in storage.open(key)]) == b"x" * 500_000
    assert {one async for one in storage.walk()} == {key, thumbnail}
    await storage.delete(key)
    await storage.delete(key)
    assert [one async for one in storage.walk()] == [thumbnail]
    await storage.delete(thumbnail)
    assert list((tmp_path / "media").iterdir()) == []
    for asked in (storage.size(key), anext(aiter(storage.open(key)))):
        with pytest.raises(FileNotFoundError):
            await asked


async def test_readers_never_see_an_incomplete_file(tmp_path):
    storage, key = FileSystemStorage(tmp_path), new_key("shop_item", "image", 20, "a.png")
    with pytest.raises(OSError, match="the disk is gone"):
        await storage.save(key, Broken(b"x" * 20))
    assert not await storage.exists(key)
    assert [one async for one in storage.walk()] == []


async def test_a_file_can_be_saved_while_empty_folders_are_deleted(tmp_path):
    storage = FileSystemStorage(tmp_path / "media")

    async def come_and_go() -> None:
        for _ in range(50):
            key = new_key("shop_item", "image", 1, "a.png")
            await storage.save(key, io.BytesIO(b"1"))
            await storage.delete(key)

    await asyncio.gather(*(come_and_go() for _ in range(8)))
    assert not list((tmp_path / "media").glob("*"))


async def test_no_key_can_lead_out_of_the_folder(tmp_path):
    storage = FileSystemStorage(tmp_path)
    for key in OUTSIDE:
        assert not is_key(key)
        with pytest.raises(ValueError, match="is no key of a stored file"):
            await storage.exists(key)


def test_names_are_made_safe_and_keys_cannot_be_guessed():
    names = {
        "../../etc/passwd": "passwd",
        "C:\\photos\\My photo.JPG": "My-photo.jpg",
        ".htaccess": "htaccess",
        "Zürich 1.png": "Zürich-1.png",
        "\u202egnp.exe": "gnp.exe",
        "a\r\nb\0.png": "a-b.png",
        "...": "file",
        "": "file",
    }
    assert {name: safe_name(name) for name in names} == names
    assert len(safe_name("a" * 300 + ".jpeg")) == 100
    kinds = {"a.csv.gz": "application/gzip", "a.GZ": "application/gzip", "a.csv": "text/csv", "a": OCTETS}
    assert {name: StoredFile(f"t/c/x/{safe_name(name)}").content_type for name in kinds} == kinds
    first, second = (new_key("t", "c", 12, "a b.png") for _ in range(2))
    assert first != second
    assert is_key(first)
    assert (first.name, first.size, first.content_type) == ("a-b.png", 12, "image/png")
    assert StoredFile("no key").size == 0
    assert len(first.folder.rpartition("/")[2].partition("-")[0]) <= 22
