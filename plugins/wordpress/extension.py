"""The extension point `wordpress.posts`: what other plugins take from the items that become posts.

    Plugin(..., extensions={"wordpress.posts": lazy("plugins.reactions.wordpress:import_reactions")})

    async def import_reactions(batch: Batch) -> None:
        for post in batch.posts:
            for node in post.item.node.find_all("wp:postmeta"): ...

It is awaited for every batch of posts, in the import's own transaction, and again for posts that an earlier import
brought: it must find by itself what it already has. It flushes, never commits, and counts in `batch.report`.
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
    """An item of the export and the post that it is here."""

    id: int
    item: Item


@dataclass(frozen=True, kw_only=True)
class Batch:
    """Some posts of one import; `authors` are the users of the export's authors, by e-mail address."""

    session: AsyncSession
    posts: Sequence[ImportedPost]
    authors: Mapping[str, int]
    report: Report


Extension: TypeAlias = Callable[[Batch], Awaitable[None]]
