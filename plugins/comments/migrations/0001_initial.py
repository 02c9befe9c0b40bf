"""Initial.

Revision ID: comments_0001_initial
Revises:
Depends on: auth_0001_initial, blog_0001_initial
"""

import sqlalchemy as sa
from alembic import op

from dovetail.database.column_types import utcnow

revision: str = "comments_0001_initial"
down_revision: str | tuple[str, ...] | None = None
branch_labels: str | tuple[str, ...] | None = ("comments",)
depends_on: str | tuple[str, ...] | None = ("auth_0001_initial", "blog_0001_initial")


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "comments_comment",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("status", sa.String(length=32), server_default="pending", nullable=False),
        sa.Column("post_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("author_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("parent_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=utcnow(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=utcnow(), nullable=False),
        sa.ForeignKeyConstraint(
            ["author_id"], ["auth_user.id"], name=op.f("fk_comments_comment_author_id_auth_user"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["parent_id"],
            ["comments_comment.id"],
            name=op.f("fk_comments_comment_parent_id_comments_comment"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["post_id"], ["blog_post.id"], name=op.f("fk_comments_comment_post_id_blog_post"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_comments_comment")),
    )
    with op.batch_alter_table("comments_comment") as batch_op:
        batch_op.create_index(batch_op.f("ix_comments_comment_author_id"), ["author_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_comments_comment_parent_id"), ["parent_id"], unique=False)
        batch_op.create_index("ix_comments_comment_post_id_status", ["post_id", "status"], unique=False)

    op.create_table(
        "comments_wordpress_comment",
        sa.Column("post_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("comment_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(
            ["comment_id"],
            ["comments_comment.id"],
            name=op.f("fk_comments_wordpress_comment_comment_id_comments_comment"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["post_id"],
            ["blog_post.id"],
            name=op.f("fk_comments_wordpress_comment_post_id_blog_post"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("post_id", "key", name=op.f("pk_comments_wordpress_comment")),
    )
    with op.batch_alter_table("comments_wordpress_comment") as batch_op:
        batch_op.create_index(batch_op.f("ix_comments_wordpress_comment_comment_id"), ["comment_id"], unique=False)


def downgrade() -> None:
    """Undo."""
    with op.batch_alter_table("comments_wordpress_comment") as batch_op:
        batch_op.drop_index(batch_op.f("ix_comments_wordpress_comment_comment_id"))

    op.drop_table("comments_wordpress_comment")
    with op.batch_alter_table("comments_comment") as batch_op:
        batch_op.drop_index("ix_comments_comment_post_id_status")
        batch_op.drop_index(batch_op.f("ix_comments_comment_parent_id"))
        batch_op.drop_index(batch_op.f("ix_comments_comment_author_id"))

    op.drop_table("comments_comment")
