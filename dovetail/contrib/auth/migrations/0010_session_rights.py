"""The rights of the user of a session, as a hash: their token changes when it does.

Revision ID: auth_0010_session_rights
Revises: auth_0009_outgoing_mail
Depends on:
"""

import sqlalchemy as sa
from alembic import op

revision: str = "auth_0010_session_rights"
down_revision: str | tuple[str, ...] | None = "auth_0009_outgoing_mail"
branch_labels: str | tuple[str, ...] | None = None
depends_on: str | tuple[str, ...] | None = None


def upgrade() -> None:
    """Apply."""
    op.add_column("auth_session", sa.Column("rights", sa.String(length=64), server_default="", nullable=False))


def downgrade() -> None:
    """Undo."""
    with op.batch_alter_table("auth_session") as batch_op:
        batch_op.drop_column("rights")
