"""Check uploaded files and store them, before the transaction begins, so that no lock is held meanwhile."""

from typing import BinaryIO, Protocol

from dovetail.errors import ConfigurationError
from dovetail.files.images import SUFFIXES, UnfitImageError, check_image
from dovetail.files.media import FileColumn, Media
from dovetail.files.stored_file import LONGEST_NAME, StoredFile, new_key, safe_name
from dovetail.translation.texts import gettext

# The first bytes of files, by content type. Types without an entry are not checked.
BEGINNINGS = {
    "application/pdf": (b"%PDF-",),
    "application/zip": (b"PK\x03\x04", b"PK\x05\x06"),
    "application/gzip": (b"\x1f\x8b",),
    "image/png": (b"\x89PNG\r\n\x1a\n",),
    "image/jpeg": (b"\xff\xd8\xff",),
    "image/gif": (b"GIF87a", b"GIF89a"),
    "image/webp": (b"RIFF",),
}
LONGEST_BEGINNING = 8  # bytes


class UnfitFileError(ValueError):
    """An uploaded file is not accepted; the message for the user says why."""


class Upload(Protocol):
    """A file of a form: the attributes of Starlette's UploadFile that are used."""

    filename: str | None
    size: int | None

    @property
    def file(self) -> BinaryIO:
        """The file object; large files are spooled to disk."""


async def store_upload(media: Media, column: FileColumn, upload: Upload) -> StoredFile:
    """Store an upload for a column and return its key, which the caller writes into the row.

    Raise UnfitFileError if the file is empty, too large, of a type the column does not accept, or, for an image column,
    not an image. If no row ever refers to the file, `manage.py purge-files` removes it.
    """
    size = _check_size(column, upload)
    name = safe_name(upload.filename or "")
    if column.type.is_image:
        name = _named_as(name, await _image_type(media, column, upload))
    else:
        _check_type(column, name, upload.file)
    key = new_key(column.table, column.column, size, name)
    await media.storage.save(key, upload.file)
    return key


def _check_size(column: FileColumn, upload: Upload) -> int:
    if upload.size is None:
        raise ConfigurationError("The upload has no size; hand over a file of a form.")
    if upload.size > column.type.max_size:
        raise UnfitFileError(
            gettext("The file has %(size)s bytes; %(most)s are taken.")
            % {"size": f"{upload.size:,}", "most": f"{column.type.max_size:,}"}
        )
    if upload.size == 0:
        raise UnfitFileError(gettext("The file is empty."))
    return upload.size


async def _image_type(media: Media, column: FileColumn, upload: Upload) -> str:
    try:
        found = await check_image(upload.file, max_pixels=media.max_pixels)
    except UnfitImageError as error:
        raise UnfitFileError(str(error)) from None
    if found not in column.type.types:
        message = gettext("The image is %(kind)s; taken are: %(kinds)s.")
        raise UnfitFileError(message % {"kind": found, "kinds": ", ".join(column.type.types)})
    return found


def _check_type(column: FileColumn, name: str, file: BinaryIO) -> None:
    """Raise UnfitFileError if the type is not accepted, or if the content does not match the name's suffix."""
    kind = StoredFile(name).content_type
    if column.type.types and kind not in column.type.types:
        raise UnfitFileError(
            gettext("The file is %(kind)s by its name; taken are: %(kinds)s.")
            % {"kind": kind, "kinds": ", ".join(column.type.types)}
        )
    file.seek(0)
    beginning = file.read(LONGEST_BEGINNING)
    file.seek(0)
    if kind in BEGINNINGS and not beginning.startswith(BEGINNINGS[kind]):
        raise UnfitFileError(gettext("The file is called %(name)s and is no %(kind)s.") % {"name": name, "kind": kind})


def _named_as(name: str, kind: str) -> str:
    """Return the name with a suffix that matches the image's type, as the content type is later guessed from it."""
    suffixes = SUFFIXES[kind]
    return name if name.endswith(suffixes) else name[: LONGEST_NAME - len(suffixes[0])] + suffixes[0]
