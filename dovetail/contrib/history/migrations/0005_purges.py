"""Count how often the log was purged, for readers of the feed that begin after a purge.

For a few commits of 2026-11-30 the migration before made the column. A database migrated with it keeps its column.

Revision ID: history_0005_purges
Revises: history_0004_log_start
Depends on:
"""

import sqlalchemy as sa
from alembic import op

revision: str = "history_0005_purges"
down_revision: str | tuple[str, ...] | None = "history_0004_log_start"
branch_labels: str | tuple[str, ...] | None = None
depends_on: str | tuple[str, ...] | None = None


def upgrade() -> None:
    """Apply."""
    purges = sa.Column("purges", sa.BigInteger(), server_default=sa.text("0"), nullable=False)
    if op.get_context().dialect.name == "postgresql":
        op.add_column("history_log_start", purges, if_not_exists=True)
    elif op.get_context().as_sql or not _has_purges():
        op.add_column("history_log_start", purges)


def downgrade() -> None:
    """Undo."""
    op.drop_column("history_log_start", "purges")


def _has_purges() -> bool:
    columns = op.get_bind().exec_driver_sql("PRAGMA table_info(history_log_start)")
    return any(column.name == "purges" for column in columns)
