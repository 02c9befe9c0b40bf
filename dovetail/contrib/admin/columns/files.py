"""Show stored files: images by their smallest thumbnail, all others by name."""

from markupsafe import Markup

from dovetail.files.columns import ImageField
from dovetail.files.media import address_of, current_media
from dovetail.files.stored_file import StoredFile
from dovetail.translation import formats
from dovetail.translation.texts import gettext

KILOBYTE = 1024


def listed_file(file: StoredFile) -> Markup | str:
    """Return the HTML of a file in a list: a thumbnail or the name, without a link, since the row has one."""
    thumbnail = _smallest_thumbnail(file)
    if thumbnail is None:
        return file.name
    return Markup('<img class="file-thumbnail" src="{}" alt="{}" loading="lazy">').format(
        address_of(file, thumbnail), file.name
    )


def shown_file(file: StoredFile) -> Markup:
    """Return the HTML of a file on a page: a thumbnail if it has one, the name, the size and a link."""
    thumbnail, image = _smallest_thumbnail(file), Markup()
    if thumbnail is not None:
        image = Markup('<img class="file-thumbnail" src="{}" alt=""> ').format(address_of(file, thumbnail))
    return Markup('<a href="{}">{}{}</a> <small class="text-secondary">{}</small>').format(
        address_of(file), image, file.name, file_size(file.size)
    )


def file_size(size: int) -> str:
    """Return a number of bytes in readable form: `1.5 MB`."""
    if size < KILOBYTE:
        return gettext("%(size)s bytes") % {"size": size}
    if size < KILOBYTE**2:
        return f"{formats.number(round(size / KILOBYTE))} KB"
    return f"{formats.number(round(size / KILOBYTE**2, 1))} MB"


def _smallest_thumbnail(file: StoredFile) -> str | None:
    media = current_media()
    column = None if media is None else media.column_of(file)
    if column is None or not isinstance(column.type, ImageField) or not column.type.thumbnails:
        return None
    return min(column.type.thumbnails, key=lambda one: one[1][0] * one[1][1])[0]
