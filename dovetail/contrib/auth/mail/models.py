"""Declare the table of mail that is on its way: a row is written with the change that it tells of."""

from datetime import UTC, datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dovetail.contrib.auth.models import MAXIMUM_EMAIL, User
from dovetail.database.column_types import utcnow
from dovetail.database.models import Base, IdMixin

MAXIMUM_SUBJECT = 200
MAXIMUM_ERROR = 300
LANGUAGE = "language"  # in `asked_from`: the code of that in which a mail is written


class MailKind(StrEnum):
    """The kinds of mail: a message as it stands, or one that is written when it is sent, for it carries a token."""

    MESSAGE = "message"
    RESET_PASSWORD = "reset_password"  # noqa: S105 - a kind of mail; for whoever has the address, if anybody
    INVITATION = "invitation"
    VERIFY_EMAIL = "verify_email"  # for whoever has the address, if anybody
    WELCOME = "welcome"  # to a new account, or to the one that has the address already
    CONFIRM_EMAIL = "confirm_email"  # to the address that an account is to have


class OutgoingMail(IdMixin, Base):
    """A mail that was not sent yet. Its row is deleted once it was; `due_at` is None if it was given up.

    There is no token in it: `nonce` and the site's SECRET_KEY make one, and it is empty once the mail was given up.
    """

    __tablename__ = "auth_outgoing_mail"
    __history__ = False

    kind: Mapped[MailKind]
    user_id: Mapped[int | None] = mapped_column(ForeignKey("auth_user.id", ondelete="CASCADE"), index=True)
    to: Mapped[str] = mapped_column(String(MAXIMUM_EMAIL))
    subject: Mapped[str] = mapped_column(String(MAXIMUM_SUBJECT))
    body: Mapped[str] = mapped_column(Text, default="", server_default="")
    nonce: Mapped[str] = mapped_column(String(64), default="", server_default="")
    has_token: Mapped[bool] = mapped_column(default=False)  # which was made, and may be used up by now
    asked_from: Mapped[str] = mapped_column(Text, default="", server_default="")  # the request, and its language
    created_at: Mapped[datetime] = mapped_column(
        default=lambda: datetime.now(UTC), server_default=utcnow(), sort_order=90
    )
    due_at: Mapped[datetime | None] = mapped_column(index=True)
    attempts: Mapped[int] = mapped_column(default=0, server_default="0")
    error: Mapped[str] = mapped_column(String(MAXIMUM_ERROR), default="", server_default="")

    user: Mapped[User | None] = relationship(lazy="raise")

    def __str__(self) -> str:
        return f"{self.subject} ({self.to})"
