"""Refresh tokens, and tokens of sessions that are good for less long than the session.

Revision ID: auth_0012_refresh_tokens
Revises: auth_0011_personal_tokens
Depends on:
"""

import sqlalchemy as sa
from alembic import op

from dovetail.database.column_types import utcnow

revision: str = "auth_0012_refresh_tokens"
down_revision: str | tuple[str, ...] | None = "auth_0011_personal_tokens"
branch_labels: str | tuple[str, ...] | None = None
depends_on: str | tuple[str, ...] | None = None


def upgrade() -> None:
    """Apply."""
    op.add_column("auth_session", sa.Column("token_expires_at", sa.DateTime(timezone=True), nullable=True))
    op.create_table(
        "auth_refresh_token",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("session_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=utcnow(), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("address", sa.String(length=45), server_default="", nullable=False),
        sa.Column("user_agent", sa.String(length=300), server_default="", nullable=False),
        sa.ForeignKeyConstraint(
            ["session_id"],
            ["auth_session.id"],
            name=op.f("fk_auth_refresh_token_session_id_auth_session"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_auth_refresh_token")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_auth_refresh_token_token_hash")),
    )
    with op.batch_alter_table("auth_refresh_token") as batch_op:
        batch_op.create_index(batch_op.f("ix_auth_refresh_token_session_id"), ["session_id"], unique=False)


def downgrade() -> None:
    """Undo."""
    with op.batch_alter_table("auth_refresh_token") as batch_op:
        batch_op.drop_index(batch_op.f("ix_auth_refresh_token_session_id"))

    op.drop_table("auth_refresh_token")
    with op.batch_alter_table("auth_session") as batch_op:
        batch_op.drop_column("token_expires_at")
