"""Initial.

Revision ID: blog_0001_initial
Revises:
Depends on: auth_0001_initial
"""

import sqlalchemy as sa
from alembic import op

from dovetail.database.column_types import utcnow

revision: str = "blog_0001_initial"
down_revision: str | tuple[str, ...] | None = None
branch_labels: str | tuple[str, ...] | None = ("blog",)
depends_on: str | tuple[str, ...] | None = "auth_0001_initial"


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "blog_tag",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(length=50), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_blog_tag")),
        sa.UniqueConstraint("name", name=op.f("uq_blog_tag_name")),
    )
    op.create_table(
        "blog_post",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("is_published", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("author_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=utcnow(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=utcnow(), nullable=False),
        sa.ForeignKeyConstraint(
            ["author_id"], ["auth_user.id"], name=op.f("fk_blog_post_author_id_auth_user"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_blog_post")),
    )
    with op.batch_alter_table("blog_post") as batch_op:
        batch_op.create_index(batch_op.f("ix_blog_post_author_id"), ["author_id"], unique=False)

    op.create_table(
        "blog_post_tag",
        sa.Column("post_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("tag_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(
            ["post_id"], ["blog_post.id"], name=op.f("fk_blog_post_tag_post_id_blog_post"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["tag_id"], ["blog_tag.id"], name=op.f("fk_blog_post_tag_tag_id_blog_tag"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("post_id", "tag_id", name=op.f("pk_blog_post_tag")),
    )
    with op.batch_alter_table("blog_post_tag") as batch_op:
        batch_op.create_index(batch_op.f("ix_blog_post_tag_tag_id"), ["tag_id"], unique=False)

    op.create_table(
        "blog_wordpress_item",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("post_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(
            ["post_id"], ["blog_post.id"], name=op.f("fk_blog_wordpress_item_post_id_blog_post"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_blog_wordpress_item")),
    )
    with op.batch_alter_table("blog_wordpress_item") as batch_op:
        batch_op.create_index(batch_op.f("ix_blog_wordpress_item_post_id"), ["post_id"], unique=False)


def downgrade() -> None:
    """Undo."""
    with op.batch_alter_table("blog_wordpress_item") as batch_op:
        batch_op.drop_index(batch_op.f("ix_blog_wordpress_item_post_id"))

    op.drop_table("blog_wordpress_item")
    with op.batch_alter_table("blog_post_tag") as batch_op:
        batch_op.drop_index(batch_op.f("ix_blog_post_tag_tag_id"))

    op.drop_table("blog_post_tag")
    with op.batch_alter_table("blog_post") as batch_op:
        batch_op.drop_index(batch_op.f("ix_blog_post_author_id"))

    op.drop_table("blog_post")
    op.drop_table("blog_tag")
