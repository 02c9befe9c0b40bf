"""Sessions that hang on another one: of who acts as somebody else.

Revision ID: auth_0013_session_parent
Revises: auth_0012_refresh_tokens
Depends on:
"""

import sqlalchemy as sa
from alembic import op

revision: str = "auth_0013_session_parent"
down_revision: str | tuple[str, ...] | None = "auth_0012_refresh_tokens"
branch_labels: str | tuple[str, ...] | None = None
depends_on: str | tuple[str, ...] | None = None


def upgrade() -> None:
    """Apply."""
    with op.batch_alter_table("auth_session") as batch_op:
        batch_op.add_column(sa.Column("parent_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True))
        # lint: migrations.W001 - there are no more sessions than people who are logged in
        batch_op.create_index(batch_op.f("ix_auth_session_parent_id"), ["parent_id"], unique=False)
        # lint: migrations.W004 - as above
        batch_op.create_foreign_key(
            batch_op.f("fk_auth_session_parent_id_auth_session"),
            "auth_session",
            ["parent_id"],
            ["id"],
            ondelete="CASCADE",
        )


def downgrade() -> None:
    """Undo."""
    with op.batch_alter_table("auth_session") as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_auth_session_parent_id_auth_session"), type_="foreignkey")
        batch_op.drop_index(batch_op.f("ix_auth_session_parent_id"))
        batch_op.drop_column("parent_id")
