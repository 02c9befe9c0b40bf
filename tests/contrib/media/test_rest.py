"""The API answers what a file is called, how large it is and where, and takes it by the token of an upload."""

import json
import time

import pytest
from sqlalchemy import select

from dovetail.application import make_application
from dovetail.contrib.auth.testing import new_token
from dovetail.errors import ConfigurationError
from dovetail.files.media import MEDIA
from dovetail.files.stored_file import new_key
from dovetail.files.tokens import make_token
from dovetail.resources.resource import Open, ReadSchema, Resource
from dovetail.testing.fixtures import make_client, running
from tests.contract.usual import without_fast_path
from tests.contrib.media.gallery.models import Picture
from tests.contrib.media.images import image


class PictureOfClient(ReadSchema, model=Picture, fields=("title", "image")):
    """A body that names a file."""


async def test_a_file_is_answered_with_its_address_and_written_by_its_token_on_both_roads(settings, make_user, session):
    key = new_key("gallery_picture", "image", 216, "a b.png")
    shown = {"name": "a-b.png", "size": 216, "content_type": "image/png", "url": f"/media/{key}"}
    session.add(Picture(title="One", image=key, is_shown=True))
    login = await new_token(session, (await make_user(is_staff=True)).id)
    await session.commit()
    for make in (make_application, lambda given: without_fast_path(make_application(given))):
        async with running(make(settings)) as app, make_client(app) as client:
            listed = (await client.get("/api/pictures")).json()["items"]
            one = (await client.get(f"/api/pictures/{listed[0]['id']}")).json()
            assert listed == [{**one, "scan": None}] or "scan" not in listed[0]
            assert (one["title"], one["image"]) == ("One", shown)
            token = make_token(MEDIA.get(app), key)
            client.headers["Authorization"] = f"Bearer {login}"
            changed = await client.patch(f"/api/pictures/{one['id']}", json={"image": token, "title": "One"})
            assert (changed.status_code, changed.json()["image"]) == (200, shown), changed.text
            document = (await client.get("/openapi.json")).json()["components"]["schemas"]
            assert set(document["FileLink"]["properties"]) == {"name", "size", "content_type", "url"}
            assert "`token` of an upload" in json.dumps(document["PictureCreate"]["properties"]["image"])


async def test_a_file_is_uploaded_first_and_written_by_its_token(client_for, make_user, session, media):
    boss = await client_for(await make_user(is_superuser=True, is_staff=True))

    async def upload(field: str, file: tuple[str, bytes, str], client=boss):
        return await client.post("/api/media/uploads", data={"field": field}, files={"file": file})

    png = ("a b.png", image(), "image/png")
    uploaded = await upload("gallery_picture.image", png)
    assert uploaded.status_code == 201, uploaded.text
    token = uploaded.json().pop("token")
    assert (uploaded.json()["name"], uploaded.json()["size"]) == ("a-b.png", len(image()))
    made = await boss.post("/api/pictures", json={"title": "One", "image": token})
    assert (made.status_code, made.json()["image"]["name"]) == (201, "a-b.png"), made.text
    assert (await boss.get(made.json()["image"]["url"])).content == image()
    path = f"/api/pictures/{made.json()['id']}"
    other = (await upload("gallery_picture.image", ("c.gif", image("GIF"), "image/gif"))).json()["token"]
    changed = await boss.patch(path, json={"image": other})
    assert (changed.status_code, changed.json()["image"]["name"]) == (200, "c.gif"), changed.text
    assert (await boss.patch(path, json={"image": None})).json()["image"] is None

    key = (await session.scalars(select(Picture.id))).one()
    await session.commit()
    stored = new_key("gallery_picture", "image", 3, "a.png")
    cover = (await upload("gallery_picture.cover", png)).json()["token"]
    old = media.signer.dumps([str(stored), int(time.time()) - 1])
    for wrong in (str(stored), cover, old, "", "x", token[:-1]):
        refused = await boss.patch(f"/api/pictures/{key}", json={"image": wrong})
        assert (refused.status_code, "no valid upload token" in refused.text) == (422, True), wrong

    assert "broken one" in (await upload("gallery_picture.image", ("a.png", b"x", "image/png"))).json()["detail"]
    assert (await upload("gallery_picture.title", png)).status_code == 422
    assert (await upload("nothing", png)).status_code == 422
    reader = await client_for(await make_user(username="ada"))
    assert (await upload("gallery_picture.image", png, reader)).status_code == 403


def test_a_body_that_would_write_the_key_of_a_file_is_refused():
    with pytest.raises(ConfigurationError, match=r"PictureOfClient\.image would write the key of a file"):
        Resource(model=Picture, fields=("title",), policy=Open(), create=PictureOfClient)
