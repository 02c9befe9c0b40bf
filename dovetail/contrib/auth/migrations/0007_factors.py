"""Authenticator apps, passkeys, recovery codes, and challenges to answer with them.

Revision ID: auth_0007_factors
Revises: auth_0006_security_events
Depends on:
"""

import sqlalchemy as sa
from alembic import op

from dovetail.database.column_types import utcnow

revision: str = "auth_0007_factors"
down_revision: str | tuple[str, ...] | None = "auth_0006_security_events"
branch_labels: str | tuple[str, ...] | None = None
depends_on: str | tuple[str, ...] | None = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "auth_challenge",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("purpose", sa.String(length=32), nullable=False),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("method", sa.String(length=50), server_default="", nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=utcnow(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["auth_user.id"], name=op.f("fk_auth_challenge_user_id_auth_user"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_auth_challenge")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_auth_challenge_token_hash")),
    )
    with op.batch_alter_table("auth_challenge") as batch_op:
        batch_op.create_index(batch_op.f("ix_auth_challenge_expires_at"), ["expires_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_auth_challenge_user_id"), ["user_id"], unique=False)

    op.create_table(
        "auth_passkey",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("user_handle", sa.String(length=86), nullable=False),
        sa.Column("credential_id", sa.String(length=1364), nullable=False),
        sa.Column("public_key", sa.Text(), nullable=False),
        sa.Column("sign_count", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("transports", sa.String(length=200), server_default="", nullable=False),
        sa.Column("aaguid", sa.String(length=36), server_default="", nullable=False),
        sa.Column("is_backed_up", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=utcnow(), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"], ["auth_user.id"], name=op.f("fk_auth_passkey_user_id_auth_user"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_auth_passkey")),
        sa.UniqueConstraint("credential_id", name=op.f("uq_auth_passkey_credential_id")),
    )
    with op.batch_alter_table("auth_passkey") as batch_op:
        batch_op.create_index(batch_op.f("ix_auth_passkey_user_id"), ["user_id"], unique=False)

    op.create_table(
        "auth_recovery_code",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("code_hash", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=utcnow(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["auth_user.id"], name=op.f("fk_auth_recovery_code_user_id_auth_user"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_auth_recovery_code")),
        sa.UniqueConstraint("code_hash", name=op.f("uq_auth_recovery_code_code_hash")),
    )
    with op.batch_alter_table("auth_recovery_code") as batch_op:
        batch_op.create_index(batch_op.f("ix_auth_recovery_code_user_id"), ["user_id"], unique=False)

    op.create_table(
        "auth_totp",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("secret", sa.String(length=255), nullable=False),
        sa.Column("last_step", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=utcnow(), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"], ["auth_user.id"], name=op.f("fk_auth_totp_user_id_auth_user"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_auth_totp")),
    )
    with op.batch_alter_table("auth_totp") as batch_op:
        batch_op.create_index(batch_op.f("ix_auth_totp_user_id"), ["user_id"], unique=False)

    # Not in a batch, which cannot write sa.false() for SQLite when it only prints the statements.
    op.add_column("auth_user", sa.Column("has_second_factor", sa.Boolean(), server_default=sa.false(), nullable=False))


def downgrade() -> None:
    """Undo."""
    with op.batch_alter_table("auth_user") as batch_op:
        batch_op.drop_column("has_second_factor")

    with op.batch_alter_table("auth_totp") as batch_op:
        batch_op.drop_index(batch_op.f("ix_auth_totp_user_id"))

    op.drop_table("auth_totp")
    with op.batch_alter_table("auth_recovery_code") as batch_op:
        batch_op.drop_index(batch_op.f("ix_auth_recovery_code_user_id"))

    op.drop_table("auth_recovery_code")
    with op.batch_alter_table("auth_passkey") as batch_op:
        batch_op.drop_index(batch_op.f("ix_auth_passkey_user_id"))

    op.drop_table("auth_passkey")
    with op.batch_alter_table("auth_challenge") as batch_op:
        batch_op.drop_index(batch_op.f("ix_auth_challenge_user_id"))
        batch_op.drop_index(batch_op.f("ix_auth_challenge_expires_at"))

    op.drop_table("auth_challenge")
