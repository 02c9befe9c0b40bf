"""The table of outgoing mail: a row is written in the transaction of the change that the mail is about."""

from datetime import UTC, datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dovetail.contrib.auth.models import MAXIMUM_EMAIL, User
from dovetail.database.column_types import utcnow
from dovetail.database.models import Base, IdMixin

MAXIMUM_SUBJECT = 200
MAXIMUM_ERROR = 300
LANGUAGE = "language"  # key in `asked_from`: the code of the language of the page


class MailKind(StrEnum):
    """The kinds of mail: a finished message, or one with a token, which is written when it is sent."""

    MESSAGE = "message"
    RESET_PASSWORD = "reset_password"  # noqa: S105 - a kind of mail; to the account with this address, if there is one
    INVITATION = "invitation"
    VERIFY_EMAIL = "verify_email"  # to the account with this address, if there is one
    WELCOME = "welcome"  # to a new account, or to the one that has the address already
    CONFIRM_EMAIL = "confirm_email"  # to the new address of an account


class OutgoingMail(IdMixin, Base):
    """A mail that was not sent yet. The row is deleted after sending; `due_at` is None if the mail was given up.

    The row contains no token: it is derived from `nonce` and SECRET_KEY. `nonce` is emptied if the mail is given up.
    """

    __tablename__ = "auth_outgoing_mail"
    __history__ = False

    kind: Mapped[MailKind]
    user_id: Mapped[int | None] = mapped_column(ForeignKey("auth_user.id", ondelete="CASCADE"), index=True)
    to: Mapped[str] = mapped_column(String(MAXIMUM_EMAIL))
    subject: Mapped[str] = mapped_column(String(MAXIMUM_SUBJECT))
    body: Mapped[str] = mapped_column(Text, default="", server_default="")
    nonce: Mapped[str] = mapped_column(String(64), default="", server_default="")
    has_token: Mapped[bool] = mapped_column(default=False)  # whether the token was created (it may be used by now)
    asked_from: Mapped[str] = mapped_column(Text, default="", server_default="")  # JSON: origin and language
    created_at: Mapped[datetime] = mapped_column(
        default=lambda: datetime.now(UTC), server_default=utcnow(), sort_order=90
    )
    due_at: Mapped[datetime | None] = mapped_column(index=True)
    attempts: Mapped[int] = mapped_column(default=0, server_default="0")
    error: Mapped[str] = mapped_column(String(MAXIMUM_ERROR), default="", server_default="")

    user: Mapped[User | None] = relationship(lazy="raise")

    def __str__(self) -> str:
        return f"{self.subject} ({self.to})"
