"""Other keys for the tags that no published post carries: those that were counted up tell that they were there before.

Revision ID: blog_0006_keys_of_hidden_tags
Revises: blog_0005_posts_of_an_author
Depends on:
"""

from alembic import op

from dovetail.database.column_types import random_key

revision: str = "blog_0006_keys_of_hidden_tags"
down_revision: str | tuple[str, ...] | None = "blog_0005_posts_of_an_author"
branch_labels: str | tuple[str, ...] | None = None
depends_on: str | tuple[str, ...] | None = None

HIDDEN = """
SELECT id, {key} AS new_id, name FROM blog_tag WHERE NOT EXISTS (
    SELECT 1 FROM blog_post_tag JOIN blog_post ON blog_post.id = blog_post_tag.post_id
    WHERE blog_post_tag.tag_id = blog_tag.id AND blog_post.is_published
)
"""
MOVE_LINKS = """
UPDATE blog_post_tag SET tag_id = (SELECT new_id FROM blog_moved_tag WHERE id = tag_id)
WHERE tag_id IN (SELECT id FROM blog_moved_tag)
"""
NAME_COPIES = """
UPDATE blog_tag SET name = (SELECT name FROM blog_moved_tag WHERE new_id = blog_tag.id)
WHERE id IN (SELECT new_id FROM blog_moved_tag)
"""


def upgrade() -> None:
    """Apply."""
    key = str(random_key().compile(dialect=op.get_context().dialect)).replace(":", r"\:")
    op.execute(f"CREATE TABLE blog_moved_tag AS {HIDDEN.format(key=key)}")
    # No two tags have one name, and none begins with a space: that of a copy does until the first one is gone.
    op.execute("INSERT INTO blog_tag (id, name) SELECT new_id, ' ' || id FROM blog_moved_tag")
    op.execute(MOVE_LINKS)
    op.execute("DELETE FROM blog_tag WHERE id IN (SELECT id FROM blog_moved_tag)")
    op.execute(NAME_COPIES)
    op.execute("DROP TABLE blog_moved_tag")


def downgrade() -> None:
    """Undo: a key is as good as another."""
