"""Ix blog post created at.

Revision ID: blog_0003_ix_blog_post_created_at
Revises: blog_0002_post_view_count
Depends on:
"""

from alembic import op

revision: str = "blog_0003_ix_blog_post_created_at"
down_revision: str | tuple[str, ...] | None = "blog_0002_post_view_count"
branch_labels: str | tuple[str, ...] | None = None
depends_on: str | tuple[str, ...] | None = None


def upgrade() -> None:
    """Apply."""
    # lint: migrations.W001 - a blog has thousands of posts, not millions: the index is made in less than a second
    with op.batch_alter_table("blog_post") as batch_op:
        batch_op.create_index("ix_blog_post_created_at", ["created_at"], unique=False)


def downgrade() -> None:
    """Undo."""
    with op.batch_alter_table("blog_post") as batch_op:
        batch_op.drop_index("ix_blog_post_created_at")
