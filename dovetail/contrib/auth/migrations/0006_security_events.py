"""Security events.

Revision ID: auth_0006_security_events
Revises: auth_0005_sessions
Depends on:
"""

import sqlalchemy as sa
from alembic import op

from dovetail.database.column_types import utcnow

revision: str = "auth_0006_security_events"
down_revision: str | tuple[str, ...] | None = "auth_0005_sessions"
branch_labels: str | tuple[str, ...] | None = None
depends_on: str | tuple[str, ...] | None = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "auth_security_event",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=utcnow(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("username", sa.String(length=150), server_default="", nullable=False),
        sa.Column("actor_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("actor_name", sa.String(length=150), server_default="", nullable=False),
        sa.Column("address", sa.String(length=64), server_default="", nullable=False),
        sa.Column("user_agent", sa.String(length=200), server_default="", nullable=False),
        sa.Column("request_id", sa.String(length=128), server_default="", nullable=False),
        sa.Column("detail", sa.String(length=500), server_default="", nullable=False),
        sa.Column("times", sa.Integer(), server_default="1", nullable=False),
        sa.ForeignKeyConstraint(
            ["actor_id"], ["auth_user.id"], name=op.f("fk_auth_security_event_actor_id_auth_user"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["auth_user.id"], name=op.f("fk_auth_security_event_user_id_auth_user"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_auth_security_event")),
    )
    with op.batch_alter_table("auth_security_event") as batch_op:
        batch_op.create_index("ix_auth_security_event_actor_id_id", ["actor_id", "id"], unique=False)
        batch_op.create_index("ix_auth_security_event_address_id", ["address", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_auth_security_event_created_at"), ["created_at"], unique=False)
        batch_op.create_index("ix_auth_security_event_kind_id", ["kind", "id"], unique=False)
        batch_op.create_index("ix_auth_security_event_user_id_id", ["user_id", "id"], unique=False)


def downgrade() -> None:
    """Undo."""
    with op.batch_alter_table("auth_security_event") as batch_op:
        batch_op.drop_index("ix_auth_security_event_user_id_id")
        batch_op.drop_index("ix_auth_security_event_kind_id")
        batch_op.drop_index(batch_op.f("ix_auth_security_event_created_at"))
        batch_op.drop_index("ix_auth_security_event_address_id")
        batch_op.drop_index("ix_auth_security_event_actor_id_id")

    op.drop_table("auth_security_event")
