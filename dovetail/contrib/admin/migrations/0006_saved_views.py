"""Views of lists that users saved: filters, order and columns.

Revision ID: admin_0006_saved_views
Revises: admin_0005_form_drafts
Depends on:
"""

import sqlalchemy as sa
from alembic import op

revision: str = "admin_0006_saved_views"
down_revision: str | tuple[str, ...] | None = "admin_0005_form_drafts"
branch_labels: str | tuple[str, ...] | None = None
depends_on: str | tuple[str, ...] | None = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "admin_saved_view",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("list_name", sa.String(length=200), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("query", sa.String(length=2000), nullable=False),
        sa.Column("columns", sa.JSON(), nullable=False),
        sa.Column("is_shared", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("is_default", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["auth_user.id"], name=op.f("fk_admin_saved_view_user_id_auth_user"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_admin_saved_view")),
        sa.UniqueConstraint("user_id", "list_name", "name", name=op.f("uq_admin_saved_view_user_id_list_name_name")),
    )
    with op.batch_alter_table("admin_saved_view") as batch_op:
        batch_op.create_index(batch_op.f("ix_admin_saved_view_list_name"), ["list_name"], unique=False)


def downgrade() -> None:
    """Undo."""
    with op.batch_alter_table("admin_saved_view") as batch_op:
        batch_op.drop_index(batch_op.f("ix_admin_saved_view_list_name"))

    op.drop_table("admin_saved_view")
