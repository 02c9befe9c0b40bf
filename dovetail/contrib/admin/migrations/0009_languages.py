"""Let users choose their language and their time zone.

Revision ID: admin_0009_languages
Revises: admin_0008_presence
Depends on:
"""

import sqlalchemy as sa
from alembic import op

revision: str = "admin_0009_languages"
down_revision: str | tuple[str, ...] | None = "admin_0008_presence"
branch_labels: str | tuple[str, ...] | None = None
depends_on: str | tuple[str, ...] | None = None


def upgrade() -> None:
    """Apply."""
    op.add_column("admin_preference", sa.Column("language", sa.String(length=20), server_default="", nullable=False))
    op.add_column("admin_preference", sa.Column("zone", sa.String(length=60), server_default="", nullable=False))


def downgrade() -> None:
    """Undo."""
    op.drop_column("admin_preference", "zone")
    op.drop_column("admin_preference", "language")
