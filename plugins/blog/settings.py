"""What the blog reads from the environment, under `BLOG_`."""

from pydantic import BaseModel

from dovetail.settings import Positive


class BlogSettings(BaseModel):
    """Settings of the blog: `BLOG_IMPORT_MAX_BYTES=500000000` and so on."""

    import_max_bytes: Positive = 268_435_456  # bytes in a WordPress export
    import_max_item_size: Positive = 33_554_432  # characters in one of its items, with everything below it
