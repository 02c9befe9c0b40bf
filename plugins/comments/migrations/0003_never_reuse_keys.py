"""Never reuse keys.

Revision ID: comments_0003_never_reuse_keys
Revises: comments_0002_indexes
Depends on:
"""

from alembic import op

revision: str = "comments_0003_never_reuse_keys"
down_revision: str | tuple[str, ...] | None = "comments_0002_indexes"
branch_labels: str | tuple[str, ...] | None = None
depends_on: str | tuple[str, ...] | None = None


def upgrade() -> None:
    """Apply."""
    with op.batch_alter_table("comments_comment", table_kwargs={"sqlite_autoincrement": True}):
        pass


def downgrade() -> None:
    """Undo."""
    with op.batch_alter_table("comments_comment", table_kwargs={"sqlite_autoincrement": False}):
        pass
