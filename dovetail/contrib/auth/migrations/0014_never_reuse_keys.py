"""Never reuse keys.

Revision ID: auth_0014_never_reuse_keys
Revises: auth_0013_session_parent
Depends on:
"""

from alembic import op

revision: str = "auth_0014_never_reuse_keys"
down_revision: str | tuple[str, ...] | None = "auth_0013_session_parent"
branch_labels: str | tuple[str, ...] | None = None
depends_on: str | tuple[str, ...] | None = None


def upgrade() -> None:
    """Apply."""
    with op.batch_alter_table("auth_group", table_kwargs={"sqlite_autoincrement": True}):
        pass

    with op.batch_alter_table("auth_user", table_kwargs={"sqlite_autoincrement": True}):
        pass

    with op.batch_alter_table("auth_one_time_token", table_kwargs={"sqlite_autoincrement": True}):
        pass

    with op.batch_alter_table("auth_session", table_kwargs={"sqlite_autoincrement": True}):
        pass

    with op.batch_alter_table("auth_refresh_token", table_kwargs={"sqlite_autoincrement": True}):
        pass

    with op.batch_alter_table("auth_personal_token", table_kwargs={"sqlite_autoincrement": True}):
        pass

    with op.batch_alter_table("auth_security_event", table_kwargs={"sqlite_autoincrement": True}):
        pass

    with op.batch_alter_table("auth_totp", table_kwargs={"sqlite_autoincrement": True}):
        pass

    with op.batch_alter_table("auth_passkey", table_kwargs={"sqlite_autoincrement": True}):
        pass

    with op.batch_alter_table("auth_recovery_code", table_kwargs={"sqlite_autoincrement": True}):
        pass

    with op.batch_alter_table("auth_challenge", table_kwargs={"sqlite_autoincrement": True}):
        pass

    with op.batch_alter_table("auth_connected_login", table_kwargs={"sqlite_autoincrement": True}):
        pass

    with op.batch_alter_table("auth_provider_login", table_kwargs={"sqlite_autoincrement": True}):
        pass

    with op.batch_alter_table("auth_outgoing_mail", table_kwargs={"sqlite_autoincrement": True}):
        pass


def downgrade() -> None:
    """Undo."""
    with op.batch_alter_table("auth_outgoing_mail", table_kwargs={"sqlite_autoincrement": False}):
        pass

    with op.batch_alter_table("auth_provider_login", table_kwargs={"sqlite_autoincrement": False}):
        pass

    with op.batch_alter_table("auth_connected_login", table_kwargs={"sqlite_autoincrement": False}):
        pass

    with op.batch_alter_table("auth_challenge", table_kwargs={"sqlite_autoincrement": False}):
        pass

    with op.batch_alter_table("auth_recovery_code", table_kwargs={"sqlite_autoincrement": False}):
        pass

    with op.batch_alter_table("auth_passkey", table_kwargs={"sqlite_autoincrement": False}):
        pass

    with op.batch_alter_table("auth_totp", table_kwargs={"sqlite_autoincrement": False}):
        pass

    with op.batch_alter_table("auth_security_event", table_kwargs={"sqlite_autoincrement": False}):
        pass

    with op.batch_alter_table("auth_personal_token", table_kwargs={"sqlite_autoincrement": False}):
        pass

    with op.batch_alter_table("auth_refresh_token", table_kwargs={"sqlite_autoincrement": False}):
        pass

    with op.batch_alter_table("auth_session", table_kwargs={"sqlite_autoincrement": False}):
        pass

    with op.batch_alter_table("auth_one_time_token", table_kwargs={"sqlite_autoincrement": False}):
        pass

    with op.batch_alter_table("auth_user", table_kwargs={"sqlite_autoincrement": False}):
        pass

    with op.batch_alter_table("auth_group", table_kwargs={"sqlite_autoincrement": False}):
        pass
