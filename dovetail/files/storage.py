"""The interface of file storages, modelled on Django's Storage, and its implementation on the file system."""

import os
import shutil
import tempfile
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from anyio import to_thread

from dovetail.files.stored_file import KEY, THUMBNAILS, is_key

CHUNK = 262_144  # bytes
ATTEMPTS = 100  # to create a folder


class Storage(ABC):
    """Stores files under keys such as `gallery_picture/image/<token>-<bytes>/portrait.png`, thumbnails below `_/`.

    A key is written only once; its content does not change until it is deleted.
    """

    @abstractmethod
    async def save(self, key: str, content: BinaryIO) -> None:
        """Store `content`, read from its beginning: either completely or not at all."""

    @abstractmethod
    def open(self, key: str) -> AsyncIterator[bytes]:
        """Yield the content in chunks. Raise FileNotFoundError before the first one if the key does not exist."""

    @abstractmethod
    async def delete(self, key: str) -> None:
        """Delete a file. Do nothing if it does not exist."""

    @abstractmethod
    async def exists(self, key: str) -> bool:
        """Return whether a file exists under a key."""

    @abstractmethod
    async def size(self, key: str) -> int:
        """Return the size in bytes. Raise FileNotFoundError if the key does not exist."""

    @abstractmethod
    def walk(self) -> AsyncIterator[str]:
        """Yield all keys; those of one folder (all but the last two parts) directly after each other."""

    async def url(self, key: str) -> str | None:  # noqa: ARG002 - subclasses use the argument
        """Return a URL from which browsers can fetch the file directly, such as a signed one; None to serve it here.

        It is called after the permission check. Like our own response, the URL has to make browsers download every file
        that is not one of the known image types (Content-Disposition: attachment).
        """
        return None

    def path(self, key: str) -> Path | None:  # noqa: ARG002 - as above
        """Return the path of a file on this machine, so that range requests can be answered; None if it has none."""
        return None


class FileSystemStorage(Storage):
    """Stores files in a folder, which all machines of a site have to share."""

    def __init__(self, root: Path) -> None:
        self._root = root

    async def save(self, key: str, content: BinaryIO) -> None:
        """Write a temporary file and rename it, so that readers never see an incomplete file."""
        await to_thread.run_sync(_write, self._place(key), content)

    async def open(self, key: str) -> AsyncIterator[bytes]:
        """Read the file in a thread, in chunks."""
        with await to_thread.run_sync(self._place(key).open, "rb") as file:
            while piece := await to_thread.run_sync(file.read, CHUNK):
                yield piece

    async def delete(self, key: str) -> None:
        """Delete the file, and its folders if they are empty then."""
        await to_thread.run_sync(_remove, self._place(key), self._root)

    async def exists(self, key: str) -> bool:
        """Return whether the file exists."""
        return await to_thread.run_sync(self._place(key).is_file)

    async def size(self, key: str) -> int:
        """Return the size in bytes, from the file system."""
        return (await to_thread.run_sync(self._place(key).stat)).st_size

    async def walk(self) -> AsyncIterator[str]:
        """Yield all keys, folder by folder."""
        walk = _walk(self._root)
        while (key := await to_thread.run_sync(next, walk, None)) is not None:
            yield key

    def path(self, key: str) -> Path | None:
        """Return the path of the file."""
        return self._place(key)

    def _place(self, key: str) -> Path:
        """Return the path for a key. Raise ValueError for a key that could lead out of the folder."""
        folder, _, name = key.rpartition("/")
        original = f"{folder.removesuffix(f'/{THUMBNAILS}')}/{name}"
        if not is_key(original):
            raise ValueError(f"{key!r} is no key of a stored file, expected {KEY.pattern}")
        return self._root / key


def _write(place: Path, content: BinaryIO) -> None:
    content.seek(0)
    descriptor, name = _begin(place.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            shutil.copyfileobj(content, file, CHUNK)
            file.flush()
            os.fsync(descriptor)
        Path(name).chmod(0o644)
        Path(name).replace(place)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _begin(folder: Path) -> tuple[int, str]:
    """Create a temporary file in a folder, which a concurrent `_remove` may delete while it is empty."""
    for _ in range(ATTEMPTS):
        with suppress(FileNotFoundError):
            folder.mkdir(parents=True, exist_ok=True)
            return tempfile.mkstemp(dir=folder, prefix=".", suffix=".part")
    raise FileNotFoundError(f"{folder} was taken away {ATTEMPTS} times while a file was to be written there")


def _remove(place: Path, root: Path) -> None:
    place.unlink(missing_ok=True)
    for folder in place.parents:
        if folder == root or root not in folder.parents:
            return
        with suppress(FileNotFoundError):
            try:
                folder.rmdir()
            except OSError:  # it is not empty
                return


def _walk(root: Path) -> Iterator[str]:
    for folder, folders, names in os.walk(root):
        folders.sort()
        yield from (
            (Path(folder) / name).relative_to(root).as_posix() for name in sorted(names) if not name.startswith(".")
        )
