"""What readers see of rows that depends on who they are, in SQL."""

from sqlalchemy import ColumnElement, false, func, select

from conduit.models import Article, Profile, favorites, follows
from dovetail.contrib.auth.models import User


def following(viewer: User | None) -> ColumnElement[bool]:
    """Return whether the viewer follows a profile."""
    if viewer is None:
        return false()
    is_theirs = follows.c.follower_id == viewer.id
    return select(follows).where(is_theirs, follows.c.followed_id == Profile.user_id).exists()


def favorited(viewer: User | None) -> ColumnElement[bool]:
    """Return whether an article is a favorite of the viewer."""
    if viewer is None:
        return false()
    is_theirs = favorites.c.profile_id == viewer.id
    return select(favorites).where(is_theirs, favorites.c.article_id == Article.id).exists()


def favorites_count(viewer: User | None) -> ColumnElement[int]:
    """Return whose favorite an article is: how many there are."""
    return select(func.count()).where(favorites.c.article_id == Article.id).scalar_subquery()
