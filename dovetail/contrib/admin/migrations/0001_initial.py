"""Initial.

Revision ID: admin_0001_initial
Revises:
Depends on: auth_0001_initial
"""

import sqlalchemy as sa
from alembic import op

from dovetail.database.column_types import utcnow

revision: str = "admin_0001_initial"
down_revision: str | tuple[str, ...] | None = None
branch_labels: str | tuple[str, ...] | None = ("admin",)
depends_on: str | tuple[str, ...] | None = "auth_0001_initial"


def upgrade() -> None:
    """Apply."""
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


def downgrade() -> None:
    """Undo."""
    with op.batch_alter_table("admin_session") as batch_op:
        batch_op.drop_index(batch_op.f("ix_admin_session_user_id"))
        batch_op.drop_index(batch_op.f("ix_admin_session_expires_at"))

    op.drop_table("admin_session")
