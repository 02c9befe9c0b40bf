"""Post view count.

Revision ID: blog_0002_post_view_count
Revises: blog_0001_initial
Depends on:
"""

import sqlalchemy as sa
from alembic import op

revision: str = "blog_0002_post_view_count"
down_revision: str | tuple[str, ...] | None = "blog_0001_initial"
branch_labels: str | tuple[str, ...] | None = None
depends_on: str | tuple[str, ...] | None = None


def upgrade() -> None:
    """Apply."""
    with op.batch_alter_table("blog_post") as batch_op:
        batch_op.add_column(sa.Column("view_count", sa.Integer(), server_default="0", nullable=False))


def downgrade() -> None:
    """Undo."""
    with op.batch_alter_table("blog_post") as batch_op:
        batch_op.drop_column("view_count")
