"""Decide who may see and change posts and tags. Every query uses these policies, so no draft is shown by accident."""

from collections.abc import Mapping

from sqlalchemy import ColumnElement, false, or_, true
from typing_extensions import override

from dovetail.contrib.auth.access import UserPolicy
from dovetail.contrib.auth.models import User
from dovetail.plugin import gettext
from plugins.blog.models import Post, Tag
from plugins.blog.schemas import PostCreate

VIEW_POST, CHANGE_POST, DELETE_POST = (f"blog.{verb}_post" for verb in ("view", "change", "delete"))


class PostPolicy(UserPolicy[Post, PostCreate]):
    """Everybody sees published posts; authors see and change their own; for other posts, permissions are needed."""

    remembers_anonymous = True
    remembers_viewers = True

    @override
    def where(self, viewer: User | None, action: str) -> ColumnElement[bool]:
        """Return the condition on the posts on which `viewer` may perform `action`."""
        if viewer is None:
            return Post.is_published.is_(True) if action == "view" else false()
        mine = Post.author_id == viewer.id
        if action == "view":
            return true() if sees_drafts(viewer) else or_(Post.is_published.is_(True), mine)
        if action in {"add", "change"}:  # adding a post in the name of another author requires the change permission
            return true() if viewer.has_perm(CHANGE_POST) else mine
        if action == "delete":
            return true() if viewer.has_perm(DELETE_POST) else mine
        return false()

    @override
    def explain(self, viewer: User | None, action: str) -> str:
        """Return a sentence that names the required permission."""
        if action == "add":
            message = gettext(
                "To write in another author's name takes the permission %(permission)s; leave author_id out."
            )
        elif action == "delete":
            message = gettext("To delete what others wrote takes the permission %(permission)s.")
        else:
            message = gettext("To change what others wrote takes the permission %(permission)s.")
        return message % {"permission": DELETE_POST if action == "delete" else CHANGE_POST}

    @override
    def related(self, viewer: User | None) -> Mapping[str, ColumnElement[bool]]:
        """Return conditions that show the author and tags of every visible post."""
        return {"author": true(), "tags": true()}


class TagPolicy(UserPolicy[Tag]):
    """Shows the tags of visible posts: other tags could reveal the subjects of hidden drafts.

    Tags without posts are hidden as well, since they could not be distinguished from tags of drafts. Staff who may add
    or change tags see all. Users create tags by writing posts; changing or deleting a tag requires the permission.
    """

    remembers_anonymous = True
    remembers_viewers = True

    @override
    def where(self, viewer: User | None, action: str) -> ColumnElement[bool]:
        """Return the condition on the tags on which `viewer` may perform `action`."""
        if action != "view":
            is_permitted = viewer is not None and viewer.is_staff and viewer.has_perm(f"blog.{action}_tag")
            return true() if is_permitted else false()
        if viewer is not None and (sees_drafts(viewer) or keeps_tags(viewer)):
            return true()
        return Tag.posts.any(POSTS.where(viewer, "view"))


def sees_drafts(viewer: User) -> bool:
    """Return whether a user may see the drafts of others."""
    return viewer.has_perm(VIEW_POST) or viewer.has_perm(CHANGE_POST)


def keeps_tags(viewer: User) -> bool:
    """Return whether a user is staff and may add or change tags."""
    return viewer.is_staff and any(viewer.has_perm(f"blog.{verb}_tag") for verb in ("add", "change"))


POSTS = PostPolicy()
TAGS = TagPolicy()
