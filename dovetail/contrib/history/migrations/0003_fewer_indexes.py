"""Fewer indexes, since each line pays for them: none of moments, and none of transactions on SQLite.

Revision ID: history_0003_fewer_indexes
Revises: history_0002_trash
Depends on:
"""

import sqlalchemy as sa
from alembic import op

revision: str = "history_0003_fewer_indexes"
down_revision: str | tuple[str, ...] | None = "history_0002_trash"
branch_labels: str | tuple[str, ...] | None = None
depends_on: str | tuple[str, ...] | None = None

MOMENTS = "ix_history_change_created_at"
TRANSACTIONS = "ix_history_change_transaction_id"
NEVER = sa.text('"transaction" IS NULL')


def upgrade() -> None:
    """Apply."""
    with op.get_context().autocommit_block():
        op.drop_index(MOMENTS, "history_change", postgresql_concurrently=True, if_exists=True)
    if op.get_context().dialect.name == "sqlite":
        op.drop_index(TRANSACTIONS, "history_change")
        op.create_index(TRANSACTIONS, "history_change", ["transaction", "id"], sqlite_where=NEVER)


def downgrade() -> None:
    """Undo."""
    if op.get_context().dialect.name == "sqlite":
        op.drop_index(TRANSACTIONS, "history_change")
        op.create_index(TRANSACTIONS, "history_change", ["transaction", "id"])
    with op.get_context().autocommit_block():
        op.create_index(MOMENTS, "history_change", ["created_at"], postgresql_concurrently=True, if_not_exists=True)
