"""Import the comments of a WordPress export, at the extension point of its posts."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from sqlalchemy import func, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from plugins.comments.models import Comment, WordpressComment
from plugins.wordpress.extension import Batch
from plugins.wordpress_comments.guests import find_or_make_writers
from plugins.wordpress_comments.reader import Remark, read_remarks

Place = tuple[int, str]  # (id of the post, key of the remark)


async def import_comments(batch: Batch) -> None:
    """Write the comments of these posts that were not imported before, with their dates, threads and status."""
    remarks = {
        (post.id, remark.key): remark
        for post in batch.posts
        for remark in read_remarks(post.item, batch.report.skipped)
    }
    ids = await _existing(batch.session, [post.id for post in batch.posts])
    batch.report.existing["comments"] += sum(place in ids for place in remarks)
    new = {place: remark for place, remark in remarks.items() if place not in ids}
    batch.report.created["comments"] += len(new)
    writers = dict(zip(new, await find_or_make_writers(batch, list(new.values())), strict=True))
    # A reply needs the id of the comment it replies to, so the first remarks of all threads are inserted before.
    for is_reply in (False, True):
        rows = {
            (post_id, remark.key): _row(post_id, remark, writers[post_id, remark.key], ids)
            for (post_id, _), remark in new.items()
            if (remark.root is not None) is is_reply
        }
        ids |= await _insert(batch.session, rows)


async def _existing(session: AsyncSession, posts: Sequence[int]) -> dict[Place, int]:
    """Return, for each remark of an earlier import, the comment that its thread begins with."""
    starts = func.coalesce(Comment.parent_id, Comment.id)
    statement = (
        select(WordpressComment.post_id, WordpressComment.key, starts)
        .join(Comment, Comment.id == WordpressComment.comment_id)
        .where(WordpressComment.post_id.in_(posts))
    )
    return {(post_id, key): comment_id for post_id, key, comment_id in await session.execute(statement)}


def _row(post_id: int, remark: Remark, writer: int, ids: Mapping[Place, int]) -> dict[str, object]:
    created_at = remark.created_at or datetime.now(UTC)
    return {
        "post_id": post_id,
        "author_id": writer,
        "parent_id": ids[post_id, remark.root] if remark.root is not None else None,
        "content": remark.content,
        "status": remark.status,
        "created_at": created_at,
        "updated_at": created_at,
    }


async def _insert(session: AsyncSession, rows: Mapping[Place, dict[str, object]]) -> dict[Place, int]:
    if not rows:
        return {}
    statement = insert(Comment).returning(Comment.id, sort_by_parameter_order=True)
    ids = dict(zip(rows, await session.scalars(statement, list(rows.values())), strict=True))
    keys = [{"post_id": post_id, "key": key, "comment_id": ids[post_id, key]} for post_id, key in rows]
    await session.execute(insert(WordpressComment), keys)
    return ids
