"""Initial.

Revision ID: history_0001_initial
Revises:
Depends on:
"""

import sqlalchemy as sa
from alembic import op

from dovetail.database.column_types import utcnow

revision: str = "history_0001_initial"
down_revision: str | tuple[str, ...] | None = None
branch_labels: str | tuple[str, ...] | None = ("history",)
depends_on: str | tuple[str, ...] | None = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "history_change",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=utcnow(), nullable=False),
        sa.Column("transaction", sa.BigInteger(), nullable=False),
        sa.Column("action", sa.String(length=32), nullable=False),
        sa.Column("model", sa.String(length=200), nullable=False),
        sa.Column("object_key", sa.Text(), nullable=False),
        sa.Column("before", sa.JSON(), nullable=False),
        sa.Column("after", sa.JSON(), nullable=False),
        sa.Column("door", sa.String(length=32), nullable=False),
        sa.Column("via", sa.String(length=200), server_default="", nullable=False),
        sa.Column("actor_id", sa.BigInteger(), nullable=True),
        sa.Column("actor_name", sa.String(length=150), server_default="", nullable=False),
        sa.Column("address", sa.String(length=64), server_default="", nullable=False),
        sa.Column("request_id", sa.String(length=128), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_history_change")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("history_change") as batch_op:
        batch_op.create_index(batch_op.f("ix_history_change_created_at"), ["created_at"], unique=False)
        batch_op.create_index("ix_history_change_model_object_key_id", ["model", "object_key", "id"], unique=False)
        batch_op.create_index("ix_history_change_transaction_id", ["transaction", "id"], unique=False)


def downgrade() -> None:
    """Undo."""
    with op.batch_alter_table("history_change") as batch_op:
        batch_op.drop_index("ix_history_change_transaction_id")
        batch_op.drop_index("ix_history_change_model_object_key_id")
        batch_op.drop_index(batch_op.f("ix_history_change_created_at"))

    op.drop_table("history_change")
