"""Decide who may see and change comments."""

from collections.abc import Mapping

from sqlalchemy import ColumnElement, and_, false, or_, true
from typing_extensions import override

from dovetail.contrib.auth.access import UserPolicy
from dovetail.contrib.auth.models import User
from dovetail.errors import PermissionDeniedError
from plugins.blog.policies import POSTS
from plugins.comments.models import Comment, CommentStatus

VIEW, CHANGE, DELETE, MODERATE = (f"comments.{verb}_comment" for verb in ("view", "change", "delete", "moderate"))


class CommentPolicy(UserPolicy[Comment]):
    """Approved comments for all, one's own besides, all for moderators; a reply is hidden with the comment it answers.

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
        if viewer is not None and sees_all(viewer):
            return true()
        approved = Comment.status == CommentStatus.APPROVED
        parent_approved = or_(Comment.parent_id.is_(None), Comment.parent.has(approved))
        return or_(and_(approved, parent_approved), _written_by(viewer))

    @override
    def related(self, viewer: User | None) -> Mapping[str, ColumnElement[bool]]:
        """Return the conditions on replies below a comment that is seen already: its parent is not asked about."""
        if viewer is not None and sees_all(viewer):
            return {}
        return {"replies": or_(Comment.status == CommentStatus.APPROVED, _written_by(viewer))}

    @override
    def may_update(self, viewer: User, item: Comment, changes: frozenset[str] = frozenset()) -> None:
        """Let its author, and whoever may change comments; moderators alone decide its status."""
        if not (item.author_id == viewer.id or viewer.has_perm(CHANGE) or changes == {"status"}):
            raise PermissionDeniedError(f"To change what others wrote takes the permission {CHANGE}.")
        if "status" in changes and not viewer.has_perm(MODERATE):
            raise PermissionDeniedError(f"To moderate comments takes the permission {MODERATE}; leave status out.")

    @override
    def may_delete(self, viewer: User, item: Comment) -> None:
        """Let its author, and whoever may delete comments."""
        if not (item.author_id == viewer.id or viewer.has_perm(DELETE)):
            raise PermissionDeniedError(f"To delete what others wrote takes the permission {DELETE}.")


def sees_all(viewer: User) -> bool:
    """Return True for somebody who may see comments that are not approved."""
    return any(map(viewer.has_perm, (VIEW, CHANGE, MODERATE)))


COMMENTS = CommentPolicy()


def _written_by(viewer: User | None) -> ColumnElement[bool]:
    return false() if viewer is None else Comment.author_id == viewer.id
