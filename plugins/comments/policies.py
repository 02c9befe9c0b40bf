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
    """Everybody sees approved comments, users also their own, moderators all; a reply is hidden with its comment.

    Comments on a hidden draft are hidden too. "moderate" is the action of setting the status, with its own permission.
    """

    remembers_anonymous = True
    remembers_viewers = True

    @override
    def where(self, viewer: User | None, action: str) -> ColumnElement[bool]:
        """Return the condition on the comments to which `viewer` may do `action`."""
        if action == "view":
            return and_(self.of_post(viewer), _on_posts_of(viewer))
        if viewer is None:
            return false()
        if action == "moderate":
            return true() if viewer.has_perm(MODERATE) else false()
        if action == "add":  # adding a comment in another's name takes the permission to change comments
            by = true() if viewer.has_perm(CHANGE) else _written_by(viewer)
            return and_(by, _on_posts_of(viewer))
        permission = {"change": CHANGE, "delete": DELETE}.get(action)
        if permission is None:
            return false()
        return true() if viewer.has_perm(permission) else _written_by(viewer)

    @override
    def explain(self, viewer: User | None, action: str) -> str:
        """Return the sentence that names the permission."""
        if action == "moderate":
            told = gettext("To moderate comments takes the permission %(permission)s; leave status out.")
        elif action == "delete":
            told = gettext("To delete what others wrote takes the permission %(permission)s.")
        else:
            told = gettext("To change what others wrote takes the permission %(permission)s.")
        return told % {"permission": {"moderate": MODERATE, "delete": DELETE}.get(action, CHANGE)}

    def of_post(self, viewer: User | None) -> ColumnElement[bool]:
        """Return the condition on the comments that `viewer` may read on a post they may read."""
        if viewer is not None and sees_all(viewer):
            return true()
        approved = Comment.status == CommentStatus.APPROVED
        parent_approved = or_(Comment.parent_id.is_(None), Comment.parent.has(approved))
        return or_(and_(approved, parent_approved), _written_by(viewer))

    @override
    def related(self, viewer: User | None) -> Mapping[str, ColumnElement[bool]]:
        """Return the conditions on replies below a comment that is seen already: its parent is not asked about.

        The author of whatever comment is shown is shown.
        """
        sees = viewer is not None and sees_all(viewer)
        replies = true() if sees else or_(Comment.status == CommentStatus.APPROVED, _written_by(viewer))
        return {"author": true(), "post": true(), "replies": replies, "replies.author": true()}

    @override
    def read_only(self, viewer: User | None) -> frozenset[str]:
        """Return the status, for all but moderators."""
        return frozenset() if viewer is not None and viewer.has_perm(MODERATE) else frozenset({"status"})


def sees_all(viewer: User) -> bool:
    """Return True for somebody who may see comments that are not approved."""
    return any(map(viewer.has_perm, (VIEW, CHANGE, MODERATE)))


COMMENTS = CommentPolicy()


def _on_posts_of(viewer: User | None) -> ColumnElement[bool]:
    """Return the condition on the comments on posts that `viewer` may see; no post is looked at for who sees all."""
    seen = POSTS.where(viewer, "view")
    return true() if seen.compare(true()) else Comment.post.has(seen)


def _written_by(viewer: User | None) -> ColumnElement[bool]:
    return false() if viewer is None else Comment.author_id == viewer.id
