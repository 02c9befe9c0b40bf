"""Tables of files that are about to be imported.

Revision ID: admin_0007_imports
Revises: admin_0006_saved_views
Depends on:
"""

import sqlalchemy as sa
from alembic import op

revision: str = "admin_0007_imports"
down_revision: str | tuple[str, ...] | None = "admin_0006_saved_views"
branch_labels: str | tuple[str, ...] | None = None
depends_on: str | tuple[str, ...] | None = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "admin_imported_table",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("view", sa.String(length=200), nullable=False),
        sa.Column("head", sa.Text(), nullable=False),
        sa.Column("rest", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["auth_user.id"], name=op.f("fk_admin_imported_table_user_id_auth_user"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_admin_imported_table")),
    )
    with op.batch_alter_table("admin_imported_table") as batch_op:
        batch_op.create_index(batch_op.f("ix_admin_imported_table_expires_at"), ["expires_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_admin_imported_table_user_id"), ["user_id"], unique=False)


def downgrade() -> None:
    """Undo."""
    with op.batch_alter_table("admin_imported_table") as batch_op:
        batch_op.drop_index(batch_op.f("ix_admin_imported_table_user_id"))
        batch_op.drop_index(batch_op.f("ix_admin_imported_table_expires_at"))

    op.drop_table("admin_imported_table")
