"""Files are served to who may see their row, from its commit on, and do no harm whatever they hold."""

import io
from datetime import timedelta

import httpx
import pytest
from PIL import Image
from sqlalchemy import update

from dovetail.contrib.auth.tokens.personal import make_token
from dovetail.errors import NotFoundError
from dovetail.files.file_response import StoredFileResponse
from dovetail.files.media import Media
from dovetail.files.stored_file import StoredFile, new_key
from tests.contrib.media.gallery.models import Picture
from tests.contrib.media.images import image


@pytest.fixture
async def picture(session, media: Media) -> Picture:
    """A picture that only staff sees, with a public cover and a scan."""
    files = {
        "image": ("a b.png", image()),
        "cover": ("cover.png", image()),
        "scan": ("page.html", b"<script>1</script>"),
    }
    keys = {}
    for column, (name, content) in files.items():
        keys[column] = new_key("gallery_picture", column, len(content), name)
        await media.storage.save(keys[column], io.BytesIO(content))
    made = Picture(title="One", **keys)
    session.add(made)
    await session.commit()
    return made


@pytest.fixture
async def visitor(app):
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://testserver") as client:
        yield client


async def test_a_file_is_for_who_may_view_its_row_and_a_public_one_for_everybody(  # noqa: PLR0917 - fixtures
    visitor, office, client_for, make_user, picture, session
):
    reader = await client_for(await make_user(username="ada"))
    private = (f"/media/{picture.image}", f"/media/{picture.image}?thumbnail=small", f"/media/{picture.scan}")
    for path in private:
        assert (await visitor.get(path)).status_code == 404, path
        assert (await reader.get(path)).status_code == 404, path
        assert (await office.client.get(path)).status_code == 200, path
    assert (await visitor.get(f"/media/{picture.cover}")).status_code == 200

    await session.execute(update(Picture).values(is_shown=True))
    await session.commit()
    assert (await visitor.get(private[0])).status_code == 200
    assert (await visitor.get(private[2])).status_code == 404  # of a field that is hidden from strangers
    assert (await reader.get(private[2])).status_code == 200


async def test_a_token_without_a_scope_for_the_model_gets_what_strangers_get(visitor, make_user, picture, session):
    user = await make_user(username="ada", is_superuser=True)
    path, picture.is_shown = f"/media/{picture.scan}", True  # its scan is hidden from strangers
    for scopes, status in ((None, 200), (("blog.view_post",), 404)):
        made = await make_token(session, user, name="ci", scopes=scopes, lifetime=timedelta(days=1))
        await session.commit()
        answer = await visitor.get(path, headers={"Authorization": f"Bearer {made.token}"})
        assert answer.status_code == status, scopes


async def test_no_file_is_served_before_its_row_is_committed_or_after_it_is_gone(visitor, media, session, picture):
    key = new_key("gallery_picture", "cover", 3, "new.png")
    await media.storage.save(key, io.BytesIO(b"new"))
    assert (await visitor.get(f"/media/{key}")).status_code == 404
    picture.cover = key
    await session.flush()
    await session.rollback()
    assert (await visitor.get(f"/media/{key}")).status_code == 404
    await session.refresh(picture)
    cover = picture.cover
    await session.delete(picture)
    await session.commit()
    assert (await visitor.get(f"/media/{cover}")).status_code == 404


async def test_only_images_are_shown_and_no_file_runs_or_is_taken_for_something_else(office, picture):
    for file, disposition in ((picture.image, "inline"), (picture.scan, "attachment")):
        answer = await office.client.get(f"/media/{file}")
        assert answer.headers["content-disposition"].startswith(f'{disposition}; filename="{file.name}"')
        assert "sandbox" in answer.headers["content-security-policy"]
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cross-origin-resource-policy"] == "same-origin"
        assert answer.headers["cache-control"] == "private, no-cache"
        assert answer.headers["content-type"].partition(";")[0] == file.content_type


async def test_parts_and_unchanged_files_are_not_sent_again(office, picture):
    path = f"/media/{picture.image}"
    whole = await office.client.get(path)
    assert whole.content == image()
    part = await office.client.get(path, headers={"Range": "bytes=1-3"})
    assert (part.status_code, part.content) == (206, b"PNG")
    for wrong in ("pages=1-3", "bytes=abc", "bytes=3-1", "bytes", "bytes=" + "9" * 5000 + "-"):  # RFC 9110 14.2
        ignored = await office.client.get(path, headers={"Range": wrong})
        assert (ignored.status_code, ignored.content) == (200, image()), wrong[:20]
    beyond = await office.client.get(path, headers={"Range": "bytes=999999-"})
    assert (beyond.status_code, beyond.headers["content-range"]) == (416, f"bytes */{len(image())}")
    same = await office.client.get(path, headers={"If-None-Match": f'"other", {whole.headers["etag"]}'})
    assert (same.status_code, same.content) == (304, b"")
    head = await office.client.head(path)
    assert (head.status_code, head.headers["content-length"]) == (200, str(len(image())))
    small = await office.client.get(f"{path}?thumbnail=small")
    assert small.headers["etag"] != whole.headers["etag"]


async def test_a_thumbnail_is_made_once_of_declared_sizes_alone(office, media, picture, root):
    path = f"/media/{picture.image}"
    small = await office.client.get(f"{path}?thumbnail=small")
    shrunk = Image.open(io.BytesIO(small.content))
    assert (small.headers["content-type"], shrunk.format, shrunk.size) == ("image/webp", "WEBP", (40, 20))
    made = picture.image.thumbnail_key("small-40x40")
    (root / made).write_bytes(b"kept")
    assert (await office.client.get(f"{path}?thumbnail=small")).content == b"kept"
    for wrong in ("huge", "../x", "small-40x40"):
        assert (await office.client.get(path, params={"thumbnail": wrong})).status_code == 404
    assert (await office.client.get(f"/media/{picture.scan}?thumbnail=small")).status_code == 404


async def test_what_is_no_key_or_whose_file_is_gone_is_not_found(office, media, picture):
    outside = (
        "../../etc/passwd",
        "x",
        "",
        "gallery_picture/image",
        f"{picture.image}/x",
        f"{picture.image.folder}/_/x.webp",
    )
    for key in outside:
        assert (await office.client.get(f"/media/{key}")).status_code == 404, key
    other = StoredFile(picture.image.replace("gallery_picture", "auth_user"))
    assert (await office.client.get(f"/media/{other}")).status_code == 404
    await media.storage.delete(picture.image)
    assert (await office.client.get(f"/media/{picture.image}")).status_code == 404
    assert (await office.client.get(f"/media/{picture.image}?thumbnail=small")).status_code == 404
    gone = StoredFileResponse(media.storage.path(picture.image))  # deleted after it was looked for
    with pytest.raises(NotFoundError):
        await gone({"type": "http", "method": "GET", "headers": []}, None, None)


async def test_serving_takes_one_statement_for_the_row_and_one_for_who_asks(visitor, office, picture, count_statements):
    with count_statements() as statements:
        await visitor.get(f"/media/{picture.cover}")
    assert len(statements) == 1
    with count_statements() as statements:
        await office.client.get(f"/media/{picture.image}")
    assert len(statements) == 2
