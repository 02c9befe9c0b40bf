"""Initial.

Revision ID: idempotency_0001_initial
Revises:
Depends on:
"""

import sqlalchemy as sa
from alembic import op

from dovetail.database.column_types import utcnow

revision: str = "idempotency_0001_initial"
down_revision: str | tuple[str, ...] | None = None
branch_labels: str | tuple[str, ...] | None = ("idempotency",)
depends_on: str | tuple[str, ...] | None = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "idempotency_answer",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("owner", sa.String(length=64), nullable=False),
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("headers", sa.JSON(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=utcnow(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_idempotency_answer")),
        sa.UniqueConstraint("owner", "key", name=op.f("uq_idempotency_answer_owner_key")),
    )
    with op.batch_alter_table("idempotency_answer") as batch_op:
        batch_op.create_index(batch_op.f("ix_idempotency_answer_created_at"), ["created_at"], unique=False)


def downgrade() -> None:
    """Undo."""
    with op.batch_alter_table("idempotency_answer") as batch_op:
        batch_op.drop_index(batch_op.f("ix_idempotency_answer_created_at"))

    op.drop_table("idempotency_answer")
