"""Convert the names of WordPress's tags and categories to tags of the blog."""

from collections.abc import Iterable

from sqlalchemy.ext.asyncio import AsyncSession

from plugins.blog.models import Tag
from plugins.blog.tag_names import LONGEST, LONGEST_TYPED, fold, normalize_tag_name
from plugins.blog.tagging import get_or_create_tags
from plugins.wordpress.ids_by_key import ids_by_key
from plugins.wordpress.report import Report

PAGE = 500  # tags in one statement
ELLIPSIS = "..."  # NFKC turns "…" into this


def tag_name(name: str) -> str | None:
    """Return the normalized name of a tag, cut if it is too long, without invisible characters; None if it is empty."""
    name = name.strip()[:LONGEST_TYPED]
    for spelling in (name, _visible(name), _cut(name)):
        try:
            return normalize_tag_name(spelling)
        except ValueError:
            continue
    return None


async def find_or_make_tags(session: AsyncSession, names: Iterable[str], report: Report) -> dict[str, int]:
    """Return the ids of the tags with these names, which `tag_name` has normalized, by name; create missing tags."""
    # Sorted as a whole, not only within each page: two imports that create the same tags in another order deadlock.
    wanted = sorted(set(names))
    before = await ids_by_key(session, Tag.name, Tag.id, wanted)
    found: dict[str, int] = {}
    for start in range(0, len(wanted), PAGE):
        tags = await get_or_create_tags(session, wanted[start : start + PAGE])
        found |= {tag.name: tag.id for tag in tags}
    report.created["tags"] += len(found) - len(before)
    report.existing["tags"] += len(before)
    return found


def _visible(name: str) -> str:
    return "".join(character for character in name if character.isprintable() or character.isspace())


def _cut(name: str) -> str:
    folded = fold(_visible(name))
    return folded[: LONGEST - len(ELLIPSIS)].rstrip() + ELLIPSIS if len(folded) > LONGEST else folded
