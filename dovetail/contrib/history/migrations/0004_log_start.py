"""A row that says which log this is and up to where it was purged, for readers of the feed.

Revision ID: history_0004_log_start
Revises: history_0003_fewer_indexes
Depends on:
"""

import sqlalchemy as sa
from alembic import op

revision: str = "history_0004_log_start"
down_revision: str | tuple[str, ...] | None = "history_0003_fewer_indexes"
branch_labels: str | tuple[str, ...] | None = None
depends_on: str | tuple[str, ...] | None = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "history_log_start",
        sa.Column("log", sa.String(length=32), nullable=False),
        sa.Column("transaction", sa.BigInteger(), server_default=sa.text("-9223372036854775808"), nullable=False),
        sa.Column("change_id", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.PrimaryKeyConstraint("log", name=op.f("pk_history_log_start")),
    )


def downgrade() -> None:
    """Undo."""
    op.drop_table("history_log_start")
