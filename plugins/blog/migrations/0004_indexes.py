"""Indexes: what lists are ordered by, the words of posts, and from a tag to its posts.

Revision ID: blog_0004_indexes
Revises: blog_0003_ix_blog_post_created_at
Depends on:
"""

from functools import partial

import sqlalchemy as sa
from alembic import op

revision: str = "blog_0004_indexes"
down_revision: str | tuple[str, ...] | None = "blog_0003_ix_blog_post_created_at"
branch_labels: str | tuple[str, ...] | None = None
depends_on: str | tuple[str, ...] | None = None

WORDS: sa.ColumnElement[str] = sa.literal_column(
    "to_tsvector('simple'::regconfig, translate(coalesce(title, '') || ' ' || coalesce(content, ''), "
    "'!\"#$%&''()*+,-./:;<=>?@[\\]^_`{|}~', '                                '))"
)
NEWEST: list[str | sa.ColumnElement[str]] = [
    "is_published",
    sa.literal_column("created_at DESC"),
    sa.literal_column("id DESC"),
]
create = partial(op.create_index, postgresql_concurrently=True, if_not_exists=True)
drop = partial(op.drop_index, postgresql_concurrently=True, if_exists=True)


def upgrade() -> None:
    """Apply."""
    with op.get_context().autocommit_block():
        create("ix_blog_post_is_published_created_at_id", "blog_post", NEWEST)
        create("ix_blog_post_title", "blog_post", ["title"])
        create("ix_blog_post_updated_at", "blog_post", ["updated_at"])
        create("ix_blog_post_view_count", "blog_post", ["view_count"])
        create("ix_blog_post_search", "blog_post", [WORDS], postgresql_using="gin")
        create("ix_blog_post_tag_tag_id_post_id", "blog_post_tag", ["tag_id", "post_id"])
        drop("ix_blog_post_tag_tag_id", table_name="blog_post_tag")


def downgrade() -> None:
    """Undo."""
    with op.get_context().autocommit_block():
        create("ix_blog_post_tag_tag_id", "blog_post_tag", ["tag_id"])
        drop("ix_blog_post_tag_tag_id_post_id", table_name="blog_post_tag")
        drop("ix_blog_post_search", table_name="blog_post", postgresql_using="gin")
        for column in ("view_count", "updated_at", "title", "is_published_created_at_id"):
            drop(f"ix_blog_post_{column}", table_name="blog_post")
