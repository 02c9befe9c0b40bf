"""Drafts of forms.

Revision ID: admin_0005_form_drafts
Revises: admin_0004_preferences
Depends on:
"""

import sqlalchemy as sa
from alembic import op

revision: str = "admin_0005_form_drafts"
down_revision: str | tuple[str, ...] | None = "admin_0004_preferences"
branch_labels: str | tuple[str, ...] | None = None
depends_on: str | tuple[str, ...] | None = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "admin_form_draft",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("view", sa.String(length=200), nullable=False),
        sa.Column("object_key", sa.String(length=500), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["auth_user.id"], name=op.f("fk_admin_form_draft_user_id_auth_user"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_admin_form_draft")),
        sa.UniqueConstraint("user_id", "view", "object_key", name=op.f("uq_admin_form_draft_user_id_view_object_key")),
    )
    with op.batch_alter_table("admin_form_draft") as batch_op:
        batch_op.create_index(batch_op.f("ix_admin_form_draft_expires_at"), ["expires_at"], unique=False)


def downgrade() -> None:
    """Undo."""
    with op.batch_alter_table("admin_form_draft") as batch_op:
        batch_op.drop_index(batch_op.f("ix_admin_form_draft_expires_at"))

    op.drop_table("admin_form_draft")
