"""The API answers what a file is called, how large it is and where, and takes none."""

import pytest

from dovetail.application import make_application
from dovetail.errors import ConfigurationError
from dovetail.files.stored_file import new_key
from dovetail.resources.resource import Open, ReadSchema, Resource
from dovetail.testing.fixtures import make_client, running
from tests.contract.usual import without_fast_path
from tests.contrib.media.gallery.models import Picture


class PictureOfClient(ReadSchema, model=Picture, fields=("title", "image")):
    """A body that names a file."""


async def test_a_file_is_answered_with_its_address_on_both_roads_and_nobody_sends_its_key(
    settings, client_for, make_user, session
):
    key = new_key("gallery_picture", "image", 216, "a b.png")
    shown = {"name": "a-b.png", "size": 216, "content_type": "image/png", "url": f"/media/{key}"}
    session.add(Picture(title="One", image=key, is_shown=True))
    await session.commit()
    for make in (make_application, lambda given: without_fast_path(make_application(given))):
        async with running(make(settings)) as app, make_client(app) as client:
            listed = (await client.get("/api/pictures")).json()["items"]
            one = (await client.get(f"/api/pictures/{listed[0]['id']}")).json()
            assert listed == [{**one, "scan": None}] or "scan" not in listed[0]
            assert (one["title"], one["image"]) == ("One", shown)

    boss = await client_for(await make_user(is_superuser=True, is_staff=True))
    answer = await boss.post("/api/pictures", json={"title": "Two", "image": str(key)})
    assert answer.status_code == 422
    made = await boss.post("/api/pictures", json={"title": "Two"})
    assert (made.status_code, made.json()["image"]) == (201, None)
    changed = await boss.patch(f"/api/pictures/{listed[0]['id']}", json={"title": "New"})
    assert (changed.status_code, changed.json()["image"]) == (200, shown)
    document = (await boss.get("/openapi.json")).json()["components"]["schemas"]
    assert set(document["FileLink"]["properties"]) == {"name", "size", "content_type", "url"}
    assert "image" not in document["PictureCreate"]["properties"]


def test_a_body_that_would_write_the_key_of_a_file_is_refused():
    with pytest.raises(ConfigurationError, match=r"PictureOfClient\.image holds a file, which is uploaded"):
        Resource(model=Picture, fields=("title",), policy=Open(), create=PictureOfClient)
