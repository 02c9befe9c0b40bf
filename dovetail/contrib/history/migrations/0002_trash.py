"""An index of the deletions alone, for the trash; on PostgreSQL it is made while others write.

Revision ID: history_0002_trash
Revises: history_0001_initial
Depends on:
"""

import sqlalchemy as sa
from alembic import op

revision: str = "history_0002_trash"
down_revision: str | tuple[str, ...] | None = "history_0001_initial"
branch_labels: str | tuple[str, ...] | None = None
depends_on: str | tuple[str, ...] | None = None

NAME = "ix_history_change_deleted_id"
DELETED = sa.text("action = 'delete'")


def upgrade() -> None:
    """Apply."""
    with op.get_context().autocommit_block():
        op.create_index(
            NAME,
            "history_change",
            ["id"],
            sqlite_where=DELETED,
            postgresql_where=DELETED,
            postgresql_concurrently=True,
            if_not_exists=True,
        )


def downgrade() -> None:
    """Undo."""
    with op.get_context().autocommit_block():
        op.drop_index(NAME, "history_change", postgresql_concurrently=True, if_exists=True)
