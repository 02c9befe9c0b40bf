"""Decide who may see and change comments."""

from collections.abc import Mapping

from sqlalchemy import ColumnElement, and_, false, or_, true
from typing_extensions import override

from dovetail.contrib.auth.access import UserPolicy
from dovetail.contrib.auth.models import User
from dovetail.errors import PermissionDeniedError
from plugins.blog.policies import POSTS
from plugins.comments.models import Comment, CommentStatus


class CommentPolicy(UserPolicy[Comment]):
    """Approved comments for all, one's own besides, all for staff; a reply is hidden with the comment it answers.

    The comments on a hidden draft are as hidden as the draft.
    """

    remembers_anonymous = True
    remembers_viewers = True

    @override
    def rows(self, viewer: User | None) -> ColumnElement[bool]:
        """Return the condition on the comments that `viewer` may know of."""
        return and_(self.of_post(viewer), Comment.post.has(POSTS.rows(viewer)))

    def of_post(self, viewer: User | None) -> ColumnElement[bool]:
        """Return the condition on the comments that `viewer` may read on a post they may read."""
        if viewer is not None and viewer.is_staff:
            return true()
        approved = Comment.status == CommentStatus.APPROVED
        parent_approved = or_(Comment.parent_id.is_(None), Comment.parent.has(approved))
        return or_(and_(approved, parent_approved), _written_by(viewer))

    @override
    def related(self, viewer: User | None) -> Mapping[str, ColumnElement[bool]]:
        """Return the conditions on replies below a comment that is seen already: its parent is not asked about."""
        if viewer is not None and viewer.is_staff:
            return {}
        return {"replies": or_(Comment.status == CommentStatus.APPROVED, _written_by(viewer))}

    @override
    def may_update(self, viewer: User, item: Comment, changes: frozenset[str] = frozenset()) -> None:
        """Its author and staff may; only staff moderate."""
        if not (viewer.is_staff or item.author_id == viewer.id):
            raise PermissionDeniedError("Only its author and staff may change a comment.")
        if "status" in changes and not viewer.is_staff:
            raise PermissionDeniedError("Only staff moderate comments; leave status out.")

    @override
    def may_delete(self, viewer: User, item: Comment) -> None:
        """Its author and staff may."""
        self.may_update(viewer, item)


COMMENTS = CommentPolicy()


def _written_by(viewer: User | None) -> ColumnElement[bool]:
    return false() if viewer is None else Comment.author_id == viewer.id
