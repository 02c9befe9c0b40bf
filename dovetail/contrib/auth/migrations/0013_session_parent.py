"""Sessions that hang on another one: of who acts as somebody else.

Revision ID: auth_0013_session_parent
Revises: auth_0012_refresh_tokens
Depends on:
"""

import sqlalchemy as sa
from alembic import op

from dovetail.database.column_types import utcnow

revision: str = "auth_0013_session_parent"
down_revision: str | tuple[str, ...] | None = "auth_0012_refresh_tokens"
branch_labels: str | tuple[str, ...] | None = None
depends_on: str | tuple[str, ...] | None = None


# SQLite makes the table anew for a foreign key, and a script of SQL cannot look at what it is.
KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
SESSIONS = sa.Table(
    "auth_session",
    sa.MetaData(),
    sa.Column("id", KEY, nullable=False),
    sa.Column("token_hash", sa.String(length=64), nullable=False),
    sa.Column("user_id", KEY, nullable=False),
    sa.Column("door", sa.String(length=32), server_default="api", nullable=False),
    sa.Column("method", sa.String(length=50), server_default="", nullable=False),
    sa.Column("address", sa.String(length=45), server_default="", nullable=False),
    sa.Column("user_agent", sa.String(length=300), server_default="", nullable=False),
    sa.Column("created_at", sa.DateTime(timezone=True), server_default=utcnow(), nullable=False),
    sa.Column("used_at", sa.DateTime(timezone=True), server_default=utcnow(), nullable=False),
    sa.Column("proved_at", sa.DateTime(timezone=True), nullable=True),
    sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True),
    sa.Column("idle_seconds", sa.Integer(), nullable=True),
    sa.Column("rights", sa.String(length=64), server_default="", nullable=False),
    sa.Column("token_expires_at", sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(
        ["user_id"], ["auth_user.id"], name="fk_auth_session_user_id_auth_user", ondelete="CASCADE"
    ),
    sa.PrimaryKeyConstraint("id", name="pk_auth_session"),
    sa.UniqueConstraint("token_hash", name="uq_auth_session_token_hash"),
    sa.Index("ix_auth_session_expires_at", "expires_at"),
    sa.Index("ix_auth_session_user_id", "user_id"),
)


def upgrade() -> None:
    """Apply."""
    with op.batch_alter_table("auth_session", copy_from=SESSIONS) as batch_op:
        batch_op.add_column(sa.Column("parent_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True))
        # lint: migrations.W001 - there are no more sessions than people who are logged in
        batch_op.create_index(batch_op.f("ix_auth_session_parent_id"), ["parent_id"], unique=False)
        # lint: migrations.W004 - as above
        batch_op.create_foreign_key(
            batch_op.f("fk_auth_session_parent_id_auth_session"),
            "auth_session",
            ["parent_id"],
            ["id"],
            ondelete="CASCADE",
        )


def downgrade() -> None:
    """Undo."""
    with op.batch_alter_table("auth_session") as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_auth_session_parent_id_auth_session"), type_="foreignkey")
        batch_op.drop_index(batch_op.f("ix_auth_session_parent_id"))
        batch_op.drop_column("parent_id")
