"""The table of personal tokens and their scopes."""

from datetime import datetime

from sqlalchemy import ForeignKey, String, false
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dovetail.contrib.auth.models import Permission, link_table
from dovetail.database.column_types import utcnow
from dovetail.database.models import Base, IdMixin

MAXIMUM_TOKEN_NAME = 100  # characters
MAXIMUM_HINT = 10

token_scopes = link_table("auth_token_scope", "auth_personal_token.id", "auth_permission.name")


class PersonalToken(IdMixin, Base):
    """A token that a user created for a program: whoever has it may do what the user may, within its scopes.

    The token is stored as a SHA-256 hash; `hint` lets its owner recognize it. Deleting the row revokes it. If it
    `is_limited` and the permissions in its scopes are deleted, it may do nothing.
    """

    __tablename__ = "auth_personal_token"
    __history__ = False

    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("auth_user.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(String(MAXIMUM_TOKEN_NAME))
    hint: Mapped[str] = mapped_column(String(MAXIMUM_HINT))
    is_limited: Mapped[bool] = mapped_column(server_default=false())
    created_at: Mapped[datetime] = mapped_column(server_default=utcnow())
    expires_at: Mapped[datetime] = mapped_column(index=True)
    used_at: Mapped[datetime | None]  # to within some minutes; None if it was never used

    scopes: Mapped[list[Permission]] = relationship(
        secondary=token_scopes, lazy="raise", passive_deletes=True, order_by=lambda: Permission.name
    )
