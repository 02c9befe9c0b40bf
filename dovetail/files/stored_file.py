"""The value of a file column: the file's key in the storage, which contains its table, column, size and name."""

import mimetypes
import re
import secrets
import unicodedata
from pathlib import PurePosixPath
from urllib.parse import quote

LONGEST_NAME = 100  # characters
MAX_NAME_BYTES = 240  # in UTF-8: file systems allow 255 (https://man7.org/linux/man-pages/man3/pathconf.3.html)
LONGEST_KEY = 300  # characters, for the names of a table and a column, a token, a size and a file name
KEY = re.compile(
    r"(?P<table>\w{1,63})/(?P<column>\w{1,63})/(?P<token>[\w-]{22})-(?P<size>\d{1,15})/(?P<name>[\w.-]{1,100})"
)
THUMBNAILS = "_"  # the folder beside a file that holds its thumbnails
OTHERS = re.compile(r"[^\w.-]+")
OCTETS = "application/octet-stream"
# Types of compressed files, by the encoding that `mimetypes` returns for them.
COMPRESSED = {
    "gzip": "application/gzip",
    "bzip2": "application/x-bzip2",
    "xz": "application/x-xz",
    "br": OCTETS,
    "compress": "application/x-compress",
}


class StoredFile(str):
    """The key of a stored file, such as `gallery_picture/image/<token>-<bytes>/portrait.png`.

    Each upload gets a new, unguessable token, so a file that replaces another has a different key.
    """

    __slots__ = ()

    @property
    def name(self) -> str:
        """The name the file had when it was uploaded, reduced to safe characters."""
        return self.rpartition("/")[2]

    @property
    def size(self) -> int:
        """The size in bytes."""
        found = KEY.fullmatch(self)
        return 0 if found is None else int(found["size"])

    @property
    def content_type(self) -> str:
        """The content type, guessed from the name."""
        kind, compression = mimetypes.guess_type(self.name)
        return COMPRESSED.get(compression, OCTETS) if compression else kind or OCTETS

    @property
    def folder(self) -> str:
        """The key without the file name; keys of its thumbnails begin with it."""
        return self.rpartition("/")[0]

    @property
    def quoted(self) -> str:
        """The key, quoted for a URL."""
        return quote(self)

    def thumbnail_key(self, name: str, kind: str = "webp") -> str:
        """Return the key of a thumbnail of the given size name."""
        return f"{self.folder}/{THUMBNAILS}/{name}.{kind}"


def new_key(table: str, column: str, size: int, name: str) -> StoredFile:
    """Return a new key for a file of `size` bytes with the client's file name, which may be any text."""
    return StoredFile(f"{table}/{column}/{secrets.token_urlsafe(16)}-{size}/{safe_name(name)}")


def safe_name(name: str) -> str:
    """Return a safe file name of letters, digits, dots and dashes, without folders, neither hidden nor too long."""
    plain = unicodedata.normalize("NFKC", name[-4 * LONGEST_NAME :]).replace("\\", "/").rpartition("/")[2]
    path = PurePosixPath(OTHERS.sub("-", plain).strip(".-") or "file")
    suffix = path.suffix.lower() if len(path.suffix) <= LONGEST_NAME // 2 else ""
    stem = (
        path.stem[: LONGEST_NAME - len(suffix)]
        .encode()[: MAX_NAME_BYTES - len(suffix.encode())]
        .decode(errors="ignore")
    )
    return stem.rstrip(".-") + suffix or "file"


def is_key(text: str) -> bool:
    """Return whether a text is a valid key."""
    return KEY.fullmatch(text) is not None and text.rpartition("/")[2].strip(".") != ""
