"""The extension point `wordpress.posts`, by which other plugins import more from the items that become posts.

    Plugin(..., extensions={"wordpress.posts": lazy("plugins.reactions.wordpress:import_reactions")})

    async def import_reactions(batch: Batch) -> None:
        for post in batch.posts:
            for node in post.item.node.find_all("wp:postmeta"): ...

The function is awaited for every batch of posts, in the transaction of the import. It is also called for posts of an
earlier import, and has to recognize what it has already imported. It flushes, never commits, and counts in
`batch.report`.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from sqlalchemy.ext.asyncio import AsyncSession

from plugins.wordpress.export.reader import Item
from plugins.wordpress.report import Report

EXTENSION_POINT = "wordpress.posts"


@dataclass(frozen=True, kw_only=True)
class ImportedPost:
    """An item of the export with the id of its post."""

    id: int
    item: Item


@dataclass(frozen=True, kw_only=True)
class Batch:
    """Some posts of one import; `authors` maps e-mail addresses of the export's authors to users."""

    session: AsyncSession
    posts: Sequence[ImportedPost]
    authors: Mapping[str, int]
    report: Report


Extension: TypeAlias = Callable[[Batch], Awaitable[None]]
