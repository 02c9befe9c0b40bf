"""Decide who may see and change posts and tags: every query starts here, so that no draft is shown by mistake."""

from sqlalchemy import ColumnElement, or_, true
from typing_extensions import override

from dovetail.contrib.auth.access import UserPolicy
from dovetail.contrib.auth.models import User
from dovetail.errors import PermissionDeniedError
from plugins.blog.models import Post, Tag
from plugins.blog.schemas import PostCreate


class PostPolicy(UserPolicy[Post, PostCreate]):
    """Published posts for all; drafts for their author and for staff. Authors change their own, staff change all."""

    remembers_anonymous = True
    remembers_viewers = True

    @override
    def rows(self, viewer: User | None) -> ColumnElement[bool]:
        """Return the condition on the posts that `viewer` may know of."""
        if viewer is None:
            return Post.is_published.is_(True)
        return true() if viewer.is_staff else or_(Post.is_published.is_(True), Post.author_id == viewer.id)

    @override
    def may_create(self, viewer: User, data: PostCreate) -> None:
        """Let every user write; staff in another's name too."""
        if data.author_id not in (None, viewer.id) and not viewer.is_staff:
            raise PermissionDeniedError("Only staff may write a post in another author's name; leave author_id out.")

    @override
    def may_update(self, viewer: User, item: Post, changes: frozenset[str] = frozenset()) -> None:
        """Its author and staff may."""
        if not (viewer.is_staff or item.author_id == viewer.id):
            raise PermissionDeniedError("Only its author and staff may change a post.")

    @override
    def may_delete(self, viewer: User, item: Post) -> None:
        """Its author and staff may."""
        self.may_update(viewer, item)


class TagPolicy(UserPolicy[Tag]):
    """Shows all tags but those that only hidden drafts carry: they would tell what the drafts are about."""

    remembers_anonymous = True
    remembers_viewers = True

    @override
    def rows(self, viewer: User | None) -> ColumnElement[bool]:
        """Return the condition on the tags that `viewer` may know of."""
        if viewer is not None and viewer.is_staff:
            return true()
        return or_(Tag.posts.any(POSTS.rows(viewer)), ~Tag.posts.any())


POSTS = PostPolicy()
TAGS = TagPolicy()
