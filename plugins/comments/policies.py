"""Decide who may see and change comments."""

from collections.abc import Mapping

from sqlalchemy import ColumnElement, and_, false, or_, true
from typing_extensions import override

from dovetail.contrib.auth.access import UserPolicy
from dovetail.contrib.auth.models import User
from dovetail.plugin import gettext
from plugins.blog.policies import POSTS
from plugins.comments.models import Comment, CommentStatus

VIEW, CHANGE, DELETE, MODERATE = (f"comments.{verb}_comment" for verb in ("view", "change", "delete", "moderate"))


class CommentPolicy(UserPolicy[Comment]):
    """Everybody sees approved comments, users also their own, and moderators all; replies are hidden with their parent.

    Comments on a hidden draft are hidden as well. The action "moderate", setting the status, has its own permission.
    """

    remembers_anonymous = True
    remembers_viewers = True

    @override
    def where(self, viewer: User | None, action: str) -> ColumnElement[bool]:
        """Return the condition on the comments on which `viewer` may perform `action`."""
        if action == "view":
            return and_(self.of_post(viewer), _on_posts_of(viewer))
        if viewer is None:
            return false()
        if action == "moderate":
            return true() if viewer.has_perm(MODERATE) else false()
        if action == "add":  # adding a comment in the name of another user requires the change permission
            by = true() if viewer.has_perm(CHANGE) else _written_by(viewer)
            return and_(by, _on_posts_of(viewer))
        permission = {"change": CHANGE, "delete": DELETE}.get(action)
        if permission is None:
            return false()
        return true() if viewer.has_perm(permission) else _written_by(viewer)

    @override
    def explain(self, viewer: User | None, action: str) -> str:
        """Return a sentence that names the required permission."""
        if action == "moderate":
            message = gettext("To moderate comments takes the permission %(permission)s; leave status out.")
        elif action == "delete":
            message = gettext("To delete what others wrote takes the permission %(permission)s.")
        else:
            message = gettext("To change what others wrote takes the permission %(permission)s.")
        return message % {"permission": {"moderate": MODERATE, "delete": DELETE}.get(action, CHANGE)}

    def of_post(self, viewer: User | None) -> ColumnElement[bool]:
        """Return the condition on the comments that `viewer` may read, given that they may read the post."""
        if viewer is not None and sees_all(viewer):
            return true()
        approved = Comment.status == CommentStatus.APPROVED
        parent_approved = or_(Comment.parent_id.is_(None), Comment.parent.has(approved))
        return or_(and_(approved, parent_approved), _written_by(viewer))

    @override
    def related(self, viewer: User | None) -> Mapping[str, ColumnElement[bool]]:
        """Return the conditions on replies to a visible comment, whose parent need not be checked again.

        The author of every visible comment is visible.
        """
        sees = viewer is not None and sees_all(viewer)
        replies = true() if sees else or_(Comment.status == CommentStatus.APPROVED, _written_by(viewer))
        return {"author": true(), "post": true(), "replies": replies, "replies.author": true()}

    @override
    def read_only(self, viewer: User | None) -> frozenset[str]:
        """Return the status field, except for moderators."""
        return frozenset() if viewer is not None and viewer.has_perm(MODERATE) else frozenset({"status"})


def sees_all(viewer: User) -> bool:
    """Return whether a user may see comments that are not approved."""
    return any(map(viewer.has_perm, (VIEW, CHANGE, MODERATE)))


COMMENTS = CommentPolicy()


def _on_posts_of(viewer: User | None) -> ColumnElement[bool]:
    """Return the condition on comments on visible posts; it does not join posts for users who may see all of them."""
    seen = POSTS.where(viewer, "view")
    return true() if seen.compare(true()) else Comment.post.has(seen)


def _written_by(viewer: User | None) -> ColumnElement[bool]:
    return false() if viewer is None else Comment.author_id == viewer.id
