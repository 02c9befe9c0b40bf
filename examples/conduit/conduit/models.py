"""The tables of Conduit: a profile for each account, articles with tags, comments, favorites, and who follows whom."""

from sqlalchemy import Column, ForeignKey, Index, String, Table, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dovetail.contrib.auth.models import User
from dovetail.database.models import Base, IdMixin, TimestampMixin


def pairs(name: str, own: str, other: str, target: str) -> Table:
    """Return a table of links between profiles and something else."""
    profile = ForeignKey("conduit_profile.user_id", ondelete="CASCADE")
    return Table(
        f"conduit_{name}",
        Base.metadata,
        Column(own, profile, primary_key=True),
        Column(other, ForeignKey(target, ondelete="CASCADE"), primary_key=True, index=True),
    )


follows = pairs("follow", "follower_id", "followed_id", "conduit_profile.user_id")
favorites = pairs("favorite", "profile_id", "article_id", "conduit_article.id")
article_tags = Table(
    "conduit_article_tag",
    Base.metadata,
    Column("article_id", ForeignKey("conduit_article.id", ondelete="CASCADE"), primary_key=True),
    Column("tag_id", ForeignKey("conduit_tag.id", ondelete="CASCADE"), primary_key=True, index=True),
)


class Profile(Base):
    """An account as readers see it."""

    __tablename__ = "conduit_profile"

    user_id: Mapped[int] = mapped_column(ForeignKey("auth_user.id", ondelete="CASCADE"), primary_key=True)
    bio: Mapped[str | None] = mapped_column(Text)
    image: Mapped[str | None] = mapped_column(String(2000))

    user: Mapped[User] = relationship()


class Tag(IdMixin, Base):
    """A word that articles carry."""

    __tablename__ = "conduit_tag"

    name: Mapped[str] = mapped_column(String(100), unique=True)


class Article(IdMixin, TimestampMixin, Base):
    """A text of an author."""

    __tablename__ = "conduit_article"
    __table_args__ = (Index("ix_conduit_article_newest", "created_at", "id"),)

    slug: Mapped[str] = mapped_column(String(230), unique=True)
    title: Mapped[str] = mapped_column(String(200))
    description: Mapped[str] = mapped_column(Text)
    body: Mapped[str] = mapped_column(Text)
    author_id: Mapped[int] = mapped_column(ForeignKey("conduit_profile.user_id", ondelete="CASCADE"), index=True)

    author: Mapped[Profile] = relationship()
    tags: Mapped[list[Tag]] = relationship(secondary=article_tags, order_by=Tag.name, passive_deletes=True)
    favorited_by: Mapped[list[Profile]] = relationship(secondary=favorites, passive_deletes=True)


class Comment(IdMixin, TimestampMixin, Base):
    """What somebody says of an article."""

    __tablename__ = "conduit_comment"

    body: Mapped[str] = mapped_column(Text)
    article_id: Mapped[int] = mapped_column(ForeignKey("conduit_article.id", ondelete="CASCADE"), index=True)
    author_id: Mapped[int] = mapped_column(ForeignKey("conduit_profile.user_id", ondelete="CASCADE"), index=True)

    author: Mapped[Profile] = relationship()
