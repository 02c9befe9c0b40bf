"""Posts and their tags."""

from sqlalchemy import Column, ForeignKey, Index, String, Table, Text, false
from sqlalchemy.orm import Mapped, backref, mapped_column, relationship

from dovetail.contrib.auth.models import User
from dovetail.database.models import Base, IdMixin, RandomIdMixin, TimestampMixin, full_text

post_tags = Table(
    "blog_post_tag",
    Base.metadata,
    Column("post_id", ForeignKey("blog_post.id", ondelete="CASCADE"), primary_key=True),
    Column("tag_id", ForeignKey("blog_tag.id", ondelete="CASCADE"), primary_key=True),
    Index("ix_blog_post_tag_tag_id_post_id", "tag_id", "post_id"),
)


class Post(IdMixin, TimestampMixin, Base):
    """A text by an author; a draft until it is published."""

    __tablename__ = "blog_post"

    title: Mapped[str] = mapped_column(String(200))
    content: Mapped[str] = mapped_column(Text)
    is_published: Mapped[bool] = mapped_column(default=False, server_default=false())
    view_count: Mapped[int] = mapped_column(default=0, server_default="0")
    author_id: Mapped[int] = mapped_column(ForeignKey("auth_user.id", ondelete="CASCADE"))

    # Deleting a user deletes their posts. The reverse relation is declared here, since auth does not know the blog.
    author: Mapped[User] = relationship(
        backref=backref("posts", cascade="all, delete-orphan", passive_deletes=True, lazy="raise"), lazy="raise"
    )
    # A function instead of "Tag": SQLAlchemy looks up names in all plugins, and another may have a Tag, too.
    tags: Mapped[list["Tag"]] = relationship(
        lambda: Tag,
        secondary=post_tags,
        back_populates="posts",
        order_by=lambda: Tag.name,
        lazy="raise",
        passive_deletes=True,
    )

    def __str__(self) -> str:
        return self.title


# For the list of published posts, newest first.
Index("ix_blog_post_is_published_created_at_id", Post.is_published, Post.created_at.desc(), Post.id.desc())
# For the posts of an author, newest first, and for deleting a user's posts with the user.
Index("ix_blog_post_author_id_created_at_id", Post.author_id, Post.created_at.desc(), Post.id.desc())
Index("ix_blog_post_created_at", Post.created_at)
Index("ix_blog_post_updated_at", Post.updated_at)
Index("ix_blog_post_title", Post.title)
Index("ix_blog_post_view_count", Post.view_count)
POST_TEXT = full_text(Post, "title", "content")


class Tag(RandomIdMixin, Base):
    """A keyword that posts share.

    Keys are random: from consecutive ones, an author could infer whether a hidden draft already had a tag.
    """

    __tablename__ = "blog_tag"

    name: Mapped[str] = mapped_column(String(50), unique=True)

    posts: Mapped[list[Post]] = relationship(
        secondary=post_tags, back_populates="tags", lazy="raise", passive_deletes=True
    )

    def __str__(self) -> str:
        return self.name


class WordpressItem(Base):
    """An item of a WordPress export with the post created from it, so that a second import recognizes edited posts."""

    __tablename__ = "blog_wordpress_item"
    __history__ = False

    key: Mapped[str] = mapped_column(String(64), primary_key=True)  # SHA-256 of its guid and number
    post_id: Mapped[int] = mapped_column(ForeignKey("blog_post.id", ondelete="CASCADE"), index=True)
