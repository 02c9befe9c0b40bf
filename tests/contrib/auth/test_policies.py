"""Policies whose viewers are users: who has to log in is asked on every road."""

import pytest
from sqlalchemy import true

from plugins.blog.models import Tag
from plugins.blog.schemas import TagRead
from project.api.resources.resource import Resource
from project.contrib.auth.dependencies import CurrentUser, StaffUser
from project.contrib.auth.policies import UserPolicy


class Members(UserPolicy):
    reader = CurrentUser
    remembers_anonymous = True

    def rows(self, viewer):
        return true()


class Staff(Members):
    reader = StaffUser


@pytest.mark.parametrize(("policy", "of_user"), [(Members(), 200), (Staff(), 403)])
async def test_who_may_read_is_asked_of_those_without_a_token_too(
    app, client, client_for, make_user, session, policy, of_user
):
    session.add(Tag(id=1, name="secret"))
    await session.commit()
    app.include_router(Resource(model=Tag, read=TagRead, policy=policy, name="word").router)
    user, staff = await client_for(await make_user()), await client_for(await make_user(is_superuser=True))
    for path in ("/words", "/words/1", "/words?count=true&cursor="):
        answers = [await one.get(path) for one in (client, user, staff)]
        assert [answer.status_code for answer in answers] == [401, of_user, 200], path
