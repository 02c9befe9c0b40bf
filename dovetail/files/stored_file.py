"""The value of a column that holds a file: its key in the storage, which tells where it belongs and what it is."""

import mimetypes
import re
import secrets
import unicodedata
from pathlib import PurePosixPath
from urllib.parse import quote

LONGEST_NAME = 100  # characters
MOST_BYTES = 240  # of a name, in UTF-8: file systems take 255 (https://man7.org/linux/man-pages/man3/pathconf.3.html)
LONGEST_KEY = 300  # of what a column holds: the names of a table and a column, a token, a size and a name
KEY = re.compile(
    r"(?P<table>\w{1,63})/(?P<column>\w{1,63})/(?P<token>[\w-]{22})-(?P<size>\d{1,15})/(?P<name>[\w.-]{1,100})"
)
THUMBNAILS = "_"  # the folder beside a file that holds its thumbnails
OTHERS = re.compile(r"[^\w.-]+")
OCTETS = "application/octet-stream"
# Of what is compressed, by what `mimetypes` calls it; what is inside is another matter.
COMPRESSED = {
    "gzip": "application/gzip",
    "bzip2": "application/x-bzip2",
    "xz": "application/x-xz",
    "br": OCTETS,
    "compress": "application/x-compress",
}


class StoredFile(str):
    """The key of a stored file, a text such as `gallery_picture/image/<token>-<bytes>/portrait.png`.

    The token cannot be guessed, and each upload has its own: a file that replaces another has another key.
    """

    __slots__ = ()

    @property
    def name(self) -> str:
        """The name of the file when it was uploaded, in safe letters."""
        return self.rpartition("/")[2]

    @property
    def size(self) -> int:
        """The number of its bytes."""
        found = KEY.fullmatch(self)
        return 0 if found is None else int(found["size"])

    @property
    def content_type(self) -> str:
        """The type that its name tells."""
        kind, compression = mimetypes.guess_type(self.name)
        return COMPRESSED.get(compression, OCTETS) if compression else kind or OCTETS

    @property
    def folder(self) -> str:
        """The part of the key that its thumbnails share with it."""
        return self.rpartition("/")[0]

    @property
    def quoted(self) -> str:
        """The key as a part of an address."""
        return quote(self)

    def thumbnail_key(self, name: str, kind: str = "webp") -> str:
        """Return the key of a thumbnail, given the name of its size."""
        return f"{self.folder}/{THUMBNAILS}/{name}.{kind}"


def new_key(table: str, column: str, size: int, name: str) -> StoredFile:
    """Return the key of a file of so many bytes that is stored now, whatever it was called."""
    return StoredFile(f"{table}/{column}/{secrets.token_urlsafe(16)}-{size}/{safe_name(name)}")


def safe_name(name: str) -> str:
    """Return a name of letters, digits, dots and dashes: no folder, no hidden file, no longer than a disk takes."""
    plain = unicodedata.normalize("NFKC", name[-4 * LONGEST_NAME :]).replace("\\", "/").rpartition("/")[2]
    path = PurePosixPath(OTHERS.sub("-", plain).strip(".-") or "file")
    suffix = path.suffix.lower() if len(path.suffix) <= LONGEST_NAME // 2 else ""
    stem = path.stem[: LONGEST_NAME - len(suffix)].encode()[: MOST_BYTES - len(suffix.encode())].decode(errors="ignore")
    return stem.rstrip(".-") + suffix or "file"


def is_key(text: str) -> bool:
    """Return whether a text is the key of a file."""
    return KEY.fullmatch(text) is not None and text.rpartition("/")[2].strip(".") != ""
