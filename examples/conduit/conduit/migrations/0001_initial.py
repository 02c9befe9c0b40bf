"""Initial.

Revision ID: conduit_0001_initial
Revises:
Depends on: auth_0013_session_parent
"""

import sqlalchemy as sa
from alembic import op

from dovetail.database.column_types import utcnow

revision: str = "conduit_0001_initial"
down_revision: str | tuple[str, ...] | None = None
branch_labels: str | tuple[str, ...] | None = ("conduit",)
depends_on: str | tuple[str, ...] | None = "auth_0013_session_parent"


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "conduit_tag",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_conduit_tag")),
        sa.UniqueConstraint("name", name=op.f("uq_conduit_tag_name")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "conduit_profile",
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("bio", sa.Text(), nullable=True),
        sa.Column("image", sa.String(length=2000), nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"], ["auth_user.id"], name=op.f("fk_conduit_profile_user_id_auth_user"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_conduit_profile")),
    )
    op.create_table(
        "conduit_article",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("slug", sa.String(length=230), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("author_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=utcnow(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=utcnow(), nullable=False),
        sa.ForeignKeyConstraint(
            ["author_id"],
            ["conduit_profile.user_id"],
            name=op.f("fk_conduit_article_author_id_conduit_profile"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_conduit_article")),
        sa.UniqueConstraint("slug", name=op.f("uq_conduit_article_slug")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("conduit_article") as batch_op:
        batch_op.create_index(batch_op.f("ix_conduit_article_author_id"), ["author_id"], unique=False)
        batch_op.create_index("ix_conduit_article_newest", ["created_at", "id"], unique=False)

    op.create_table(
        "conduit_follow",
        sa.Column("follower_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("followed_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(
            ["followed_id"],
            ["conduit_profile.user_id"],
            name=op.f("fk_conduit_follow_followed_id_conduit_profile"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["follower_id"],
            ["conduit_profile.user_id"],
            name=op.f("fk_conduit_follow_follower_id_conduit_profile"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("follower_id", "followed_id", name=op.f("pk_conduit_follow")),
    )
    with op.batch_alter_table("conduit_follow") as batch_op:
        batch_op.create_index(batch_op.f("ix_conduit_follow_followed_id"), ["followed_id"], unique=False)

    op.create_table(
        "conduit_article_tag",
        sa.Column("article_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("tag_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(
            ["article_id"],
            ["conduit_article.id"],
            name=op.f("fk_conduit_article_tag_article_id_conduit_article"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tag_id"], ["conduit_tag.id"], name=op.f("fk_conduit_article_tag_tag_id_conduit_tag"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("article_id", "tag_id", name=op.f("pk_conduit_article_tag")),
    )
    with op.batch_alter_table("conduit_article_tag") as batch_op:
        batch_op.create_index(batch_op.f("ix_conduit_article_tag_tag_id"), ["tag_id"], unique=False)

    op.create_table(
        "conduit_comment",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("article_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("author_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=utcnow(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=utcnow(), nullable=False),
        sa.ForeignKeyConstraint(
            ["article_id"],
            ["conduit_article.id"],
            name=op.f("fk_conduit_comment_article_id_conduit_article"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["author_id"],
            ["conduit_profile.user_id"],
            name=op.f("fk_conduit_comment_author_id_conduit_profile"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_conduit_comment")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("conduit_comment") as batch_op:
        batch_op.create_index(batch_op.f("ix_conduit_comment_article_id"), ["article_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_conduit_comment_author_id"), ["author_id"], unique=False)

    op.create_table(
        "conduit_favorite",
        sa.Column("profile_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("article_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(
            ["article_id"],
            ["conduit_article.id"],
            name=op.f("fk_conduit_favorite_article_id_conduit_article"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["profile_id"],
            ["conduit_profile.user_id"],
            name=op.f("fk_conduit_favorite_profile_id_conduit_profile"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("profile_id", "article_id", name=op.f("pk_conduit_favorite")),
    )
    with op.batch_alter_table("conduit_favorite") as batch_op:
        batch_op.create_index(batch_op.f("ix_conduit_favorite_article_id"), ["article_id"], unique=False)


def downgrade() -> None:
    """Undo."""
    with op.batch_alter_table("conduit_favorite") as batch_op:
        batch_op.drop_index(batch_op.f("ix_conduit_favorite_article_id"))

    op.drop_table("conduit_favorite")
    with op.batch_alter_table("conduit_comment") as batch_op:
        batch_op.drop_index(batch_op.f("ix_conduit_comment_author_id"))
        batch_op.drop_index(batch_op.f("ix_conduit_comment_article_id"))

    op.drop_table("conduit_comment")
    with op.batch_alter_table("conduit_article_tag") as batch_op:
        batch_op.drop_index(batch_op.f("ix_conduit_article_tag_tag_id"))

    op.drop_table("conduit_article_tag")
    with op.batch_alter_table("conduit_follow") as batch_op:
        batch_op.drop_index(batch_op.f("ix_conduit_follow_followed_id"))

    op.drop_table("conduit_follow")
    with op.batch_alter_table("conduit_article") as batch_op:
        batch_op.drop_index("ix_conduit_article_newest")
        batch_op.drop_index(batch_op.f("ix_conduit_article_author_id"))

    op.drop_table("conduit_article")
    op.drop_table("conduit_profile")
    op.drop_table("conduit_tag")
