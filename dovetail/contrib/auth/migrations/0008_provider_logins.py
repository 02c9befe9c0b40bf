"""Logins at providers, and the accounts they are connected with.

Revision ID: auth_0008_provider_logins
Revises: auth_0007_factors
Depends on:
"""

import sqlalchemy as sa
from alembic import op

from dovetail.database.column_types import utcnow

revision: str = "auth_0008_provider_logins"
down_revision: str | tuple[str, ...] | None = "auth_0007_factors"
branch_labels: str | tuple[str, ...] | None = None
depends_on: str | tuple[str, ...] | None = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "auth_provider_login",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("state_hash", sa.String(length=64), nullable=False),
        sa.Column("browser_hash", sa.String(length=64), nullable=False),
        sa.Column("provider", sa.String(length=30), nullable=False),
        sa.Column("next", sa.String(length=2000), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=utcnow(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("is_back", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("failure", sa.String(length=500), server_default="", nullable=False),
        sa.Column("issuer", sa.String(length=1000), server_default="", nullable=False),
        sa.Column("subject", sa.String(length=255), server_default="", nullable=False),
        sa.Column("email", sa.String(length=320), server_default="", nullable=False),
        sa.Column("email_verified", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("username", sa.String(length=150), server_default="", nullable=False),
        sa.Column("full_name", sa.String(length=200), server_default="", nullable=False),
        sa.Column("second_factor", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("authenticated_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_auth_provider_login")),
        sa.UniqueConstraint("state_hash", name=op.f("uq_auth_provider_login_state_hash")),
    )
    with op.batch_alter_table("auth_provider_login") as batch_op:
        batch_op.create_index(batch_op.f("ix_auth_provider_login_browser_hash"), ["browser_hash"], unique=False)
        batch_op.create_index(batch_op.f("ix_auth_provider_login_expires_at"), ["expires_at"], unique=False)

    op.create_table(
        "auth_connected_login",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("issuer", sa.String(length=1000), nullable=False),
        sa.Column("subject", sa.String(length=255), nullable=False),
        sa.Column("provider", sa.String(length=30), nullable=False),
        sa.Column("email", sa.String(length=320), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=utcnow(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["auth_user.id"], name=op.f("fk_auth_connected_login_user_id_auth_user"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_auth_connected_login")),
        sa.UniqueConstraint("issuer", "subject", name=op.f("uq_auth_connected_login_issuer_subject")),
    )
    with op.batch_alter_table("auth_connected_login") as batch_op:
        batch_op.create_index(batch_op.f("ix_auth_connected_login_user_id"), ["user_id"], unique=False)


def downgrade() -> None:
    """Undo."""
    with op.batch_alter_table("auth_connected_login") as batch_op:
        batch_op.drop_index(batch_op.f("ix_auth_connected_login_user_id"))

    op.drop_table("auth_connected_login")
    with op.batch_alter_table("auth_provider_login") as batch_op:
        batch_op.drop_index(batch_op.f("ix_auth_provider_login_expires_at"))
        batch_op.drop_index(batch_op.f("ix_auth_provider_login_browser_hash"))

    op.drop_table("auth_provider_login")
