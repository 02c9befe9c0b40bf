"""Images as they are uploaded."""

import io

from PIL import Image


def image(kind: str = "PNG", size: tuple[int, int] = (120, 60), **how: object) -> bytes:
    """Return an image whose left half is red and whose right half is blue."""
    made = Image.new("RGB", size, "blue")
    made.paste("red", (0, 0, size[0] // 2, size[1]))
    written = io.BytesIO()
    made.save(written, kind, **how)
    return written.getvalue()
