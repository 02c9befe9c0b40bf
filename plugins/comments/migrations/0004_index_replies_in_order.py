"""Index replies in order.

Revision ID: comments_0004_index_replies_in_order
Revises: comments_0003_never_reuse_keys
Depends on:
"""

from functools import partial

from alembic import op

revision: str = "comments_0004_index_replies_in_order"
down_revision: str | tuple[str, ...] | None = "comments_0003_never_reuse_keys"
branch_labels: str | tuple[str, ...] | None = None
depends_on: str | tuple[str, ...] | None = None

TABLE = "comments_comment"
create = partial(op.create_index, postgresql_concurrently=True, if_not_exists=True)
drop = partial(op.drop_index, postgresql_concurrently=True, if_exists=True)


def upgrade() -> None:
    """Apply."""
    with op.get_context().autocommit_block():
        create("ix_comments_comment_parent_id_created_at", TABLE, ["parent_id", "created_at"])
        drop("ix_comments_comment_parent_id", table_name=TABLE)


def downgrade() -> None:
    """Undo."""
    with op.get_context().autocommit_block():
        create("ix_comments_comment_parent_id", TABLE, ["parent_id"])
        drop("ix_comments_comment_parent_id_created_at", table_name=TABLE)
