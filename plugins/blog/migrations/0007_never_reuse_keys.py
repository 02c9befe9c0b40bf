"""Never reuse keys.

Revision ID: blog_0007_never_reuse_keys
Revises: blog_0006_keys_of_hidden_tags
Depends on:
"""

from alembic import op

revision: str = "blog_0007_never_reuse_keys"
down_revision: str | tuple[str, ...] | None = "blog_0006_keys_of_hidden_tags"
branch_labels: str | tuple[str, ...] | None = None
depends_on: str | tuple[str, ...] | None = None


def upgrade() -> None:
    """Apply."""
    with op.batch_alter_table("blog_post", table_kwargs={"sqlite_autoincrement": True}):
        pass


def downgrade() -> None:
    """Undo."""
    with op.batch_alter_table("blog_post", table_kwargs={"sqlite_autoincrement": False}):
        pass
