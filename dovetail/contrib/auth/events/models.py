"""The table of security events: what happened to an account, who did it and from where."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dovetail.contrib.auth.models import MAXIMUM_USERNAME, User
from dovetail.database.column_types import utcnow
from dovetail.database.models import Base, IdMixin
from dovetail.translation.texts import gettext
from dovetail.translation.words import choice_in_words, in_words

MAXIMUM_ADDRESS = 64  # characters; an IPv6 address has 45
MAXIMUM_USER_AGENT = 200
MAXIMUM_REQUEST_ID = 128
MAXIMUM_DETAIL = 500


class EventKind(StrEnum):
    """The kinds of security events."""

    LOGIN = "login"
    LOGIN_FAILED = "login_failed"
    LOCKOUT = "lockout"
    UNLOCKED = "unlocked"
    LOGOUT = "logout"
    SESSION_ENDED = "session_ended"
    PROVED = "proved"
    PROOF_FAILED = "proof_failed"

    USER_CREATED = "user_created"
    USER_DEACTIVATED = "user_deactivated"
    USER_ACTIVATED = "user_activated"
    USER_DELETED = "user_deleted"

    RESET_REQUESTED = "reset_requested"
    RESET_STARTED = "reset_started"  # by staff, for another user
    PASSWORD_RESET = "password_reset"  # noqa: S105 - a kind of event
    PASSWORD_CHANGED = "password_changed"  # noqa: S105 - a kind of event
    USERNAME_CHANGED = "username_changed"
    VERIFICATION_REQUESTED = "verification_requested"
    EMAIL_VERIFIED = "email_verified"
    EMAIL_CHANGE_REQUESTED = "email_change_requested"
    EMAIL_CHANGED = "email_changed"

    FACTOR_ADDED = "factor_added"
    FACTOR_REMOVED = "factor_removed"
    FACTOR_USED = "factor_used"
    FACTOR_FAILED = "factor_failed"
    RECOVERY_CODES_MADE = "recovery_codes_made"
    RECOVERY_CODE_USED = "recovery_code_used"
    TOKEN_MADE = "token_made"  # noqa: S105 - a kind of event
    TOKEN_REVOKED = "token_revoked"  # noqa: S105 - a kind of event
    TOKEN_REUSED = "token_reused"  # noqa: S105 - a kind of event
    IDENTITY_LINKED = "identity_linked"
    IDENTITY_UNLINKED = "identity_unlinked"

    RIGHTS_CHANGED = "rights_changed"  # is_staff or is_superuser
    PERMISSION_GRANTED = "permission_granted"
    PERMISSION_REVOKED = "permission_revoked"
    GROUP_JOINED = "group_joined"
    GROUP_LEFT = "group_left"
    GROUP_CHANGED = "group_changed"  # created, renamed or deleted
    IMPERSONATION_BEGUN = "impersonation_begun"
    IMPERSONATION_ENDED = "impersonation_ended"

    ACCESS_DENIED = "access_denied"
    MAIL_GIVEN_UP = "mail_given_up"

    @property
    def label(self) -> str:
        """Return the display name, in which "E-mail" means the address and not a message."""
        return in_words(self.value).replace("E-mail", "E-mail address")


class SecurityEvent(IdMixin, Base):
    """An event that concerns the account of `user`, caused by `actor`; the names are those at that time.

    Both may be unknown, and the names are kept when the accounts are deleted. `times` counts equal refusals within a
    minute. Events contain no secrets.
    """

    __tablename__ = "auth_security_event"
    __history__ = False
    __table_args__ = (  # one for each filter of the list, which is sorted newest first
        Index("ix_auth_security_event_kind_id", "kind", "id"),
        Index("ix_auth_security_event_user_id_id", "user_id", "id"),
        Index("ix_auth_security_event_actor_id_id", "actor_id", "id"),
        Index("ix_auth_security_event_address_id", "address", "id"),
    )

    created_at: Mapped[datetime] = mapped_column(server_default=utcnow(), index=True)
    kind: Mapped[EventKind]
    user_id: Mapped[int | None] = mapped_column(ForeignKey("auth_user.id", ondelete="SET NULL"))
    username: Mapped[str] = mapped_column(String(MAXIMUM_USERNAME), default="", server_default="")
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("auth_user.id", ondelete="SET NULL"))
    actor_name: Mapped[str] = mapped_column(String(MAXIMUM_USERNAME), default="", server_default="")
    address: Mapped[str] = mapped_column(String(MAXIMUM_ADDRESS), default="", server_default="")
    user_agent: Mapped[str] = mapped_column(String(MAXIMUM_USER_AGENT), default="", server_default="")
    request_id: Mapped[str] = mapped_column(String(MAXIMUM_REQUEST_ID), default="", server_default="")
    detail: Mapped[str] = mapped_column(String(MAXIMUM_DETAIL), default="", server_default="")
    times: Mapped[int] = mapped_column(default=1, server_default="1")

    user: Mapped[User | None] = relationship(foreign_keys=[user_id], lazy="raise")
    actor: Mapped[User | None] = relationship(foreign_keys=[actor_id], lazy="raise")

    def __str__(self) -> str:
        return f"{gettext(choice_in_words(self.kind))} {self.username}".strip()
