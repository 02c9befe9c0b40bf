"""Index replies alone: SQLite took an index with all comments for useless where most are no replies.

Revision ID: comments_0007_index_replies_alone
Revises: comments_0006_stored_words
Depends on:
"""

from functools import partial

import sqlalchemy as sa
from alembic import op

revision: str = "comments_0007_index_replies_alone"
down_revision: str | tuple[str, ...] | None = "comments_0006_stored_words"
branch_labels: str | tuple[str, ...] | None = None
depends_on: str | tuple[str, ...] | None = None

TABLE, COLUMNS = "comments_comment", ["parent_id", "created_at"]
IS_REPLY = sa.text("parent_id IS NOT NULL")
create = partial(op.create_index, postgresql_concurrently=True, if_not_exists=True)
drop = partial(op.drop_index, table_name=TABLE, postgresql_concurrently=True, if_exists=True)


def upgrade() -> None:
    """Apply."""
    with op.get_context().autocommit_block():
        create("ix_comments_comment_replies", TABLE, COLUMNS, sqlite_where=IS_REPLY, postgresql_where=IS_REPLY)
        drop("ix_comments_comment_parent_id_created_at")


def downgrade() -> None:
    """Undo."""
    with op.get_context().autocommit_block():
        create("ix_comments_comment_parent_id_created_at", TABLE, COLUMNS)
        drop("ix_comments_comment_replies")
