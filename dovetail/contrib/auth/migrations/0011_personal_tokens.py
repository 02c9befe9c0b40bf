"""Personal tokens, and the permissions that they are limited to.

Revision ID: auth_0011_personal_tokens
Revises: auth_0010_session_rights
Depends on:
"""

import sqlalchemy as sa
from alembic import op

from dovetail.database.column_types import utcnow

revision: str = "auth_0011_personal_tokens"
down_revision: str | tuple[str, ...] | None = "auth_0010_session_rights"
branch_labels: str | tuple[str, ...] | None = None
depends_on: str | tuple[str, ...] | None = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "auth_personal_token",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("hint", sa.String(length=10), nullable=False),
        sa.Column("is_limited", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=utcnow(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"], ["auth_user.id"], name=op.f("fk_auth_personal_token_user_id_auth_user"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_auth_personal_token")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_auth_personal_token_token_hash")),
    )
    with op.batch_alter_table("auth_personal_token") as batch_op:
        batch_op.create_index(batch_op.f("ix_auth_personal_token_expires_at"), ["expires_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_auth_personal_token_user_id"), ["user_id"], unique=False)

    op.create_table(
        "auth_token_scope",
        sa.Column("personal_token_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("permission_name", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(
            ["permission_name"],
            ["auth_permission.name"],
            name=op.f("fk_auth_token_scope_permission_name_auth_permission"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["personal_token_id"],
            ["auth_personal_token.id"],
            name=op.f("fk_auth_token_scope_personal_token_id_auth_personal_token"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("personal_token_id", "permission_name", name=op.f("pk_auth_token_scope")),
    )
    with op.batch_alter_table("auth_token_scope") as batch_op:
        batch_op.create_index(
            "ix_auth_token_scope_permission_name_personal_token_id",
            ["permission_name", "personal_token_id"],
            unique=False,
        )


def downgrade() -> None:
    """Undo."""
    with op.batch_alter_table("auth_token_scope") as batch_op:
        batch_op.drop_index("ix_auth_token_scope_permission_name_personal_token_id")

    op.drop_table("auth_token_scope")
    with op.batch_alter_table("auth_personal_token") as batch_op:
        batch_op.drop_index(batch_op.f("ix_auth_personal_token_user_id"))
        batch_op.drop_index(batch_op.f("ix_auth_personal_token_expires_at"))

    op.drop_table("auth_personal_token")
