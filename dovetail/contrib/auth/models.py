"""Users, and the tokens with which they prove who they are."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String, Text, false, func, true
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dovetail.database.column_types import utcnow
from dovetail.database.models import Base, IdMixin, TimestampMixin

# How long the texts of users may be, in characters, in columns, in the API and in the back office.
MAXIMUM_USERNAME = 150
MAXIMUM_EMAIL = 320
MAXIMUM_LOGIN = MAXIMUM_EMAIL  # a username or an address
MAXIMUM_FULL_NAME = 200
MAXIMUM_BIO = 10_000
UNUSABLE_PASSWORD = "!"  # noqa: S105 - as a `hashed_password` it matches no password


class User(IdMixin, TimestampMixin, Base):
    """Somebody with an account. Names and addresses are unique whatever their case."""

    __tablename__ = "auth_user"

    username: Mapped[str] = mapped_column(String(MAXIMUM_USERNAME))
    email: Mapped[str] = mapped_column(String(MAXIMUM_EMAIL))
    hashed_password: Mapped[str] = mapped_column(String(1024))
    full_name: Mapped[str] = mapped_column(String(MAXIMUM_FULL_NAME), default="", server_default="")
    bio: Mapped[str] = mapped_column(Text, default="", server_default="")
    is_active: Mapped[bool] = mapped_column(default=True, server_default=true())
    is_verified: Mapped[bool] = mapped_column(default=False, server_default=false())
    is_superuser: Mapped[bool] = mapped_column(default=False, server_default=false())

    @property
    def is_staff(self) -> bool:
        """Return True for somebody who may use the back office and what the API has for staff: an active superuser."""
        return self.is_active and self.is_superuser

    def __str__(self) -> str:
        return self.username


Index("uq_auth_user_username_lower", func.lower(User.username), unique=True)
Index("uq_auth_user_email_lower", func.lower(User.email), unique=True)


class AccessToken(IdMixin, Base):
    """A bearer token somebody was given: only its SHA-256 is kept, and deleting the row revokes it."""

    __tablename__ = "auth_access_token"

    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("auth_user.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime] = mapped_column(server_default=utcnow())
    expires_at: Mapped[datetime] = mapped_column(index=True)

    user: Mapped[User] = relationship(lazy="raise")


class TokenPurpose(StrEnum):
    """The use that a one-time token is for."""

    RESET_PASSWORD = "reset_password"  # noqa: S105 - a purpose, not a password
    VERIFY_EMAIL = "verify_email"
    CHANGE_EMAIL = "change_email"


class OneTimeToken(IdMixin, Base):
    """A token that was sent to an address and works once: it is used up by deleting its row.

    `email` is the address it was sent to, so that it proves nothing about an address entered later. The token of a
    change of address was sent to the new one, which is nowhere else before it is proven.
    """

    __tablename__ = "auth_one_time_token"

    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    purpose: Mapped[TokenPurpose]
    user_id: Mapped[int] = mapped_column(ForeignKey("auth_user.id", ondelete="CASCADE"), index=True)
    email: Mapped[str] = mapped_column(String(MAXIMUM_EMAIL), index=True)
    created_at: Mapped[datetime] = mapped_column(server_default=utcnow())
    expires_at: Mapped[datetime] = mapped_column(index=True)
