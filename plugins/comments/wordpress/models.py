"""What the importer remembers."""

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from dovetail.database.models import Base


class WordpressComment(Base):
    """Which comment a remark of an export became, so that a second import finds it whatever was edited since."""

    __tablename__ = "comments_wordpress_comment"

    post_id: Mapped[int] = mapped_column(ForeignKey("blog_post.id", ondelete="CASCADE"), primary_key=True)
    key: Mapped[str] = mapped_column(String(64), primary_key=True)  # its number in the old site
    comment_id: Mapped[int] = mapped_column(ForeignKey("comments_comment.id", ondelete="CASCADE"), index=True)
