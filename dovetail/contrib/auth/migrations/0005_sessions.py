"""Sessions: the logins of the API and of the back office as rows of one table.

Revision ID: auth_0005_sessions
Revises: auth_0004_groups_and_permissions
Depends on:
"""

import sqlalchemy as sa
from alembic import op

from dovetail.database.column_types import utcnow

revision: str = "auth_0005_sessions"
down_revision: str | tuple[str, ...] | None = "auth_0004_groups_and_permissions"
branch_labels: str | tuple[str, ...] | None = None
depends_on: str | tuple[str, ...] | None = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "auth_session",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("door", sa.Enum("api", "office", native_enum=False, length=32), server_default="api", nullable=False),
        sa.Column("method", sa.String(length=50), server_default="", nullable=False),
        sa.Column("address", sa.String(length=45), server_default="", nullable=False),
        sa.Column("user_agent", sa.String(length=300), server_default="", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=utcnow(), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), server_default=utcnow(), nullable=False),
        sa.Column("proved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("idle_seconds", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"], ["auth_user.id"], name=op.f("fk_auth_session_user_id_auth_user"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_auth_session")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_auth_session_token_hash")),
    )
    with op.batch_alter_table("auth_session") as batch_op:
        batch_op.create_index(batch_op.f("ix_auth_session_expires_at"), ["expires_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_auth_session_user_id"), ["user_id"], unique=False)

    # Whoever is logged in stays so, until then; nothing is known of where and how they did.
    op.execute(
        "INSERT INTO auth_session (token_hash, user_id, door, created_at, used_at, expires_at) "
        "SELECT token_hash, user_id, 'api', created_at, created_at, expires_at FROM auth_access_token"
    )
    with op.batch_alter_table("auth_access_token") as batch_op:
        batch_op.drop_index(batch_op.f("ix_auth_access_token_user_id"))
        batch_op.drop_index(batch_op.f("ix_auth_access_token_expires_at"))

    op.drop_table("auth_access_token")


def downgrade() -> None:
    """Undo."""
    op.create_table(
        "auth_access_token",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=utcnow(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["auth_user.id"], name=op.f("fk_auth_access_token_user_id_auth_user"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_auth_access_token")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_auth_access_token_token_hash")),
    )
    with op.batch_alter_table("auth_access_token") as batch_op:
        batch_op.create_index(batch_op.f("ix_auth_access_token_expires_at"), ["expires_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_auth_access_token_user_id"), ["user_id"], unique=False)

    op.execute(
        "INSERT INTO auth_access_token (token_hash, user_id, created_at, expires_at) "
        "SELECT token_hash, user_id, created_at, expires_at FROM auth_session WHERE door = 'api'"
    )
    with op.batch_alter_table("auth_session") as batch_op:
        batch_op.drop_index(batch_op.f("ix_auth_session_user_id"))
        batch_op.drop_index(batch_op.f("ix_auth_session_expires_at"))

    op.drop_table("auth_session")
