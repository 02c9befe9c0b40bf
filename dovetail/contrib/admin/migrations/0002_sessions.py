"""Sessions of the back office stand in the table of all sessions.

Revision ID: admin_0002_sessions
Revises: admin_0001_initial
Depends on: auth_0005_sessions
"""

import sqlalchemy as sa
from alembic import op

from dovetail.database.column_types import utcnow

revision: str = "admin_0002_sessions"
down_revision: str | tuple[str, ...] | None = "admin_0001_initial"
branch_labels: str | tuple[str, ...] | None = None
depends_on: str | tuple[str, ...] | None = "auth_0005_sessions"


def upgrade() -> None:
    """Apply."""
    # Whoever is logged in stays so, until then.
    op.execute(
        "INSERT INTO auth_session (token_hash, user_id, door, created_at, used_at, expires_at) "
        "SELECT key_hash, user_id, 'office', created_at, created_at, expires_at FROM admin_session"
    )
    with op.batch_alter_table("admin_session") as batch_op:
        batch_op.drop_index(batch_op.f("ix_admin_session_user_id"))
        batch_op.drop_index(batch_op.f("ix_admin_session_expires_at"))

    op.drop_table("admin_session")


def downgrade() -> None:
    """Undo."""
    op.create_table(
        "admin_session",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("key_hash", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=utcnow(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["auth_user.id"], name=op.f("fk_admin_session_user_id_auth_user"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_admin_session")),
        sa.UniqueConstraint("key_hash", name=op.f("uq_admin_session_key_hash")),
    )
    with op.batch_alter_table("admin_session") as batch_op:
        batch_op.create_index(batch_op.f("ix_admin_session_expires_at"), ["expires_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_admin_session_user_id"), ["user_id"], unique=False)

    op.execute(
        "INSERT INTO admin_session (key_hash, user_id, created_at, expires_at) "
        "SELECT token_hash, user_id, created_at, expires_at FROM auth_session WHERE door = 'office'"
    )
    op.execute("DELETE FROM auth_session WHERE door = 'office'")
