"""Policies whose viewers are users: who has to log in is asked on every road."""

import pytest
from sqlalchemy import true

from dovetail.contrib.auth.access import CurrentUser, StaffUser, UserPolicy
from dovetail.resources.resource import Resource
from plugins.blog.models import Tag
from plugins.blog.schemas import TagRead


class Members(UserPolicy):
    reader = CurrentUser
    remembers_anonymous = True

    def rows(self, viewer):
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
