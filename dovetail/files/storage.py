"""Store files: the interface, called as Django's Storage, and the file system."""

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
ATTEMPTS = 100  # to make a folder


class Storage(ABC):
    """Keeps files under keys such as `gallery_picture/image/<token>-<bytes>/portrait.png`; thumbnails stand below `_/`.

    A key is written once, and what stands under it stays the same until it is deleted.
    """

    @abstractmethod
    async def save(self, key: str, content: BinaryIO) -> None:
        """Store all of `content`, which is read from its beginning: whole, or not at all."""

    @abstractmethod
    def open(self, key: str) -> AsyncIterator[bytes]:
        """Yield what is stored, piece by piece. Raise FileNotFoundError at the first one if there is nothing."""

    @abstractmethod
    async def delete(self, key: str) -> None:
        """Remove what is stored; nothing happens where nothing is."""

    @abstractmethod
    async def exists(self, key: str) -> bool:
        """Return whether something is stored under a key."""

    @abstractmethod
    async def size(self, key: str) -> int:
        """Return how many bytes are stored. Raise FileNotFoundError if there is nothing."""

    @abstractmethod
    def walk(self) -> AsyncIterator[str]:
        """Yield all keys; those that begin alike, up to the last slash but one, one after the other."""

    async def url(self, key: str) -> str | None:  # noqa: ARG002 - for those who override it
        """Return where a browser may fetch a file itself for a while, as by a signed address; None: from the site.

        It is asked once it is known that the browser may have it. The address has to say, as ours do, that what is not
        an image of a kind we know is to be saved and not shown.
        """
        return None

    def path(self, key: str) -> Path | None:  # noqa: ARG002 - as above
        """Return the path of a file on this machine, so that parts of it may be asked for; None if it has none."""
        return None


class FileSystemStorage(Storage):
    """Keeps files in a folder, which all machines of a site have to share."""

    def __init__(self, root: Path) -> None:
        self._root = root

    async def save(self, key: str, content: BinaryIO) -> None:
        """Write beside the place and rename, so that nobody finds half a file."""
        await to_thread.run_sync(_write, self._place(key), content)

    async def open(self, key: str) -> AsyncIterator[bytes]:
        """Read in a thread."""
        with await to_thread.run_sync(self._place(key).open, "rb") as file:
            while piece := await to_thread.run_sync(file.read, CHUNK):
                yield piece

    async def delete(self, key: str) -> None:
        """Remove the file, and the folders that it leaves empty."""
        await to_thread.run_sync(_remove, self._place(key), self._root)

    async def exists(self, key: str) -> bool:
        """Return whether the file is there."""
        return await to_thread.run_sync(self._place(key).is_file)

    async def size(self, key: str) -> int:
        """Ask the file system."""
        return (await to_thread.run_sync(self._place(key).stat)).st_size

    async def walk(self) -> AsyncIterator[str]:
        """Walk the folder."""
        walk = _walk(self._root)
        while (key := await to_thread.run_sync(next, walk, None)) is not None:
            yield key

    def path(self, key: str) -> Path | None:
        """Return where the file is."""
        return self._place(key)

    def _place(self, key: str) -> Path:
        """Return where a key is stored. Raise ValueError for one that could lead out of the folder."""
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
    """Make a file in a folder, which whoever removes the last file of its neighbours may take away meanwhile."""
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
