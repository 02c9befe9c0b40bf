"""Look at images and make them small: by Pillow, in a thread, a few at a time."""

import importlib.util
import io
from typing import BinaryIO

from anyio import CapacityLimiter, to_thread
from anyio.lowlevel import RunVar

from dovetail.translation.texts import gettext

AT_ONCE = 2  # images that a process decodes
FORMATS = {"PNG": "image/png", "JPEG": "image/jpeg", "GIF": "image/gif", "WEBP": "image/webp"}
TYPES = FORMATS | {"MPO": "image/jpeg"}  # Pillow's name of a JPEG with more pictures behind it, as telephones take them
SUFFIXES = {
    "image/png": (".png",),
    "image/jpeg": (".jpg", ".jpeg"),
    "image/gif": (".gif",),
    "image/webp": (".webp",),
}
QUALITY = 82  # of WebP, 1 to 100
MISSING = "Pillow is not installed, which images need: pip install 'dovetail[images]'"
_LIMITER: RunVar[CapacityLimiter] = RunVar("dovetail.files.images")  # of each event loop


class UnfitImageError(ValueError):
    """Says why an image is none, or not one that is taken."""


def has_pillow() -> bool:
    """Return whether Pillow is installed; it is imported where an image is looked at, and nowhere else."""
    return importlib.util.find_spec("PIL") is not None


async def check_image(content: BinaryIO, *, max_pixels: int) -> str:
    """Return the content type of an image that can be decoded. Raise UnfitImageError.

    Its width and height, which stand at its beginning, are asked before anything is decoded: a few bytes may say that
    they are a picture of gigabytes.
    """
    return await to_thread.run_sync(_check, content, max_pixels, limiter=_limiter())


async def make_thumbnail(content: bytes, box: tuple[int, int], *, max_pixels: int) -> bytes:
    """Return an image as WebP that fits into `box`, the right way up, without metadata. Raise UnfitImageError."""
    return await to_thread.run_sync(_shrink, content, box, max_pixels, limiter=_limiter())


def _check(content: BinaryIO, max_pixels: int) -> str:
    from PIL import Image  # here, as few processes look at images

    content.seek(0)
    try:
        with Image.open(content, formats=tuple(FORMATS)) as image:
            _measure(image.size, max_pixels)
            image.load()
            return TYPES[image.format or ""]
    except Exception as error:  # Pillow's decoders raise whatever broken bytes make them raise
        raise _unfit(error, max_pixels) from error
    finally:
        content.seek(0)


def _shrink(content: bytes, box: tuple[int, int], max_pixels: int) -> bytes:
    from PIL import Image, ImageOps  # here, as above

    made = io.BytesIO()
    try:
        with Image.open(io.BytesIO(content), formats=tuple(FORMATS)) as image:
            _measure(image.size, max_pixels)
            image.draft("RGB", (box[0] * 2, box[1] * 2))  # JPEG alone can be decoded smaller
            upright = ImageOps.exif_transpose(image)
            plain = upright.convert("RGBA" if upright.has_transparency_data else "RGB")
            plain.thumbnail(box)
            plain.info = {}  # colours, comments and places of the camera
            plain.save(made, "WEBP", quality=QUALITY)
    except Exception as error:  # as above
        raise _unfit(error, max_pixels) from error
    return made.getvalue()


def _unfit(error: Exception, max_pixels: int) -> UnfitImageError:
    from PIL import Image  # here, as above

    if isinstance(error, UnfitImageError):
        return error
    # Pillow's own limits are far above ours. It warns of the first, which is no error but where warnings are.
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
    """Return the limiter of the running loop: a decoded image has four bytes a pixel."""
    found = _LIMITER.get(None)
    if found is None:
        found = CapacityLimiter(AT_ONCE)
        _LIMITER.set(found)
    return found
