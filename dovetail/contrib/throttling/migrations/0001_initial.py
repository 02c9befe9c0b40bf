"""Initial.

Revision ID: throttling_0001_initial
Revises:
Depends on:
"""

import sqlalchemy as sa
from alembic import op

revision: str = "throttling_0001_initial"
down_revision: str | tuple[str, ...] | None = None
branch_labels: str | tuple[str, ...] | None = ("throttling",)
depends_on: str | tuple[str, ...] | None = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "throttling_bucket",
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.Column("span", sa.BigInteger(), nullable=False),
        sa.Column("hits", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("refused", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_throttling_bucket")),
    )
    with op.batch_alter_table("throttling_bucket") as batch_op:
        batch_op.create_index(batch_op.f("ix_throttling_bucket_until"), ["until"], unique=False)


def downgrade() -> None:
    """Undo."""
    with op.batch_alter_table("throttling_bucket") as batch_op:
        batch_op.drop_index(batch_op.f("ix_throttling_bucket_until"))

    op.drop_table("throttling_bucket")
