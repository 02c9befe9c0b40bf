"""Read a file of unknown origin as text: check its size, type and encoding, and remove characters that XML forbids."""

import codecs
import re
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from dovetail.errors import InvalidInputError


class ExportError(InvalidInputError):
    """The file is not a WordPress export that can be read."""


CHUNK = 1 << 20  # bytes; large, since the parser starts again at the beginning of a tag that a chunk cuts

BYTE_ORDER_MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
    b"<\0": "utf-16-le",
    b"\0<": "utf-16-be",
}
DECLARED_ENCODING = re.compile(rb"""\s*<\?xml\s[^>]*?encoding\s*=\s*["']([A-Za-z0-9._-]{1,40})["']""")
PROBE = b'<?xml version="1.0"?> +AD4- \\u0041 xn--a'
# https://www.w3.org/TR/xml/#charsets: WordPress writes them nevertheless, and PostgreSQL cannot store NUL.
FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


class Source:
    """The text of one file, which can be read several times."""

    def __init__(self, path: Path, max_bytes: int) -> None:
        self.path = path
        self.max_bytes = max_bytes
        self.removed = 0  # forbidden characters that were removed during the last reading
        self._state: tuple[int, int] | None = None

    @property
    def name(self) -> str:
        """Return the file's name for messages, quoted so that it is on one line."""
        return repr(str(self.path))

    def size(self) -> int:
        """Return the size of the file in bytes.

        Raise ExportError if it is missing, empty, larger than `max_bytes` or not a regular file, or if it has changed
        since the last call.
        """
        try:
            found = self.path.stat()
        except (OSError, ValueError) as error:
            raise self._unreadable(error) from None
        if stat.S_ISDIR(found.st_mode):
            raise ExportError(f"{self.name} is a directory; expected a WordPress export (an .xml file)")
        if not stat.S_ISREG(found.st_mode):
            raise ExportError(f"{self.name} is not a regular file; save the export to a file first")
        if not found.st_size:
            raise ExportError(f"{self.name} is empty; expected a WordPress export")
        if found.st_size > self.max_bytes:
            raise self._too_large(found.st_size)
        state = (found.st_size, found.st_mtime_ns)
        if self._state not in (None, state):
            raise ExportError(f"{self.name} changed while it was read; wait until it is complete and try again")
        self._state = state
        return found.st_size

    def chunks(self, advance: Callable[[int], None] = lambda _bytes: None) -> Iterator[str]:
        """Yield the text in chunks; `advance` is called with the number of bytes of each.

        White space before the first tag is removed: XML forbids it, but themes and plugins often print a blank line.
        Raise ExportError as `size` does, and for bytes that are invalid in the file's encoding.
        """
        self.size()
        self.removed = 0
        try:
            with self.path.open("rb") as file:
                yield from self._cleaned(self._decoded(file, advance))
        except OSError as error:
            raise self._unreadable(error) from None

    def _decoded(self, file: BinaryIO, advance: Callable[[int], None]) -> Iterator[str]:
        encoding, read = "", 0
        decoder: codecs.IncrementalDecoder | None = None
        while chunk := file.read(CHUNK):
            if decoder is None:
                encoding = self._encoding(chunk)
                decoder = codecs.getincrementaldecoder(encoding)()
            if read + len(chunk) > self.max_bytes:  # it grew while it was read
                raise self._too_large(read + len(chunk))
            try:
                yield decoder.decode(chunk, final=False)
            except UnicodeError as error:
                raise self._not_in(encoding, error, read) from None
            read += len(chunk)
            advance(len(chunk))
        try:
            yield decoder.decode(b"", final=True) if decoder else ""
        except UnicodeError:
            raise ExportError(f"{self.name} ends in the middle of a character; copy or export it again") from None

    def _encoding(self, start: bytes) -> str:
        for mark, encoding in BYTE_ORDER_MARKS.items():
            if start.startswith(mark):
                return encoding
        declared = DECLARED_ENCODING.match(start)
        encoding = declared[1].decode("ascii") if declared else "utf-8"
        if not _reads_as_ascii(encoding):
            raise ExportError(
                f"{self.name} says that its encoding is {encoding!r}, which does not fit; save it as UTF-8"
            )
        return encoding

    def _cleaned(self, texts: Iterator[str]) -> Iterator[str]:
        started = False
        for text in texts:
            cleaned, removed = FORBIDDEN.subn("", text)
            self.removed += removed
            if not started:
                cleaned = cleaned.lstrip("\ufeff \t\r\n")
                started = bool(cleaned)
            if cleaned:
                yield cleaned

    def _not_in(self, encoding: str, error: UnicodeError, read: int) -> ExportError:
        where = f" near byte {read + error.start:,}" if isinstance(error, UnicodeDecodeError) else ""
        return ExportError(f"{self.name} is not valid {encoding}{where}; export it again, or save it as UTF-8")

    def _too_large(self, size: int) -> ExportError:
        return ExportError(
            f"{self.name} has {size:,} bytes, the limit is {self.max_bytes:,}; "
            "let WordPress export it in parts, or set WORDPRESS_MAX_BYTES"
        )

    def _unreadable(self, error: Exception) -> ExportError:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else error
        return ExportError(f"{self.name} cannot be read: {reason}")


def _reads_as_ascii(encoding: str) -> bool:
    # The declaration itself was found in ASCII, so the encoding has to be compatible with it. This also excludes
    # Python's own codecs, some of which undo escapes; "zlib", which would unpack a bomb, is refused before decoding.
    try:
        return PROBE.decode(encoding) == PROBE.decode("ascii")
    except (LookupError, UnicodeError):
        return False
