"""Groups, permissions, and staff who are no superusers.

Revision ID: auth_0004_groups_and_permissions
Revises: auth_0003_ix_auth_one_time_token_email
Depends on:
"""

import sqlalchemy as sa
from alembic import op

revision: str = "auth_0004_groups_and_permissions"
down_revision: str | tuple[str, ...] | None = "auth_0003_ix_auth_one_time_token_email"
branch_labels: str | tuple[str, ...] | None = None
depends_on: str | tuple[str, ...] | None = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "auth_group",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(length=150), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_auth_group")),
    )
    with op.batch_alter_table("auth_group") as batch_op:
        batch_op.create_index("uq_auth_group_name_lower", [sa.literal_column("lower(name)")], unique=True)

    op.create_table(
        "auth_permission",
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("plugin", sa.String(length=100), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_auth_permission")),
    )
    with op.batch_alter_table("auth_permission") as batch_op:
        batch_op.create_index(batch_op.f("ix_auth_permission_plugin"), ["plugin"], unique=False)

    op.create_table(
        "auth_group_permission",
        sa.Column("group_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("permission_name", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(
            ["group_id"],
            ["auth_group.id"],
            name=op.f("fk_auth_group_permission_group_id_auth_group"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["permission_name"],
            ["auth_permission.name"],
            name=op.f("fk_auth_group_permission_permission_name_auth_permission"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("group_id", "permission_name", name=op.f("pk_auth_group_permission")),
    )
    with op.batch_alter_table("auth_group_permission") as batch_op:
        batch_op.create_index(
            "ix_auth_group_permission_permission_name_group_id", ["permission_name", "group_id"], unique=False
        )

    op.create_table(
        "auth_user_group",
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("group_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(
            ["group_id"], ["auth_group.id"], name=op.f("fk_auth_user_group_group_id_auth_group"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["auth_user.id"], name=op.f("fk_auth_user_group_user_id_auth_user"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("user_id", "group_id", name=op.f("pk_auth_user_group")),
    )
    with op.batch_alter_table("auth_user_group") as batch_op:
        batch_op.create_index("ix_auth_user_group_group_id_user_id", ["group_id", "user_id"], unique=False)

    op.create_table(
        "auth_user_permission",
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("permission_name", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(
            ["permission_name"],
            ["auth_permission.name"],
            name=op.f("fk_auth_user_permission_permission_name_auth_permission"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["auth_user.id"], name=op.f("fk_auth_user_permission_user_id_auth_user"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("user_id", "permission_name", name=op.f("pk_auth_user_permission")),
    )
    with op.batch_alter_table("auth_user_permission") as batch_op:
        batch_op.create_index(
            "ix_auth_user_permission_permission_name_user_id", ["permission_name", "user_id"], unique=False
        )

    # Not in a batch, which would make SQLite's table anew for this default, and cannot be written as SQL.
    op.add_column("auth_user", sa.Column("is_staff", sa.Boolean(), server_default=sa.false(), nullable=False))

    # Until now staff were the superusers.
    op.execute("UPDATE auth_user SET is_staff = is_superuser")


def downgrade() -> None:
    """Undo."""
    with op.batch_alter_table("auth_user") as batch_op:
        batch_op.drop_column("is_staff")

    with op.batch_alter_table("auth_user_permission") as batch_op:
        batch_op.drop_index("ix_auth_user_permission_permission_name_user_id")

    op.drop_table("auth_user_permission")
    with op.batch_alter_table("auth_user_group") as batch_op:
        batch_op.drop_index("ix_auth_user_group_group_id_user_id")

    op.drop_table("auth_user_group")
    with op.batch_alter_table("auth_group_permission") as batch_op:
        batch_op.drop_index("ix_auth_group_permission_permission_name_group_id")

    op.drop_table("auth_group_permission")
    with op.batch_alter_table("auth_permission") as batch_op:
        batch_op.drop_index(batch_op.f("ix_auth_permission_plugin"))

    op.drop_table("auth_permission")
    with op.batch_alter_table("auth_group") as batch_op:
        batch_op.drop_index("uq_auth_group_name_lower")

    op.drop_table("auth_group")
