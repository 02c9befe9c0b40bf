"""A table of who has which object open.

Revision ID: admin_0008_presence
Revises: admin_0007_imports
Depends on:
"""

import sqlalchemy as sa
from alembic import op

revision: str = "admin_0008_presence"
down_revision: str | tuple[str, ...] | None = "admin_0007_imports"
branch_labels: str | tuple[str, ...] | None = None
depends_on: str | tuple[str, ...] | None = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "admin_presence",
        sa.Column("kind", sa.String(length=200), nullable=False),
        sa.Column("object_key", sa.String(length=500), nullable=False),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("is_editing", sa.Boolean(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["auth_user.id"], name=op.f("fk_admin_presence_user_id_auth_user"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("kind", "object_key", "user_id", name=op.f("pk_admin_presence")),
    )
    with op.batch_alter_table("admin_presence") as batch_op:
        batch_op.create_index(batch_op.f("ix_admin_presence_expires_at"), ["expires_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_admin_presence_user_id"), ["user_id"], unique=False)


def downgrade() -> None:
    """Undo."""
    with op.batch_alter_table("admin_presence") as batch_op:
        batch_op.drop_index(batch_op.f("ix_admin_presence_user_id"))
        batch_op.drop_index(batch_op.f("ix_admin_presence_expires_at"))

    op.drop_table("admin_presence")
