"""Indexes: what lists are ordered by, and the words of comments.

Revision ID: comments_0002_indexes
Revises: comments_0001_initial
Depends on:
"""

from functools import partial

import sqlalchemy as sa
from alembic import op

revision: str = "comments_0002_indexes"
down_revision: str | tuple[str, ...] | None = "comments_0001_initial"
branch_labels: str | tuple[str, ...] | None = None
depends_on: str | tuple[str, ...] | None = None

TABLE = "comments_comment"
WORDS: sa.ColumnElement[str] = sa.literal_column(
    "to_tsvector('simple'::regconfig, translate(coalesce(content, ''), "
    "'!\"#$%&''()*+,-./:;<=>?@[\\]^_`{|}~', '                                '))"
)
create = partial(op.create_index, postgresql_concurrently=True, if_not_exists=True)
drop = partial(op.drop_index, postgresql_concurrently=True, if_exists=True)


def upgrade() -> None:
    """Apply."""
    with op.get_context().autocommit_block():
        create("ix_comments_comment_created_at", TABLE, ["created_at"])
        create("ix_comments_comment_post_id_created_at_id", TABLE, ["post_id", "created_at", "id"])
        create("ix_comments_comment_status_created_at", TABLE, ["status", "created_at"])
        create("ix_comments_comment_search", TABLE, [WORDS], postgresql_using="gin")


def downgrade() -> None:
    """Undo."""
    with op.get_context().autocommit_block():
        drop("ix_comments_comment_search", table_name=TABLE, postgresql_using="gin")
        for columns in ("status_created_at", "post_id_created_at_id", "created_at"):
            drop(f"ix_comments_comment_{columns}", table_name=TABLE)
