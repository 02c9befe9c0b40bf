"""The table of users who have an object open."""

from datetime import UTC, datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from dovetail.database.models import Base


class Presence(Base):
    """A user who has the page or the form of an object open: as long as its window says so, and a minute longer."""

    __tablename__ = "admin_presence"
    __history__ = False

    kind: Mapped[str] = mapped_column(String(200), primary_key=True)  # of the object: the name of its table
    object_key: Mapped[str] = mapped_column(String(500), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("auth_user.id", ondelete="CASCADE"), primary_key=True, index=True)
    is_editing: Mapped[bool]
    since: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)


EXPIRED = ("presence", Presence, lambda _context: Presence.expires_at <= datetime.now(UTC))  # for `purge-expired`
