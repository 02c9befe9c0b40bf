"""The tables of logins connected to accounts, and of logins at providers that are in progress."""

from datetime import datetime

from sqlalchemy import ForeignKey, String, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column

from dovetail.contrib.auth.models import MAXIMUM_EMAIL, MAXIMUM_FULL_NAME, MAXIMUM_USERNAME
from dovetail.database.column_types import utcnow
from dovetail.database.models import Base, IdMixin

MAXIMUM_ISSUER = 1000
MAXIMUM_SUBJECT = 255  # OpenID Connect Core 1.0, section 2: `sub`
MAXIMUM_PROVIDER = 30
MAXIMUM_NEXT = 2000
MAXIMUM_FAILURE = 500


class ConnectedLogin(IdMixin, Base):
    """A user at a provider who may log in to an account. Each belongs to one account only."""

    __tablename__ = "auth_connected_login"
    __history__ = False
    __table_args__ = (UniqueConstraint("issuer", "subject"),)

    user_id: Mapped[int] = mapped_column(ForeignKey("auth_user.id", ondelete="CASCADE"), index=True)
    issuer: Mapped[str] = mapped_column(String(MAXIMUM_ISSUER))
    subject: Mapped[str] = mapped_column(String(MAXIMUM_SUBJECT))
    provider: Mapped[str] = mapped_column(String(MAXIMUM_PROVIDER))  # the provider's name at that time
    email: Mapped[str] = mapped_column(String(MAXIMUM_EMAIL))  # shown to the owner, to recognize the login
    created_at: Mapped[datetime] = mapped_column(server_default=utcnow())


class ProviderLogin(IdMixin, Base):
    """A login at a provider, from its beginning until its result is used, all within minutes.

    `state_hash` is the hash of the state, which the provider returns once. `browser_hash` is that of a cookie: only the
    browser that began the login can use its result. The row contains no secrets: the nonce and the PKCE verifier are
    derived from the state.
    """

    __tablename__ = "auth_provider_login"
    __history__ = False

    state_hash: Mapped[str] = mapped_column(String(64), unique=True)
    browser_hash: Mapped[str] = mapped_column(String(64), index=True)
    provider: Mapped[str] = mapped_column(String(MAXIMUM_PROVIDER))
    next: Mapped[str] = mapped_column(String(MAXIMUM_NEXT))
    created_at: Mapped[datetime] = mapped_column(server_default=utcnow())
    expires_at: Mapped[datetime] = mapped_column(index=True)
    is_back: Mapped[bool] = mapped_column(default=False, server_default=false())  # whether the state was used
    failure: Mapped[str] = mapped_column(String(MAXIMUM_FAILURE), default="", server_default="")
    issuer: Mapped[str] = mapped_column(String(MAXIMUM_ISSUER), default="", server_default="")
    subject: Mapped[str] = mapped_column(String(MAXIMUM_SUBJECT), default="", server_default="")
    email: Mapped[str] = mapped_column(String(MAXIMUM_EMAIL), default="", server_default="")
    email_verified: Mapped[bool] = mapped_column(default=False, server_default=false())
    username: Mapped[str] = mapped_column(String(MAXIMUM_USERNAME), default="", server_default="")
    full_name: Mapped[str] = mapped_column(String(MAXIMUM_FULL_NAME), default="", server_default="")
    second_factor: Mapped[bool] = mapped_column(default=False, server_default=false())  # the provider asked for one
    authenticated_at: Mapped[datetime | None]  # when the provider authenticated the user, if it says so
