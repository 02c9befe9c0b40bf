"""Keep the words of comments, which PostgreSQL told anew from the whole text at every change of a row.

PostgreSQL writes the table anew, which nobody reads or writes meanwhile.
The old index goes before that, so that it is not made anew as well; the new one is made beside readers and writers.

Revision ID: comments_0006_stored_words
Revises: comments_0005_cheaper_words
Depends on:
"""

from functools import partial

import sqlalchemy as sa
from alembic import op

# lint: migrations.W007 - words are kept where PostgreSQL itself makes them anew with their text

revision: str = "comments_0006_stored_words"
down_revision: str | tuple[str, ...] | None = "comments_0005_cheaper_words"
branch_labels: str | tuple[str, ...] | None = None
depends_on: str | tuple[str, ...] | None = None

TABLE, INDEX = "comments_comment", "ix_comments_comment_search"
WORDS = "to_tsvector('simple'::regconfig, regexp_replace({}, '[]!\"#$%&''()*+,./:;<=>?@[\\\\^_`{{|}}~-]+', ' ', 'g'))"
NEW: sa.ColumnElement[str] = sa.literal_column("content__simple_words")
OLD: sa.ColumnElement[str] = sa.literal_column(WORDS.format("coalesce(content, '')"))
create = partial(op.create_index, postgresql_using="gin", postgresql_concurrently=True, if_not_exists=True)
drop = partial(op.drop_index, postgresql_using="gin", postgresql_concurrently=True, if_exists=True)


def upgrade() -> None:
    """Apply."""
    replace_index(NEW)


def downgrade() -> None:
    """Undo."""
    replace_index(OLD)


def replace_index(words: sa.ColumnElement[str]) -> None:
    """Make the index of PostgreSQL anew, with the words that it reads; SQLite's table of words is as it was."""
    if op.get_context().dialect.name != "postgresql":
        return
    with op.get_context().autocommit_block():
        drop(INDEX, table_name=TABLE)
        create(INDEX, TABLE, [words])
