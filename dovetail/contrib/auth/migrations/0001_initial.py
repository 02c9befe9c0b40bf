"""Initial.

Revision ID: auth_0001_initial
Revises:
Depends on:
"""

import sqlalchemy as sa
from alembic import op

from dovetail.database.column_types import utcnow

revision: str = "auth_0001_initial"
down_revision: str | tuple[str, ...] | None = None
branch_labels: str | tuple[str, ...] | None = ("auth",)
depends_on: str | tuple[str, ...] | None = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "auth_user",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("username", sa.String(length=150), nullable=False),
        sa.Column("email", sa.String(length=320), nullable=False),
        sa.Column("hashed_password", sa.String(length=1024), nullable=False),
        sa.Column("full_name", sa.String(length=200), server_default="", nullable=False),
        sa.Column("is_active", sa.Boolean(), server_default=sa.true(), nullable=False),
        sa.Column("is_verified", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("is_superuser", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=utcnow(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=utcnow(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_auth_user")),
    )
    with op.batch_alter_table("auth_user") as batch_op:
        batch_op.create_index("uq_auth_user_email_lower", [sa.literal_column("lower(email)")], unique=True)
        batch_op.create_index("uq_auth_user_username_lower", [sa.literal_column("lower(username)")], unique=True)

    op.create_table(
        "auth_access_token",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=utcnow(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["auth_user.id"], name=op.f("fk_auth_access_token_user_id_auth_user"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_auth_access_token")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_auth_access_token_token_hash")),
    )
    with op.batch_alter_table("auth_access_token") as batch_op:
        batch_op.create_index(batch_op.f("ix_auth_access_token_expires_at"), ["expires_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_auth_access_token_user_id"), ["user_id"], unique=False)

    op.create_table(
        "auth_one_time_token",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("purpose", sa.String(length=32), nullable=False),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("email", sa.String(length=320), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=utcnow(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["auth_user.id"], name=op.f("fk_auth_one_time_token_user_id_auth_user"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_auth_one_time_token")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_auth_one_time_token_token_hash")),
    )
    with op.batch_alter_table("auth_one_time_token") as batch_op:
        batch_op.create_index(batch_op.f("ix_auth_one_time_token_expires_at"), ["expires_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_auth_one_time_token_user_id"), ["user_id"], unique=False)


def downgrade() -> None:
    """Undo."""
    with op.batch_alter_table("auth_one_time_token") as batch_op:
        batch_op.drop_index(batch_op.f("ix_auth_one_time_token_user_id"))
        batch_op.drop_index(batch_op.f("ix_auth_one_time_token_expires_at"))

    op.drop_table("auth_one_time_token")
    with op.batch_alter_table("auth_access_token") as batch_op:
        batch_op.drop_index(batch_op.f("ix_auth_access_token_user_id"))
        batch_op.drop_index(batch_op.f("ix_auth_access_token_expires_at"))

    op.drop_table("auth_access_token")
    with op.batch_alter_table("auth_user") as batch_op:
        batch_op.drop_index("uq_auth_user_username_lower")
        batch_op.drop_index("uq_auth_user_email_lower")

    op.drop_table("auth_user")
