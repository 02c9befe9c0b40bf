"""Comments on posts, with one level of replies, each read by a moderator first."""

from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dovetail.contrib.auth.models import User
from dovetail.database.models import Base, IdMixin, TimestampMixin, full_text
from dovetail.plugin import shorten
from plugins.blog.models import Post

LONGEST_TITLE = 60  # characters, by which a comment is called in the back office
LONGEST_BEGINNING = 200  # that are read for it, since a comment may be of blanks mostly


class CommentStatus(StrEnum):
    """The state of a comment with the moderators."""

    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"


class Comment(IdMixin, TimestampMixin, Base):
    """A comment of a user on a post, or a reply to another comment on it."""

    __tablename__ = "comments_comment"

    content: Mapped[str] = mapped_column(Text)
    status: Mapped[CommentStatus] = mapped_column(
        default=CommentStatus.PENDING, server_default=CommentStatus.PENDING.value
    )
    post_id: Mapped[int] = mapped_column(ForeignKey("blog_post.id", ondelete="CASCADE"))
    author_id: Mapped[int] = mapped_column(ForeignKey("auth_user.id", ondelete="CASCADE"), index=True)
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("comments_comment.id", ondelete="CASCADE"))

    post: Mapped[Post] = relationship(lazy="raise")
    author: Mapped[User] = relationship(lazy="raise")
    # Functions, not names: SQLAlchemy looks up names in all plugins, and another may have a Comment too.
    parent: Mapped["Comment | None"] = relationship(
        lambda: Comment, remote_side=lambda: Comment.id, back_populates="replies", lazy="raise"
    )
    replies: Mapped[list["Comment"]] = relationship(
        lambda: Comment,
        back_populates="parent",
        cascade="all, delete-orphan",
        order_by=lambda: (Comment.created_at, Comment.id),
        passive_deletes=True,
        lazy="raise",
    )

    def __str__(self) -> str:
        return shorten(" ".join(shorten(self.content, LONGEST_BEGINNING).split()), LONGEST_TITLE)


Index("ix_comments_comment_post_id_status", Comment.post_id, Comment.status)
Index("ix_comments_comment_post_id_created_at_id", Comment.post_id, Comment.created_at, Comment.id)
Index("ix_comments_comment_created_at", Comment.created_at)
# For the replies to a comment. Without the second column SQLite would read all comments by the index of their time, and
# with those that are no replies, where most are none, it would take the index for useless and read all comments anyway.
IS_REPLY = Comment.parent_id.is_not(None)
Index(
    "ix_comments_comment_replies",
    Comment.parent_id,
    Comment.created_at,
    sqlite_where=IS_REPLY,
    postgresql_where=IS_REPLY,
)
Index("ix_comments_comment_status_created_at", Comment.status, Comment.created_at)
COMMENT_TEXT = full_text(Comment, "content")


class WordpressComment(Base):
    """A remark of a WordPress export and the comment it became; a second import finds it whatever was edited since."""

    __tablename__ = "comments_wordpress_comment"
    __history__ = False

    post_id: Mapped[int] = mapped_column(ForeignKey("blog_post.id", ondelete="CASCADE"), primary_key=True)
    key: Mapped[str] = mapped_column(String(64), primary_key=True)  # its number in the old site
    comment_id: Mapped[int] = mapped_column(ForeignKey("comments_comment.id", ondelete="CASCADE"), index=True)
