"""Never reuse keys.

Revision ID: idempotency_0002_never_reuse_keys
Revises: idempotency_0001_initial
Depends on:
"""

from alembic import op

revision: str = "idempotency_0002_never_reuse_keys"
down_revision: str | tuple[str, ...] | None = "idempotency_0001_initial"
branch_labels: str | tuple[str, ...] | None = None
depends_on: str | tuple[str, ...] | None = None


def upgrade() -> None:
    """Apply."""
    with op.batch_alter_table("idempotency_answer", table_kwargs={"sqlite_autoincrement": True}):
        pass


def downgrade() -> None:
    """Undo."""
    with op.batch_alter_table("idempotency_answer", table_kwargs={"sqlite_autoincrement": False}):
        pass
