"""User bio.

Revision ID: auth_0002_user_bio
Revises: auth_0001_initial
Depends on:
"""

import sqlalchemy as sa
from alembic import op

revision: str = "auth_0002_user_bio"
down_revision: str | tuple[str, ...] | None = "auth_0001_initial"
branch_labels: str | tuple[str, ...] | None = None
depends_on: str | tuple[str, ...] | None = None


def upgrade() -> None:
    """Apply."""
    with op.batch_alter_table("auth_user") as batch_op:
        batch_op.add_column(sa.Column("bio", sa.Text(), server_default="", nullable=False))


def downgrade() -> None:
    """Undo."""
    with op.batch_alter_table("auth_user") as batch_op:
        batch_op.drop_column("bio")
