"""Forms that were sent after their session was over.

Revision ID: admin_0003_kept_forms
Revises: admin_0002_sessions
Depends on:
"""

import sqlalchemy as sa
from alembic import op

from dovetail.database.column_types import utcnow

revision: str = "admin_0003_kept_forms"
down_revision: str | tuple[str, ...] | None = "admin_0002_sessions"
branch_labels: str | tuple[str, ...] | None = None
depends_on: str | tuple[str, ...] | None = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "admin_kept_form",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("path", sa.String(length=2000), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=utcnow(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["auth_user.id"], name=op.f("fk_admin_kept_form_user_id_auth_user"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_admin_kept_form")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_admin_kept_form_token_hash")),
    )
    with op.batch_alter_table("admin_kept_form") as batch_op:
        batch_op.create_index(batch_op.f("ix_admin_kept_form_expires_at"), ["expires_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_admin_kept_form_user_id"), ["user_id"], unique=False)


def downgrade() -> None:
    """Undo."""
    with op.batch_alter_table("admin_kept_form") as batch_op:
        batch_op.drop_index(batch_op.f("ix_admin_kept_form_user_id"))
        batch_op.drop_index(batch_op.f("ix_admin_kept_form_expires_at"))

    op.drop_table("admin_kept_form")
