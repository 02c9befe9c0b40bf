"""Initial.

Revision ID: media_0001_initial
Revises:
Depends on:
"""

import sqlalchemy as sa
from alembic import op

from dovetail.database.column_types import utcnow

revision: str = "media_0001_initial"
down_revision: str | tuple[str, ...] | None = None
branch_labels: str | tuple[str, ...] | None = ("media",)
depends_on: str | tuple[str, ...] | None = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "media_unused_file",
        sa.Column("key", sa.String(length=300), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), server_default=utcnow(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_media_unused_file")),
    )


def downgrade() -> None:
    """Undo."""
    op.drop_table("media_unused_file")
