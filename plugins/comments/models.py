"""Comments on posts, with one level of replies. Each has to be approved by a moderator."""

from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dovetail.contrib.auth.models import User
from dovetail.database.models import Base, IdMixin, TimestampMixin, full_text
from dovetail.plugin import shorten
from plugins.blog.models import Post

LONGEST_TITLE = 60  # characters of a comment's title in the back office
LONGEST_BEGINNING = 200  # characters used to build it, since a comment may begin with much white space


class CommentStatus(StrEnum):
    """The state of moderation of a comment."""

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
    # Functions instead of names: SQLAlchemy looks up names in all plugins, and another may have a Comment, too.
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
# For the replies to a comment. Without the second column, SQLite would scan all comments by the index on created_at. If
# the index included comments that are no replies, often the majority, SQLite would not use it at all.
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
    """A WordPress comment with the comment created from it, so that a second import recognizes edited comments."""

    __tablename__ = "comments_wordpress_comment"
    __history__ = False

    post_id: Mapped[int] = mapped_column(ForeignKey("blog_post.id", ondelete="CASCADE"), primary_key=True)
    key: Mapped[str] = mapped_column(String(64), primary_key=True)  # its id in the old site
    comment_id: Mapped[int] = mapped_column(ForeignKey("comments_comment.id", ondelete="CASCADE"), index=True)
