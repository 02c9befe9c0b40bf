"""What the importer remembers."""

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from dovetail.database.models import Base


class WordpressItem(Base):
    """Which post an item of an export became, so that a second import finds it whatever was edited since."""

    __tablename__ = "blog_wordpress_item"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)  # SHA-256 of its guid and number
    post_id: Mapped[int] = mapped_column(ForeignKey("blog_post.id", ondelete="CASCADE"), index=True)
