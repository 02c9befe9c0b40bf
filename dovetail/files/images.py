"""Check images and make thumbnails with Pillow, in a thread, a few at a time."""

import importlib.util
import io
from typing import BinaryIO

from anyio import CapacityLimiter, to_thread
from anyio.lowlevel import RunVar

from dovetail.translation.texts import gettext

AT_ONCE = 2  # images that a process decodes at the same time
FORMATS = {"PNG": "image/png", "JPEG": "image/jpeg", "GIF": "image/gif", "WEBP": "image/webp"}
TYPES = FORMATS | {"MPO": "image/jpeg"}  # Pillow's name for a JPEG that contains several pictures, as phones make them
SUFFIXES = {
    "image/png": (".png",),
    "image/jpeg": (".jpg", ".jpeg"),
    "image/gif": (".gif",),
    "image/webp": (".webp",),
}
QUALITY = 82  # of WebP, from 1 to 100
MISSING = "Pillow is not installed, which images need: pip install 'dovetail[images]'"
_LIMITER: RunVar[CapacityLimiter] = RunVar("dovetail.files.images")  # one per event loop


class UnfitImageError(ValueError):
    """The image cannot be decoded, or is not accepted; the message says why."""


def has_pillow() -> bool:
    """Return whether Pillow is installed, without importing it."""
    return importlib.util.find_spec("PIL") is not None


async def check_image(content: BinaryIO, *, max_pixels: int) -> str:
    """Return the content type of an image that can be decoded. Raise UnfitImageError otherwise.

    The width and height in the header are checked before anything is decoded: a file of a few bytes may claim to be an
    image of gigabytes (a decompression bomb).
    """
    return await to_thread.run_sync(_check, content, max_pixels, limiter=_limiter())


async def make_thumbnail(content: bytes, box: tuple[int, int], *, max_pixels: int) -> bytes:
    """Return the image as WebP, scaled down to fit `box`, rotated upright, without metadata. Raise UnfitImageError."""
    return await to_thread.run_sync(_shrink, content, box, max_pixels, limiter=_limiter())


def _check(content: BinaryIO, max_pixels: int) -> str:
    from PIL import Image  # imported here, since few processes need it

    content.seek(0)
    try:
        with Image.open(content, formats=tuple(FORMATS)) as image:
            _measure(image.size, max_pixels)
            image.load()
            return TYPES[image.format or ""]
    except Exception as error:  # broken files make Pillow's decoders raise all kinds of exceptions
        raise _unfit(error, max_pixels) from error
    finally:
        content.seek(0)


def _shrink(content: bytes, box: tuple[int, int], max_pixels: int) -> bytes:
    from PIL import Image, ImageOps  # here, as above

    made = io.BytesIO()
    try:
        with Image.open(io.BytesIO(content), formats=tuple(FORMATS)) as image:
            _measure(image.size, max_pixels)
            image.draft("RGB", (box[0] * 2, box[1] * 2))  # decode JPEG at a smaller scale, which is faster
            upright = ImageOps.exif_transpose(image)
            plain = upright.convert("RGBA" if upright.has_transparency_data else "RGB")
            plain.thumbnail(box)
            plain.info = {}  # drop colour profiles, comments and the camera's location
            plain.save(made, "WEBP", quality=QUALITY)
    except Exception as error:  # as above
        raise _unfit(error, max_pixels) from error
    return made.getvalue()


def _unfit(error: Exception, max_pixels: int) -> UnfitImageError:
    from PIL import Image  # here, as above

    if isinstance(error, UnfitImageError):
        return error
    # Pillow's own limits are far above ours. Its lower one is a warning, which tests turn into an error.
    if isinstance(error, Image.DecompressionBombError | Image.DecompressionBombWarning):
        return _too_large(max_pixels)
    return UnfitImageError(gettext("This is no image, or a broken one."))


def _measure(size: tuple[int, int], max_pixels: int) -> None:
    if size[0] * size[1] > max_pixels:
        raise _too_large(max_pixels)


def _too_large(max_pixels: int) -> UnfitImageError:
    return UnfitImageError(
        gettext("The image is too large; it may have %(most)s pixels in all.") % {"most": f"{max_pixels:,}"}
    )


def _limiter() -> CapacityLimiter:
    """Return the limiter of the running event loop; it bounds memory, as a decoded image has four bytes per pixel."""
    found = _LIMITER.get(None)
    if found is None:
        found = CapacityLimiter(AT_ONCE)
        _LIMITER.set(found)
    return found
