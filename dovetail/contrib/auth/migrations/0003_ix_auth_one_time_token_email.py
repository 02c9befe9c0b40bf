"""Index of the addresses that one-time tokens were sent to.

Revision ID: auth_0003_ix_auth_one_time_token_email
Revises: auth_0002_user_bio
Depends on:
"""

from alembic import op

revision: str = "auth_0003_ix_auth_one_time_token_email"
down_revision: str | tuple[str, ...] | None = "auth_0002_user_bio"
branch_labels: str | tuple[str, ...] | None = None
depends_on: str | tuple[str, ...] | None = None


def upgrade() -> None:
    """Apply."""
    # lint: migrations.W001 - tokens live for hours, so the table is small
    with op.batch_alter_table("auth_one_time_token") as batch_op:
        batch_op.create_index(batch_op.f("ix_auth_one_time_token_email"), ["email"], unique=False)


def downgrade() -> None:
    """Undo."""
    with op.batch_alter_table("auth_one_time_token") as batch_op:
        batch_op.drop_index(batch_op.f("ix_auth_one_time_token_email"))
