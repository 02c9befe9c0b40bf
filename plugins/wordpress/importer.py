"""Write a WordPress export to the database, in one transaction."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import insert, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from dovetail.errors import ConflictError
from plugins.blog.models import Post, WordpressItem, post_tags
from plugins.wordpress.authors import Authors, find_or_make_authors
from plugins.wordpress.export.reader import Item, read_export, shortened
from plugins.wordpress.export.source import Source
from plugins.wordpress.extension import Batch, Extension, ImportedPost
from plugins.wordpress.ids_by_key import ids_by_key
from plugins.wordpress.report import Report
from plugins.wordpress.survey import Survey, plain_kind, why_not
from plugins.wordpress.tags import find_or_make_tags, tag_name

LONGEST_TITLE = 200
NO_TITLE = "(no title)"
BATCH_POSTS = 200
BATCH_CHARACTERS = 4_000_000


async def import_export(
    session: AsyncSession,
    source: Source,
    survey: Survey,
    *,
    max_item_size: int,
    extensions: Sequence[Extension] = (),
    advance: Callable[[int], None] = lambda _items: None,
) -> Report:
    """Write what the site does not have yet; the caller commits.

    `survey` is the result of the first reading of `source`; `advance` is called with the number of items done. Raise
    ExportError if the file has become invalid since then, ConflictError if a concurrent transaction took a name.
    """
    report = Report()
    try:
        await _take_turns(session)
        authors = await find_or_make_authors(session, survey.authors, survey.logins, report)
        tags = await find_or_make_tags(session, survey.tags, report)
        importer = _Importer(session, report, authors, tags, extensions)
        for items in _batches(source, max_item_size, report, advance):
            await importer.add(items)
    except IntegrityError as error:
        raise ConflictError(
            "Somebody created the same user, tag or post during the import; nothing was imported, run it again"
        ) from error
    if source.removed:
        report.changed["characters that XML forbids removed"] = source.removed
    return report


async def _take_turns(session: AsyncSession) -> None:
    """Allow one import at a time, so that a second one finds what the first imported. SQLite has one writer anyway."""
    if session.get_bind().dialect.name == "postgresql":
        await session.execute(text(f"LOCK TABLE {WordpressItem.__tablename__} IN SHARE ROW EXCLUSIVE MODE"))


def _batches(
    source: Source, max_item_size: int, report: Report, advance: Callable[[int], None]
) -> Iterator[list[Item]]:
    batch: list[Item] = []
    seen: set[str] = set()
    read = 0
    for item in (entry for entry in read_export(source, max_item_size) if isinstance(entry, Item)):
        read += 1
        reason = why_not(item) or ("posts listed twice" if item.key in seen else None)
        if reason is not None:
            report.skipped[reason] += 1
            continue
        seen.add(item.key)
        batch.append(item)
        if len(batch) >= BATCH_POSTS or sum(item.node.size for item in batch) >= BATCH_CHARACTERS:
            yield batch
            advance(read)
            batch, read = [], 0
    yield batch
    advance(read)


@dataclass(frozen=True)
class _Importer:
    session: AsyncSession
    report: Report
    authors: Authors
    tags: dict[str, int]
    extensions: Sequence[Extension]

    async def add(self, items: Sequence[Item]) -> None:
        """Write the new ones among `items`, and pass all of them to the extensions."""
        ids = await ids_by_key(self.session, WordpressItem.key, WordpressItem.post_id, (item.key for item in items))
        self.report.existing["posts"] += len(ids)
        ids |= await self._insert([item for item in items if item.key not in ids])
        posts = [ImportedPost(id=ids[item.key], item=item) for item in items]
        batch = Batch(session=self.session, posts=posts, authors=self.authors.by_email, report=self.report)
        for extension in self.extensions:
            await extension(batch)

    async def _insert(self, items: Sequence[Item]) -> dict[str, int]:
        if not items:
            return {}
        # On SQLite, where RETURNING has no defined order, SQLAlchemy inserts row by row; there is no network latency.
        statement = insert(Post).returning(Post.id, sort_by_parameter_order=True)
        found = await self.session.scalars(statement, [self._row(item) for item in items])
        ids = dict(zip((item.key for item in items), found, strict=True))
        keys = [{"key": key, "post_id": post_id} for key, post_id in ids.items()]
        await self.session.execute(insert(WordpressItem), keys)
        if links := [link for item in items for link in self._links(item, ids[item.key])]:
            await self.session.execute(insert(post_tags), links)
        return ids

    def _row(self, item: Item) -> dict[str, object]:
        is_published = item.status == "publish" and not item.has_password
        self._count(item, is_published=is_published)
        created_at = item.created_at or datetime.now(UTC)
        return {
            "title": shortened(item.title, LONGEST_TITLE) or NO_TITLE,
            "content": item.content,
            "is_published": is_published,
            "author_id": self.authors.by_login[item.login],
            "created_at": created_at,
            "updated_at": item.updated_at or created_at,
        }

    def _count(self, item: Item, *, is_published: bool) -> None:
        self.report.created["published posts" if is_published else "drafts"] += 1
        if item.has_password:  # it was not public, and the blog cannot ask for a password
            self.report.changed["posts with a password made drafts"] += 1
        elif not is_published and item.status != "draft":
            self.report.changed[f"{plain_kind(item.status)} posts made drafts"] += 1
        if len(item.title) > LONGEST_TITLE:
            self.report.changed["titles cut"] += 1

    def _links(self, item: Item, post_id: int) -> Iterator[dict[str, int]]:
        for name in dict.fromkeys(filter(None, map(tag_name, item.terms))):
            yield {"post_id": post_id, "tag_id": self.tags[name]}
