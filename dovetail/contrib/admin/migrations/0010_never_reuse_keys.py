"""Never reuse keys.

Revision ID: admin_0010_never_reuse_keys
Revises: admin_0009_languages
Depends on:
"""

from alembic import op

revision: str = "admin_0010_never_reuse_keys"
down_revision: str | tuple[str, ...] | None = "admin_0009_languages"
branch_labels: str | tuple[str, ...] | None = None
depends_on: str | tuple[str, ...] | None = None


def upgrade() -> None:
    """Apply."""
    with op.batch_alter_table("admin_kept_form", table_kwargs={"sqlite_autoincrement": True}):
        pass

    with op.batch_alter_table("admin_form_draft", table_kwargs={"sqlite_autoincrement": True}):
        pass

    with op.batch_alter_table("admin_saved_view", table_kwargs={"sqlite_autoincrement": True}):
        pass

    with op.batch_alter_table("admin_imported_table", table_kwargs={"sqlite_autoincrement": True}):
        pass


def downgrade() -> None:
    """Undo."""
    with op.batch_alter_table("admin_imported_table", table_kwargs={"sqlite_autoincrement": False}):
        pass

    with op.batch_alter_table("admin_saved_view", table_kwargs={"sqlite_autoincrement": False}):
        pass

    with op.batch_alter_table("admin_form_draft", table_kwargs={"sqlite_autoincrement": False}):
        pass

    with op.batch_alter_table("admin_kept_form", table_kwargs={"sqlite_autoincrement": False}):
        pass
