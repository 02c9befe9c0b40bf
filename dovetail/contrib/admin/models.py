"""Declare the table of sessions of the back office."""

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dovetail.contrib.auth.models import User
from dovetail.database.column_types import utcnow
from dovetail.database.models import Base, IdMixin


class AdminSession(IdMixin, Base):
    """A browser that somebody logged in with: deleting the row logs it out.

    Only the SHA-256 of what the browser's cookie holds is kept.
    """

    __tablename__ = "admin_session"

    key_hash: Mapped[str] = mapped_column(String(64), unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("auth_user.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime] = mapped_column(server_default=utcnow())
    expires_at: Mapped[datetime] = mapped_column(index=True)

    user: Mapped[User] = relationship(lazy="raise")
