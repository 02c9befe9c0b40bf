"""The tables of second factors, passkeys and challenges."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, ForeignKey, String, Text, false
from sqlalchemy.orm import Mapped, mapped_column

from dovetail.contrib.auth.models import User
from dovetail.database.column_types import utcnow
from dovetail.database.models import Base, IdMixin

MAXIMUM_NAME = 100  # characters of the name of a factor
MAXIMUM_CREDENTIAL_ID = 1364  # characters of base64url: 1,023 bytes (WebAuthn Level 3, section 4, "Credential ID")
MAXIMUM_METHOD = 50


class Totp(IdMixin, Base):
    """An authenticator app: a shared secret, from which a new six-digit code is computed every 30 seconds (RFC 6238).

    The secret is encrypted. `last_step` is the number of the 30-second step whose code was used last; this code and
    earlier ones are refused. An app without `confirmed_at` is not active.
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
    """The public half of a key pair that an authenticator created for this site.

    `user_handle` identifies the user to the authenticator: it is random, and the same for all passkeys of a user.
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
    aaguid: Mapped[str] = mapped_column(String(36), default="", server_default="")  # the model of the authenticator
    is_backed_up: Mapped[bool] = mapped_column(default=False, server_default=false())
    created_at: Mapped[datetime] = mapped_column(server_default=utcnow())
    last_used_at: Mapped[datetime | None]


class RecoveryCode(IdMixin, Base):
    """A code that replaces a second factor once, stored as a SHA-256 hash; using it deletes the row."""

    __tablename__ = "auth_recovery_code"
    __history__ = False

    user_id: Mapped[int] = mapped_column(ForeignKey(User.id, ondelete="CASCADE"), index=True)
    code_hash: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime] = mapped_column(server_default=utcnow())


class ChallengePurpose(StrEnum):
    """The step that a challenge is for; it is refused in any other step."""

    LOGIN = "login"  # the second factor of a user who gave the password
    PASSKEY_LOGIN = "passkey_login"  # a login by passkey alone; the passkey identifies the user
    REGISTER = "register"  # a new passkey of a logged-in user
    PROOF = "proof"  # a recent proof of a logged-in user by passkey
    ENROL = "enrol"  # an enrolment link, by which a user without a password registers a first passkey


class Challenge(IdMixin, Base):
    """A pending step of a login or another procedure: a token of 256 random bits that works once.

    The token is stored as a SHA-256 hash, and using it deletes the row. `attempts` counts the answers. `method` is how
    the user has logged in so far.
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
