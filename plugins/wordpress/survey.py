"""The first reading of an export, which checks the whole file and collects its authors and tags before any write."""

from collections.abc import Callable
from dataclasses import dataclass, field

from plugins.wordpress.export.reader import Author, Item, Term, read_export
from plugins.wordpress.export.source import Source
from plugins.wordpress.tags import tag_name

# Items that WordPress keeps for itself: trashed, never saved, or part of another item.
LEFTOVERS = {"trash": "posts in the trash", "auto-draft": "posts never saved", "inherit": "revisions"}


@dataclass
class Survey:
    """The authors and tags that an export names."""

    authors: list[Author] = field(default_factory=list)
    logins: set[str] = field(default_factory=set)
    tags: set[str] = field(default_factory=set)
    items: int = 0


def survey_export(source: Source, max_item_size: int, advance: Callable[[int], None] = lambda _bytes: None) -> Survey:
    """Read the whole file once. Raise ExportError if any of it cannot be imported."""
    survey = Survey()
    for entry in read_export(source, max_item_size, advance):
        match entry:
            case Author():
                survey.authors.append(entry)
            case Term():
                survey.tags.update(filter(None, [tag_name(entry.name)]))
            case Item():
                survey.items += 1
                if why_not(entry) is None:
                    survey.logins.add(entry.login)
                    survey.tags.update(filter(None, map(tag_name, entry.terms)))
    return survey


def why_not(item: Item) -> str | None:
    """Return why an item does not become a post, in a few words; None if it does."""
    if item.kind != "post":
        return f"items of type {plain_kind(item.kind)}"
    return LEFTOVERS.get(item.status)


def plain_kind(kind: str) -> str:
    """Return a post type or status for messages, reduced to harmless characters."""
    return "".join(character for character in kind if character.isalnum() or character in "_-")[:40] or "?"
