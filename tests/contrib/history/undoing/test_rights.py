"""Nobody gains by an undo what they could not do by themselves: rights, accounts, what a view keeps from them."""

import pytest
from sqlalchemy import select

from dovetail.contrib.admin.permissions import user_of
from dovetail.contrib.auth.models import Group, User
from dovetail.contrib.auth.permissions import grants
from plugins.blog.admin import PostAdmin
from plugins.blog.models import Post
from plugins.comments.models import Comment, CommentStatus
from tests.contrib.history.undoing.test_undo import last, refused_undo, undo

MANAGES = ("auth.view_user", "auth.change_user", "auth.delete_user", "auth.view_group", "auth.change_group")


@pytest.fixture
async def eve(make_user, database) -> User:
    """Staff who manage accounts, and were a superuser and in a group."""
    eve = await make_user(username="eve", is_staff=True, is_superuser=True)
    async with database.unit_of_work() as session:
        user, group = await session.get_one(User, eve.id), await grants.create_group(session, "Editors")
        await grants.grant(session, group, ["blog.delete_post"])
        await grants.join_group(session, user, group)
        await grants.grant(session, user, MANAGES)
    async with database.unit_of_work() as session:
        (await session.get_one(User, eve.id)).is_superuser = False
    return eve


async def test_account_managers_cannot_undo_the_revocation_of_their_own_permissions(
    app, eve, back_office_for, database
):
    demoted = await last(database, "auth.user", "change", eve.id)
    async with database.unit_of_work() as session:
        group = (await session.scalars(select(Group))).one()
        await grants.leave_group(session, await session.get_one(User, eve.id), group)
    left = await last(database, "auth.user", key=eve.id)
    assert left.id > demoted.id
    office = await back_office_for(eve)
    for line in (left, demoted):
        refused = await refused_undo(app, office, eve.id, line.id, "auth/user")
        assert "only a superuser may undo changes of accounts and groups" in refused.text
    async with database.unit_of_work(read_only=True) as session:
        assert not (await session.get_one(User, eve.id)).is_superuser


async def test_account_managers_cannot_delete_a_superuser_by_undoing_their_creation(
    app, eve, make_user, back_office_for, database
):
    root = await make_user(username="root", is_superuser=True)
    await refused_undo(
        app, await back_office_for(eve), root.id, (await last(database, "auth.user", "add")).id, "auth/user"
    )
    async with database.unit_of_work(read_only=True) as session:
        assert (await session.get_one(User, root.id)).is_superuser


async def test_an_undo_cannot_switch_off_a_second_factor(app, make_user, back_office_for, database):
    root = await make_user(username="root", is_superuser=True)
    async with database.unit_of_work() as session:
        (await session.get_one(User, root.id)).has_second_factor = True
    line = await last(database, "auth.user", "change")
    async with database.unit_of_work() as session:
        (await session.get_one(User, root.id)).bio = "x"
    other = await back_office_for(await make_user(username="other", is_superuser=True))
    refused = await refused_undo(app, other, root.id, line.id, "auth/user")
    assert "you may not write its Second factor" in refused.text


async def test_a_view_that_forbids_changes_also_forbids_undoing(app, make_user, back_office_for, database, monkeypatch):
    staff = await make_user(username="staff", is_staff=True)
    async with database.unit_of_work() as session:
        post = Post(title="First", content="C", author_id=staff.id)
        session.add(post)
        await grants.grant(session, await session.get_one(User, staff.id), ["blog.view_post", "blog.change_post"])
    async with database.unit_of_work() as session:
        (await session.get_one(Post, post.id)).title = "Second"
    line = await last(database, "blog.post", "change")
    office = await back_office_for(staff)
    with monkeypatch.context() as patched:
        patched.setattr(
            PostAdmin, "has_change_permission", lambda self, request, obj=None: user_of(request).is_superuser
        )
        await refused_undo(app, office, post.id, line.id)
    assert (await undo(app, office, post.id, line.id)).status_code == 303


async def test_a_refused_undo_names_no_object_that_the_user_may_not_view(app, make_user, back_office_for, database):
    clerk, stranger = await make_user(username="clerk", is_staff=True), await make_user(username="stranger")
    async with database.unit_of_work() as session:
        await grants.grant(session, await session.get_one(User, clerk.id), ["blog.view_post", "blog.delete_post"])
        post = Post(title="Alone", content="C", author_id=clerk.id, is_published=True)
        session.add(post)
    added = await last(database, "blog.post", "add")
    async with database.unit_of_work() as session:
        spam = {"content": "spam of somebody", "status": CommentStatus.PENDING}
        session.add(Comment(post_id=post.id, author_id=stranger.id, **spam))
    refused = await refused_undo(app, await back_office_for(clerk), post.id, added.id)
    assert "Post “Alone” would be deleted, and an object of Comment refers to it" in refused.text
    assert "spam of somebody" not in refused.text
