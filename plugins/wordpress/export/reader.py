"""Read a WordPress export (WXR 1.0 to 1.2) into plain values, without a database.

The format is only defined by the code that writes it, wp-admin/includes/export.php.
"""

import html
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from plugins.wordpress.export.dates import first_date
from plugins.wordpress.export.nodes import Node, read_nodes
from plugins.wordpress.export.source import ExportError, Source

VERSIONS = ("1.0", "1.1", "1.2")
TERM_NAMES = {"wp:category": "wp:cat_name", "wp:tag": "wp:tag_name", "wp:term": "wp:term_name"}
TAXONOMIES = ("category", "post_tag", "tag", "")  # WXR 1.0 says "tag", and names no domain for categories

WHITE_SPACE = dict.fromkeys(map(ord, "\t\n\r\f\v"), " ")  # without the no-break space, which is a deliberate choice


@dataclass(frozen=True, kw_only=True, slots=True)
class Author:
    """An author of the old site; `email` and `name` may be empty."""

    login: str
    email: str
    name: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Term:
    """A tag or a category."""

    name: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Item:
    """A post, a page, an attachment or another kind of item, as `kind` says.

    `key` is the same in every export of a site. `node` is the whole element, for extensions that need more of it.
    """

    key: str
    kind: str
    title: str
    content: str
    login: str
    status: str
    has_password: bool
    created_at: datetime | None
    updated_at: datetime | None
    terms: tuple[str, ...]
    node: Node


def read_export(
    source: Source, max_item_size: int, advance: Callable[[int], None] = lambda _bytes: None
) -> Iterator[Author | Term | Item]:
    """Yield the contents of an export in the order of the file, with one item in memory at a time.

    `max_item_size` is in characters; `advance` is called with the number of bytes read. Raise ExportError, with a
    one-line message, if the file cannot be read.
    """
    version = ""
    for node in read_nodes(source.chunks(advance), source.name, max_item_size):
        if node.tag == "wp:wxr_version":
            version = _check_version(node.text.strip(), source)
        elif node.tag == "wp:author":
            yield _author(node)
        elif node.tag in TERM_NAMES:
            yield from _term(node)
        elif node.tag == "item":
            if not version:
                break
            yield _item(node)
    if not version:
        raise ExportError(
            f"{source.name} is an RSS feed but not a WordPress export: <wp:wxr_version> is missing; "
            "use Tools, Export in the old site's administration"
        )


def plain_text(text: str) -> str:
    """Return a title or name, which WordPress stores escaped for HTML, as plain text on one line."""
    spaced = html.unescape(text).translate(WHITE_SPACE)
    printable = "".join(character for character in spaced if unicodedata.category(character) != "Cc")
    return " ".join(filter(None, printable.split(" ")))


def shortened(text: str, length: int) -> str:
    """Return `text`, cut to `length` characters with an ellipsis if it is longer."""
    return text if len(text) <= length else text[: length - 1].rstrip() + "…"


def _check_version(version: str, source: Source) -> str:
    if version not in VERSIONS:
        raise ExportError(f"{source.name} has WXR version {version[:20]!r}, expected one of {', '.join(VERSIONS)}")
    return version


def _author(node: Node) -> Author:
    names = (node.word("wp:author_first_name"), node.word("wp:author_last_name"))
    name = node.word("wp:author_display_name") or " ".join(filter(None, names))
    return Author(login=node.word("wp:author_login"), email=node.word("wp:author_email"), name=plain_text(name))


def _term(node: Node) -> Iterator[Term]:
    if node.tag == "wp:term" and node.word("wp:term_taxonomy") not in TAXONOMIES:
        return
    if name := plain_text(node.value(TERM_NAMES[node.tag])):
        yield Term(name=name)


def _item(node: Node) -> Item:
    created_at = first_date(node, "wp:post_date_gmt", "pubDate", "wp:post_date")
    return Item(
        key=_key(node),
        kind=node.word("wp:post_type") or "post",
        title=plain_text(node.value("title")),
        content=node.value("content:encoded"),
        login=node.word("dc:creator"),
        status=node.word("wp:status") or "publish",
        has_password=bool(node.word("wp:post_password")),
        created_at=created_at,
        updated_at=first_date(node, "wp:post_modified_gmt", "wp:post_modified") or created_at,
        terms=tuple(_terms_of(node)),
        node=node,
    )


def _key(node: Node) -> str:
    # Neither is unique: copied posts have the same guid, and numbers are unique only within one site.
    parts = [node.word("guid") or node.word("link"), node.word("wp:post_id")]
    if not all(parts):
        parts += [node.word("wp:post_date"), node.value("title")]
    return sha256("\n".join(parts).encode()).hexdigest()


def _terms_of(node: Node) -> Iterator[str]:
    for category in node.find_all("category"):
        if category.attributes.get("domain", "") in TAXONOMIES and (name := plain_text(category.text)):
            yield name
