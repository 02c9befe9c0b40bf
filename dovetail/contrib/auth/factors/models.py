"""Declare the tables of second factors and passkeys, and of the challenges that are answered with them."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, ForeignKey, String, Text, false
from sqlalchemy.orm import Mapped, mapped_column

from dovetail.contrib.auth.models import User
from dovetail.database.column_types import utcnow
from dovetail.database.models import Base, IdMixin

MAXIMUM_NAME = 100  # characters of the name that somebody gives a factor
MAXIMUM_CREDENTIAL_ID = 1364  # characters of base64url: 1,023 bytes (WebAuthn Level 3, section 4, "Credential ID")
MAXIMUM_METHOD = 50


class Totp(IdMixin, Base):
    """An authenticator app: a secret from which it and we make the same six digits every 30 seconds (RFC 6238).

    The secret is encrypted. `last_step` is the number of the 30 seconds whose code was used last: that one and earlier
    ones are refused. Before `confirmed_at` it proves nothing.
    """

    __tablename__ = "auth_totp"
    __history__ = False

    user_id: Mapped[int] = mapped_column(ForeignKey(User.id, ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(String(MAXIMUM_NAME))
    secret: Mapped[str] = mapped_column(String(255))
    last_step: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    created_at: Mapped[datetime] = mapped_column(server_default=utcnow())
    confirmed_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]


class Passkey(IdMixin, Base):
    """A key pair that an authenticator made for this site; it keeps the private half and we the public one.

    `user_handle` is what the authenticator knows its user by: the same for all passkeys of a user, and random.
    `credential_id`, `public_key` (COSE) and `user_handle` are base64url.
    """

    __tablename__ = "auth_passkey"
    __history__ = False

    user_id: Mapped[int] = mapped_column(ForeignKey(User.id, ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(String(MAXIMUM_NAME))
    user_handle: Mapped[str] = mapped_column(String(86))
    credential_id: Mapped[str] = mapped_column(String(MAXIMUM_CREDENTIAL_ID), unique=True)
    public_key: Mapped[str] = mapped_column(Text)
    sign_count: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    transports: Mapped[str] = mapped_column(String(200), default="", server_default="")  # "internal hybrid"
    aaguid: Mapped[str] = mapped_column(String(36), default="", server_default="")  # the authenticator's make
    is_backed_up: Mapped[bool] = mapped_column(default=False, server_default=false())
    created_at: Mapped[datetime] = mapped_column(server_default=utcnow())
    last_used_at: Mapped[datetime | None]


class RecoveryCode(IdMixin, Base):
    """A code that stands in for a second factor once, of which only the SHA-256 is kept; deleting the row uses it."""

    __tablename__ = "auth_recovery_code"
    __history__ = False

    user_id: Mapped[int] = mapped_column(ForeignKey(User.id, ondelete="CASCADE"), index=True)
    code_hash: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime] = mapped_column(server_default=utcnow())


class ChallengePurpose(StrEnum):
    """The step that a challenge is for; one for another step is refused."""

    LOGIN = "login"  # the second factor of somebody who gave the password
    PASSKEY_LOGIN = "passkey_login"  # a login by passkey alone: whose it is, the passkey will tell
    REGISTER = "register"  # a new passkey of somebody who is logged in
    PROOF = "proof"  # a passkey of somebody who is logged in, to prove that it is still them
    ENROL = "enrol"  # the link with which somebody without a password registers a first passkey


class Challenge(IdMixin, Base):
    """A step of a login, or of another ceremony, that waits for its answer: 256 random bits that work once.

    Only their SHA-256 is kept, and deleting the row uses them up. `attempts` counts wrong answers. `method` is how the
    user proved who they are so far.
    """

    __tablename__ = "auth_challenge"
    __history__ = False

    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    purpose: Mapped[ChallengePurpose]
    user_id: Mapped[int | None] = mapped_column(ForeignKey(User.id, ondelete="CASCADE"), index=True)
    method: Mapped[str] = mapped_column(String(MAXIMUM_METHOD), default="", server_default="")
    attempts: Mapped[int] = mapped_column(default=0, server_default="0")
    created_at: Mapped[datetime] = mapped_column(server_default=utcnow())
    expires_at: Mapped[datetime] = mapped_column(index=True)
