"""Decide who may see and change posts and tags: every query starts here, so that no draft is shown by mistake."""

from sqlalchemy import ColumnElement, or_, true
from typing_extensions import override

from dovetail.contrib.auth.access import UserPolicy
from dovetail.contrib.auth.models import User
from dovetail.errors import PermissionDeniedError
from plugins.blog.models import Post, Tag
from plugins.blog.schemas import PostCreate

VIEW_POST, CHANGE_POST, DELETE_POST = (f"blog.{verb}_post" for verb in ("view", "change", "delete"))


class PostPolicy(UserPolicy[Post, PostCreate]):
    """Published posts for all, and one's own; drafts and what is others' for whoever has the permission."""

    remembers_anonymous = True
    remembers_viewers = True

    @override
    def rows(self, viewer: User | None) -> ColumnElement[bool]:
        """Return the condition on the posts that `viewer` may know of."""
        if viewer is None:
            return Post.is_published.is_(True)
        return true() if sees_drafts(viewer) else or_(Post.is_published.is_(True), Post.author_id == viewer.id)

    @override
    def may_create(self, viewer: User, data: PostCreate) -> None:
        """Let every user write; in another's name those who may change what others wrote."""
        if data.author_id not in (None, viewer.id) and not viewer.has_perm(CHANGE_POST):
            raise PermissionDeniedError(
                f"To write in another author's name takes the permission {CHANGE_POST}; leave author_id out."
            )

    @override
    def may_update(self, viewer: User, item: Post, changes: frozenset[str] = frozenset()) -> None:
        """Let its author, and whoever may change posts."""
        if not (item.author_id == viewer.id or viewer.has_perm(CHANGE_POST)):
            raise PermissionDeniedError(f"To change what others wrote takes the permission {CHANGE_POST}.")

    @override
    def may_delete(self, viewer: User, item: Post) -> None:
        """Let its author, and whoever may delete posts."""
        if not (item.author_id == viewer.id or viewer.has_perm(DELETE_POST)):
            raise PermissionDeniedError(f"To delete what others wrote takes the permission {DELETE_POST}.")


class TagPolicy(UserPolicy[Tag]):
    """Shows all tags but those that only hidden drafts carry: they would tell what the drafts are about."""

    remembers_anonymous = True
    remembers_viewers = True

    @override
    def rows(self, viewer: User | None) -> ColumnElement[bool]:
        """Return the condition on the tags that `viewer` may know of."""
        if viewer is not None and sees_drafts(viewer):
            return true()
        return or_(Tag.posts.any(POSTS.rows(viewer)), ~Tag.posts.any())


def sees_drafts(viewer: User) -> bool:
    """Return True for somebody who may see what others have not published."""
    return viewer.has_perm(VIEW_POST) or viewer.has_perm(CHANGE_POST)


POSTS = PostPolicy()
TAGS = TagPolicy()
