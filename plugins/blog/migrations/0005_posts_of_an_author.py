"""An author's posts in the order of their lists.

Revision ID: blog_0005_posts_of_an_author
Revises: blog_0004_indexes
Depends on:
"""

from functools import partial

import sqlalchemy as sa
from alembic import op

revision: str = "blog_0005_posts_of_an_author"
down_revision: str | tuple[str, ...] | None = "blog_0004_indexes"
branch_labels: str | tuple[str, ...] | None = None
depends_on: str | tuple[str, ...] | None = None

NEWEST: list[str | sa.ColumnElement[str]] = [
    "author_id",
    sa.literal_column("created_at DESC"),
    sa.literal_column("id DESC"),
]
create = partial(op.create_index, postgresql_concurrently=True, if_not_exists=True)
drop = partial(op.drop_index, postgresql_concurrently=True, if_exists=True)


def upgrade() -> None:
    """Apply."""
    with op.get_context().autocommit_block():
        create("ix_blog_post_author_id_created_at_id", "blog_post", NEWEST)
        drop("ix_blog_post_author_id", table_name="blog_post")


def downgrade() -> None:
    """Undo."""
    with op.get_context().autocommit_block():
        create("ix_blog_post_author_id", "blog_post", ["author_id"])
        drop("ix_blog_post_author_id_created_at_id", table_name="blog_post")
