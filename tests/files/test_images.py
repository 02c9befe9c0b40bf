"""Images are measured before they are decoded, and made small the right way up, without what a camera wrote down."""

import io
import struct
import zlib

import pytest
from PIL import Image

from dovetail.files.images import UnfitImageError, check_image, make_thumbnail
from tests.contrib.media.images import image

MOST = 1_000_000


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def bomb(side: int) -> bytes:
    """A PNG of a few bytes that says how large it is."""
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", b"")


async def test_the_type_of_an_image_is_determined_by_its_content():
    kinds = {"PNG": "image/png", "JPEG": "image/jpeg", "GIF": "image/gif", "WEBP": "image/webp"}
    for kind, content_type in kinds.items():
        content = io.BytesIO(image(kind))
        assert await check_image(content, max_pixels=MOST) == content_type
        assert content.tell() == 0
    several = io.BytesIO()
    Image.new("RGB", (4, 2), "red").save(several, "MPO", save_all=True, append_images=[Image.new("RGB", (4, 2))])
    assert await check_image(several, max_pixels=MOST) == "image/jpeg"
    assert await make_thumbnail(several.getvalue(), (10, 10), max_pixels=MOST)
    bmp = image("BMP")
    for wrong in (
        b"",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        bmp,
        image()[:100],
        image("JPEG")[:300],
        b"GIF89a",
    ):
        with pytest.raises(UnfitImageError, match="no image, or a broken one"):
            await check_image(io.BytesIO(wrong), max_pixels=MOST)


async def test_a_decompression_bomb_is_refused_by_its_size():
    told = "may have 1,000,000 pixels in all"
    for content in (
        bomb(60_000),
        bomb(10_000),
        image(size=(1001, 1000)),
    ):  # Pillow refuses the first, warns of the second
        with pytest.raises(UnfitImageError, match=told):
            await check_image(io.BytesIO(content), max_pixels=MOST)
        with pytest.raises(UnfitImageError, match=told):
            await make_thumbnail(content, (10, 10), max_pixels=MOST)


async def test_a_thumbnail_is_upright_and_has_no_metadata():
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90 degrees, clockwise
    exif[0x010F] = "A camera"
    exif.get_ifd(0x8825)[1] = "N"
    made = Image.open(io.BytesIO(await make_thumbnail(image("JPEG", exif=exif), (40, 40), max_pixels=MOST)))
    assert (made.format, made.size) == ("WEBP", (20, 40))
    assert (dict(made.getexif()), made.info.get("icc_profile")) == ({}, None)
    top, bottom = made.convert("RGB").getpixel((10, 5)), made.convert("RGB").getpixel((10, 35))
    assert (top[0] > 200, bottom[2] > 200) == (True, True)  # what was left is on top

    clear = io.BytesIO()
    Image.new("RGBA", (10, 10), (0, 0, 0, 0)).save(clear, "PNG")
    seen = Image.open(io.BytesIO(await make_thumbnail(clear.getvalue(), (40, 40), max_pixels=MOST)))
    assert (seen.mode, seen.size) == ("RGBA", (10, 10))  # transparent as it was, and no larger
    with pytest.raises(UnfitImageError):
        await make_thumbnail(b"no image", (10, 10), max_pixels=MOST)
