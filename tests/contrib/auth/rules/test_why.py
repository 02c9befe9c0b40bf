"""Whoever asks why is told what the rule asked, its SQL, and the fewest permissions that would turn the answer."""

from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import ColumnElement, false, or_, true
from sqlalchemy.ext.asyncio import AsyncSession

from dovetail.contrib.auth.access import check_permission
from dovetail.contrib.auth.events.models import SecurityEvent
from dovetail.contrib.auth.models import User
from dovetail.contrib.auth.permissions.grants import grant
from dovetail.contrib.auth.permissions.held import load_permissions
from dovetail.contrib.auth.rules.asking import PermissionQuestion, why
from dovetail.contrib.auth.rules.model_policies import ModelPolicy
from dovetail.contrib.auth.rules.paths import Question
from dovetail.contrib.auth.rules.why import Explanation, RuleQuestion, explain
from dovetail.resources.policies.registered import POLICIES
from dovetail.resources.policy import Policy
from plugins.blog.models import Post
from plugins.blog.policies import POSTS

VIEW, CHANGE, DELETE = (f"blog.{verb}_post" for verb in ("view", "change", "delete"))


def where(viewer: User | None, action: str) -> ColumnElement[bool]:
    if viewer is None:
        return Post.is_published.is_(True) if action == "view" else false()
    if action == "delete":  # takes two at once
        check_permission(viewer, DELETE)
        return true() if viewer.has_perm(CHANGE) else false()
    if viewer.has_perm(CHANGE) or (action == "view" and viewer.has_perm(VIEW)):
        return true()
    own = Post.author_id == viewer.id
    return or_(Post.is_published.is_(True), own) if action == "view" else own


class OnesOwn(Policy[Post, User]):
    """Asks for no permission."""

    def where(self, viewer: User | None, action: str) -> ColumnElement[bool]:
        return false() if viewer is None else Post.author_id == viewer.id


@pytest.fixture
async def ada(make_user: Any, session: AsyncSession) -> User:
    """Has written the draft 1; 2 is another's draft and 3 is published."""
    ada, other = await make_user(), await make_user()
    for key, author, published in ((1, ada, False), (2, other, False), (3, other, True)):
        session.add(Post(id=key, title="t", content="c", author_id=author.id, is_published=published))
    await session.commit()
    found = await session.get_one(User, ada.id)
    await load_permissions(session, found)
    return found


async def ask(session: AsyncSession, user: User | None, action: str, key: int | None = None) -> Explanation:
    return await explain(session, where, RuleQuestion(user, action, Post, None if key is None else Post.id == key))


async def test_a_yes_names_what_was_asked_and_the_condition_of_the_rule(session: AsyncSession, ada: User) -> None:
    found = await ask(session, ada, "change", 1)
    assert (found.is_allowed, found.answers, found.change) == (True, {Question(CHANGE): False}, None)
    assert found.condition == f"blog_post.author_id = {ada.id}"


async def test_a_refusal_names_the_permission_that_would_change_it(session: AsyncSession, ada: User) -> None:
    found = await ask(session, ada, "change", 2)
    assert (found.is_allowed, found.change) == (False, (CHANGE,))


async def test_the_fewest_permissions_are_named_together_where_one_is_not_enough(
    session: AsyncSession, ada: User
) -> None:
    found = await ask(session, ada, "delete", 1)
    assert (found.is_allowed, found.change) == (False, (CHANGE, DELETE))
    assert found.refusal == f"This takes the permission {DELETE}."


async def test_a_yes_by_a_permission_names_it_as_what_would_end_it(session: AsyncSession, ada: User) -> None:
    await grant(session, ada, [CHANGE])
    await load_permissions(session, ada)
    found = await ask(session, ada, "change", 2)
    assert (found.is_allowed, found.change) == (True, (CHANGE,))


async def test_no_grant_helps_an_anonymous_user(session: AsyncSession, ada: User) -> None:
    found = await ask(session, None, "view", 1)
    assert (found.is_allowed, found.change, found.answers) == (False, None, {})
    assert (await ask(session, None, "view", 3)).is_allowed


async def test_without_a_row_the_rows_are_counted(session: AsyncSession, ada: User) -> None:
    assert (await ask(session, ada, "view")).rows == 2
    assert (await ask(session, None, "view")).rows == 1


async def test_a_rule_that_asks_for_no_permission_is_told_to_bind_superusers_too(
    session: AsyncSession, make_user: Any, ada: User
) -> None:
    assert not (await ask(session, ada, "change")).binds_superuser
    await session.rollback()
    root = await make_user(is_superuser=True)
    lines = await why(session, PermissionQuestion(root, "change", ModelPolicy("blog", Post, OnesOwn()), ("1",)))
    assert "A superuser has every permission, but to this rule that is not enough: it binds superusers too." in lines
    lines = await why(session, PermissionQuestion(root, "change", ModelPolicy("blog", Post, POSTS), ("1",)))
    assert not any("binds" in line for line in lines)
    assert not (await ask(session, root, "change")).binds_superuser


class FieldByField(OnesOwn):
    """Lets each write what they alone may write: an author the title."""

    def read_only(self, viewer: User | None) -> frozenset[str]:
        return frozenset({"title"}) if viewer is None else frozenset({"slug"})


async def test_a_deactivated_account_is_reported_first_and_fields_are_those_of_the_user(
    session: AsyncSession, ada: User
) -> None:
    model_policy = ModelPolicy("blog", Post, FieldByField())
    ada.is_active = False
    off = f"{ada.username} is deactivated: nobody is let in by that name, whatever the rules say."
    may = await why(session, PermissionQuestion(ada, "change", model_policy, ("1",)))
    assert may[0] == off
    assert "Fields that may not be written: slug" in may
    may_not = await why(session, PermissionQuestion(ada, "change", model_policy, ("2",)))
    assert may_not[:2] == [off, "To them it is not there at all:"]


async def test_the_back_office_is_said_to_show_what_is_internal_to_superusers_only(
    app: FastAPI, session: AsyncSession, ada: User
) -> None:
    model_policy = ModelPolicy("auth", SecurityEvent, POLICIES.get(app).of(SecurityEvent))
    assert (await why(session, PermissionQuestion(ada, "view", model_policy)))[-1] == (
        "The back office shows auth.securityevent to superusers only: it is internal, and has no permissions."
    )


async def test_a_superuser_is_told_that_no_permission_matters(session: AsyncSession, make_user: Any, ada: User) -> None:
    await session.rollback()  # whoever writes on SQLite waits for whoever has begun to
    root = await make_user(is_superuser=True)
    found = await ask(session, root, "delete", 1)
    assert (found.is_allowed, found.change) == (True, None)
