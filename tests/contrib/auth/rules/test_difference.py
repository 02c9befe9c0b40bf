"""Two versions of the rules are compared: which rows and fields each kind of viewer gained or lost."""

from dataclasses import dataclass, field

import pytest
from sqlalchemy import ColumnElement, false, or_, true

from dovetail.contrib.auth.access import UserPolicy
from dovetail.contrib.auth.models import User
from dovetail.contrib.auth.rules.difference import differences, roles_of
from dovetail.contrib.auth.rules.model_policies import ModelPolicy
from dovetail.contrib.auth.rules.snapshot import Snapshot, take_snapshot
from plugins.blog.models import Post

PUBLISHED = Post.is_published.is_(True)


@dataclass
class Policy(UserPolicy[Post]):
    """A policy whose parts the tests change one by one."""

    unknown: ColumnElement[bool] = field(default_factory=lambda: PUBLISHED)
    own: bool = True
    permission: str = "blog.view_post"
    secret: frozenset[str] = frozenset()

    def where(self, viewer: User | None, action: str) -> ColumnElement[bool]:
        if action != "view":
            return false()
        if viewer is None:
            return self.unknown
        if viewer.has_perm(self.permission):
            return true()
        return or_(PUBLISHED, Post.author_id == viewer.id) if self.own else PUBLISHED

    def hidden(self, viewer: User | None) -> frozenset[str]:
        return self.secret if viewer is None or not viewer.is_staff else frozenset()


def snapshot(policy: Policy) -> Snapshot:
    return take_snapshot([ModelPolicy("blog", Post, policy)])


def told(after: Policy, before: Policy | None = None) -> list[str]:
    old, new = snapshot(before or Policy()), snapshot(after)
    groups = {"editors": ["blog.view_post"]}
    return [str(one).partition("\n")[0] for one in differences(old, new, roles_of(old, new, groups=groups))]


def test_equal_rules_have_no_differences() -> None:
    assert told(Policy()) == []


@pytest.mark.parametrize(
    ("after", "lines"),
    [
        (Policy(unknown=true()), ["blog.post: view: somebody unknown gained"]),
        (Policy(unknown=false()), ["blog.post: view: somebody unknown lost"]),
        (Policy(unknown=Post.view_count > 3), ["blog.post: view: somebody unknown changed"]),
        (
            Policy(permission="blog.read_drafts"),
            [
                "blog.post: view: a user with blog.read_drafts gained",
                "blog.post: view: a user with blog.view_post lost",
                "blog.post: view: the group editors lost",
            ],
        ),
        (
            Policy(own=False),
            ["blog.post: view: a user changed", "blog.post: view: a user with is_staff changed"],
        ),
        (
            Policy(secret=frozenset({"content"})),
            [
                "blog.post: fields not to be read: somebody unknown lost",
                "blog.post: fields not to be read: a user lost",
                "blog.post: fields not to be read: a user with blog.view_post lost",
                "blog.post: fields not to be read: the group editors lost",
            ],
        ),
    ],
)
def test_each_role_is_told_what_it_gained_and_lost(after: Policy, lines: list[str]) -> None:
    assert told(after) == lines


def test_a_rule_is_shown_as_it_was_and_as_it_is() -> None:
    old, new = snapshot(Policy()), snapshot(Policy(own=False))
    first = next(iter(differences(old, new, roles_of(old, new))))
    assert str(first).splitlines() == [
        "blog.post: view: a user changed",
        "  - rows where blog_post.is_published IS true OR blog_post.author_id = viewer.id",
        "  + rows where blog_post.is_published IS true",
    ]


def test_a_model_that_is_new_is_gained_by_those_who_see_rows_of_it() -> None:
    new = snapshot(Policy())
    found = [str(one).partition("\n")[0] for one in differences({}, new, roles_of(new))]
    assert found == [
        "blog.post: view: somebody unknown gained",
        "blog.post: view: a user gained",
        "blog.post: view: a user with blog.view_post gained",
        "blog.post: view: a user with is_staff gained",
        "blog.post: view: a superuser gained",
    ]
