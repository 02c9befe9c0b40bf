"""Mail that is on its way, and addresses that are somebody's only once they are proved.

Revision ID: auth_0009_outgoing_mail
Revises: auth_0008_provider_logins
Depends on:
"""

import sqlalchemy as sa
from alembic import op

from dovetail.database.column_types import utcnow

# lint: migrations.W001 - few sites have so many users that two indexes take more than a moment
revision: str = "auth_0009_outgoing_mail"
down_revision: str | tuple[str, ...] | None = "auth_0008_provider_logins"
branch_labels: str | tuple[str, ...] | None = None
depends_on: str | tuple[str, ...] | None = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "auth_outgoing_mail",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("to", sa.String(length=320), nullable=False),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("body", sa.Text(), server_default="", nullable=False),
        sa.Column("nonce", sa.String(length=64), server_default="", nullable=False),
        sa.Column("has_token", sa.Boolean(), nullable=False),
        sa.Column("asked_from", sa.Text(), server_default="", nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("error", sa.String(length=300), server_default="", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=utcnow(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["auth_user.id"], name=op.f("fk_auth_outgoing_mail_user_id_auth_user"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_auth_outgoing_mail")),
    )
    with op.batch_alter_table("auth_outgoing_mail") as batch_op:
        batch_op.create_index(batch_op.f("ix_auth_outgoing_mail_due_at"), ["due_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_auth_outgoing_mail_user_id"), ["user_id"], unique=False)

    op.drop_index("uq_auth_user_email_lower", table_name="auth_user")
    op.create_index(
        "uq_auth_user_email_proved",
        "auth_user",
        [sa.literal_column("lower(email)")],
        unique=True,
        postgresql_where=sa.text("is_verified"),
        sqlite_where=sa.text("is_verified"),
    )
    op.create_index("ix_auth_user_email_lower", "auth_user", [sa.literal_column("lower(email)")])


def downgrade() -> None:
    """Undo."""
    # Of several who entered an address, it stays with the one who proved it, or else with the first.
    op.execute(
        "UPDATE auth_user SET email = 'user' || id || '@shared.invalid' WHERE NOT is_verified AND EXISTS ("
        "SELECT 1 FROM auth_user AS other WHERE lower(other.email) = lower(auth_user.email) "
        "AND other.id != auth_user.id AND (other.is_verified OR other.id < auth_user.id))"
    )
    op.drop_index("ix_auth_user_email_lower", table_name="auth_user")
    op.drop_index("uq_auth_user_email_proved", table_name="auth_user")
    op.create_index("uq_auth_user_email_lower", "auth_user", [sa.literal_column("lower(email)")], unique=True)
    with op.batch_alter_table("auth_outgoing_mail") as batch_op:
        batch_op.drop_index(batch_op.f("ix_auth_outgoing_mail_user_id"))
        batch_op.drop_index(batch_op.f("ix_auth_outgoing_mail_due_at"))

    op.drop_table("auth_outgoing_mail")
