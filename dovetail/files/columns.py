"""Column types for uploaded files.

    scan: Mapped[StoredFile | None] = mapped_column(FileField(types=("application/pdf",)), index=True)
    image: Mapped[StoredFile | None] = mapped_column(ImageField(thumbnails={"small": (80, 80)}), index=True)

The column stores the key of a file (`StoredFile`); the file itself is in the storage. The plugin
`dovetail.contrib.media`, which stores, serves and purges files, has to be enabled.
"""

import re
from collections.abc import Mapping, Sequence

from sqlalchemy import Dialect, String
from sqlalchemy.exc import DontWrapMixin
from sqlalchemy.types import TypeDecorator

from dovetail.errors import InvalidInputError
from dovetail.files.stored_file import LONGEST_KEY, StoredFile, is_key

MEGABYTE = 1_048_576
MAX_SIZE = 2 * MEGABYTE  # bytes; MAX_BODY_SIZE has to be larger
IMAGE_TYPES = ("image/png", "image/jpeg", "image/gif", "image/webp")
LARGEST_THUMBNAIL = 2_000  # pixels
NAME = re.compile(r"[a-z][a-z0-9_]{0,30}")


class NotAFileError(DontWrapMixin, InvalidInputError, ValueError):
    """A value written into a file column is not the key of an uploaded file."""


class FileField(TypeDecorator[StoredFile]):
    """A column for a file of at most `max_size` bytes, of any type or of `types`: `("application/pdf",)`.

    The file is served to users who may view its row, or to everybody if it is `public`. Browsers always download it.
    """

    impl = String(LONGEST_KEY)
    cache_ok = True
    is_image = False

    def __init__(self, *, max_size: int = MAX_SIZE, types: Sequence[str] = (), public: bool = False) -> None:
        super().__init__()
        if isinstance(types, str) or not all("/" in one for one in types):
            raise ValueError(f"types is {types!r}, expected a tuple such as ('application/pdf',)")
        if max_size < 1:
            raise ValueError(f"max_size is {max_size}, expected a number of bytes")
        self.max_size, self.types, self.public = max_size, tuple(types), public

    @property
    def python_type(self) -> type[StoredFile]:
        """Return the type of values, a subclass of str."""
        return StoredFile

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - the signature is SQLAlchemy's
        """Return the key. Raise NotAFileError for any other text."""
        if value is not None and not is_key(value):
            raise NotAFileError
        return None if value is None else str(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> StoredFile | None:  # noqa: ARG002 - as above
        """Return the key as a StoredFile."""
        return None if value is None else StoredFile(value)


class ImageField(FileField):
    """A column for an image that Pillow can read (PNG, JPEG, GIF, WebP); `thumbnails` are maximum sizes by name.

    It needs Pillow: `pip install 'dovetail[images]'`. Browsers display images; thumbnails are WebP without metadata.
    """

    cache_ok = True
    is_image = True

    def __init__(
        self,
        *,
        max_size: int = MAX_SIZE,
        types: Sequence[str] = IMAGE_TYPES,
        public: bool = False,
        thumbnails: Mapping[str, tuple[int, int]] | Sequence[tuple[str, tuple[int, int]]] = (),
    ) -> None:
        super().__init__(max_size=max_size, types=types, public=public)
        if set(types) - set(IMAGE_TYPES):
            raise ValueError(f"types is {types!r}, expected some of {', '.join(IMAGE_TYPES)}")
        self.thumbnails = tuple(dict(thumbnails).items())  # hashable, as SQLAlchemy's cache of statements requires
        for name, box in self.thumbnails:
            if not NAME.fullmatch(name) or not all(0 < side <= LARGEST_THUMBNAIL for side in box):
                raise ValueError(f"thumbnails has {name!r}: {box!r}, expected such as {{'small': (80, 80)}}")
