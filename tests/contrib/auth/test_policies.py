"""Policies whose viewers are users: who has to log in is asked on every road."""

import pytest
from sqlalchemy import true

from dovetail.api.schemas import Schema
from dovetail.contrib.auth.access import (
    CurrentUser,
    ModelPermissions,
    StaffOnly,
    StaffUser,
    StaffWrite,
    UserPolicy,
)
from dovetail.contrib.auth.accounts.access_tokens import get_user_by_token
from dovetail.contrib.auth.testing import new_token
from dovetail.errors import ConfigurationError
from dovetail.resources.resource import Resource
from plugins.blog.models import Tag
from plugins.blog.schemas import TagRead


class Members(UserPolicy):
    reader = CurrentUser
    remembers_anonymous = True

    def where(self, viewer, action):
        return true()


class Staff(Members):
    reader = StaffUser


@pytest.fixture
async def clients(client, client_for, make_user):
    """Somebody unknown, a user and a member of staff."""
    return client, await client_for(await make_user()), await client_for(await make_user(is_superuser=True))


@pytest.mark.parametrize(("policy", "of_user"), [(Members(), 200), (Staff(), 403)])
async def test_who_may_read_is_asked_of_those_without_a_token_too(app, clients, session, policy, of_user):
    session.add(Tag(id=1, name="secret"))
    await session.commit()
    app.include_router(Resource(model=Tag, read=TagRead, policy=policy, name="word").router)
    for path in ("/words", "/words/1", "/words?count=true&cursor="):
        answers = [await one.get(path) for one in clients]
        assert [answer.status_code for answer in answers] == [401, of_user, 200], path


class WordWrite(Schema):
    name: str


class WrittenByStaff(UserPolicy):
    """As a plugin's author may write it: anybody reads, and of those who write, `writer` lets staff in alone."""

    writer = StaffUser

    def where(self, viewer, action):
        return true()


async def test_a_writer_that_is_not_every_user_is_asked_on_the_fast_path_too(app, clients, session):
    session.add(tag := Tag(name="kept"))
    await session.commit()
    words = Resource(
        model=Tag,
        read=TagRead,
        create=WordWrite,
        update=WordWrite,
        policy=WrittenByStaff(),
        name="word",
    )
    app.include_router(words.router)
    one = f"/words/{tag.id}"
    for method, path, status in (("POST", "/words", 201), ("PATCH", one, 200), ("DELETE", one, 204)):
        body = None if method == "DELETE" else {"name": method.lower()}
        answers = [await client.request(method, path, json=body) for client in clients]
        assert [answer.status_code for answer in answers] == [401, 403, status], method


READY = [
    (StaffWrite(), [200, 200, 200]),
    (StaffOnly(), [401, 403, 200]),
    (ModelPermissions("blog.tag"), [401, 403, 200]),
]


@pytest.mark.parametrize(("policy", "reads"), READY, ids=lambda one: type(one).__name__)
async def test_a_policy_that_is_ready_made_lets_staff_write_and_reads_as_it_says(app, clients, policy, reads):
    words = Resource(model=Tag, read=TagRead, create=WordWrite, policy=policy, name="word")
    app.include_router(words.router)
    writes = [await one.post("/words", json={"name": "new"}) for one in clients]
    assert [answer.status_code for answer in writes] == [401, 403, 201]
    answers = [await one.get("/words") for one in clients]
    assert [answer.status_code for answer in answers] == reads
    assert all(len(answer.json()["items"]) == 1 for answer in answers if answer.status_code == 200)


class Remembered(Members):
    remembers_viewers = True


async def test_permissions_are_cached_only_for_a_policy_that_allows_it(make_user, session):
    token = await new_token(session, (await make_user()).id)
    user = await get_user_by_token(session, token)
    assert Members().viewer_values(user) is None
    assert Remembered().viewer_values(user) is not None


@pytest.mark.parametrize("label", ["", "shop", "shop.", ".order", "shop.or der", "Shop.order", "shop.order.x"])
def test_a_label_that_names_no_model_is_refused(label):
    with pytest.raises(ConfigurationError, match="names no model, expected a plugin and a model"):
        ModelPermissions(label)
