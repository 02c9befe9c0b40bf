"""Who may do what: everybody reads, authors change what is theirs."""

from collections.abc import Mapping

from sqlalchemy import ColumnElement, false, true
from typing_extensions import override

from conduit.models import Article, Comment, Profile, Tag
from dovetail.contrib.auth.access import UserPolicy
from dovetail.contrib.auth.models import User


class Shown(UserPolicy[Profile | Tag | Article | Comment]):
    """Everybody reads all rows, with whatever is nested there; nobody changes any."""

    remembers_anonymous = True
    remembers_viewers = True

    @override
    def where(self, viewer: User | None, action: str) -> ColumnElement[bool]:
        """Return the condition on the rows to which `viewer` may do `action`."""
        return true() if action == "view" else false()

    @override
    def related(self, viewer: User | None) -> Mapping[str, ColumnElement[bool]]:
        """Show usernames, which the accounts themselves would not."""
        return {"user": true(), "author.user": true(), "favorited_by.user": true()}


class OwnArticles(Shown):
    """Authors write and change articles of their own."""

    @override
    def where(self, viewer: User | None, action: str) -> ColumnElement[bool]:
        """Return the condition on the articles to which `viewer` may do `action`."""
        if action in {"add", "change", "delete"} and viewer is not None:
            return Article.author_id == viewer.id
        return super().where(viewer, action)


class OwnComments(Shown):
    """Authors write and delete comments of their own."""

    @override
    def where(self, viewer: User | None, action: str) -> ColumnElement[bool]:
        """Return the condition on the comments to which `viewer` may do `action`."""
        if action in {"add", "delete"} and viewer is not None:
            return Comment.author_id == viewer.id
        return super().where(viewer, action)


PROFILES, TAGS, ARTICLES, COMMENTS = Shown(), Shown(), OwnArticles(), OwnComments()
