"""Make the table of what users chose for how the back office looks.

Revision ID: admin_0004_preferences
Revises: admin_0003_kept_forms
Depends on:
"""

import sqlalchemy as sa
from alembic import op

revision: str = "admin_0004_preferences"
down_revision: str | tuple[str, ...] | None = "admin_0003_kept_forms"
branch_labels: str | tuple[str, ...] | None = None
depends_on: str | tuple[str, ...] | None = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "admin_preference",
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("theme", sa.String(length=10), server_default="system", nullable=False),
        sa.Column("shortcuts", sa.Boolean(), server_default=sa.true(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["auth_user.id"], name=op.f("fk_admin_preference_user_id_auth_user"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_admin_preference")),
    )


def downgrade() -> None:
    """Undo."""
    op.drop_table("admin_preference")
