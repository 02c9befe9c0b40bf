"""The settings of the import from WordPress, read from environment variables that begin with `WORDPRESS_`."""

from pydantic import BaseModel

from dovetail.settings import Positive


class WordpressSettings(BaseModel):
    """Limits of an import: `WORDPRESS_MAX_BYTES=500000000` and so on."""

    max_bytes: Positive = 268_435_456  # bytes in a WordPress export
    max_item_size: Positive = 33_554_432  # characters in one of its items, including all child elements
