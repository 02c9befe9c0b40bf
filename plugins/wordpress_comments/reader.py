"""Read the comments ("remarks") of an item of a WordPress export."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from plugins.comments.models import CommentStatus
from plugins.wordpress.export.dates import first_date
from plugins.wordpress.export.nodes import Node
from plugins.wordpress.export.reader import Item, plain_text

STATUSES = {
    "1": CommentStatus.APPROVED,
    "approve": CommentStatus.APPROVED,
    "0": CommentStatus.PENDING,
    "hold": CommentStatus.PENDING,
    "spam": CommentStatus.REJECTED,
}
NUMBER = re.compile(r"[1-9][0-9]{0,18}")
TRASH = ("trash", "post-trashed")


@dataclass(frozen=True, kw_only=True, slots=True)
class Remark:
    """A WordPress comment; `root` is the key of the first remark of its thread, None for the first itself."""

    key: str
    root: str | None
    name: str
    email: str
    is_member: bool  # written by somebody who was logged in
    content: str
    status: CommentStatus
    created_at: datetime | None


def read_remarks(item: Item, skipped: Counter[str]) -> Iterator[Remark]:
    """Yield the remarks of an item that become comments, in the file's order; count the others in `skipped`.

    Threads of any depth are reduced to one level: each reply belongs to the first imported remark of its thread.
    """
    nodes: dict[str, Node] = {}
    reasons: dict[str, str | None] = {}
    for node in item.node.find_all("wp:comment"):
        key = _key(node)
        reason = "comments listed twice" if key in nodes else _why_not(node)
        if reason is not None:
            skipped[reason] += 1
        if key not in nodes:
            nodes[key], reasons[key] = node, reason
    roots = _roots({key: node.word("wp:comment_parent") for key, node in nodes.items()}, reasons)
    for key, node in nodes.items():
        if reasons[key] is None:
            yield _remark(key, roots[key], node)


def _remark(key: str, root: str | None, node: Node) -> Remark:
    return Remark(
        key=key,
        root=root,
        name=plain_text(node.value("wp:comment_author")),
        email=node.word("wp:comment_author_email").casefold(),
        is_member=node.word("wp:comment_user_id") not in ("", "0"),
        content=node.value("wp:comment_content"),
        status=STATUSES.get(node.word("wp:comment_approved"), CommentStatus.PENDING),
        created_at=first_date(node, "wp:comment_date_gmt", "wp:comment_date"),
    )


def _key(node: Node) -> str:
    number = node.word("wp:comment_id")
    if NUMBER.fullmatch(number):
        return number
    parts = (number, node.word("wp:comment_date"), node.value("wp:comment_author"), node.value("wp:comment_content"))
    return sha256("\n".join(parts).encode()).hexdigest()


def _why_not(node: Node) -> str | None:
    kind = node.word("wp:comment_type") or "comment"
    if kind != "comment":  # plugins store order notes and the like as comments, which were never public
        return f"comments of type {plain_text(kind)[:20]}" if kind not in ("pingback", "trackback") else f"{kind}s"
    if node.word("wp:comment_approved") in TRASH:
        return "comments in the trash"
    return None if node.word("wp:comment_content") else "empty comments"


def _roots(parents: Mapping[str, str], reasons: Mapping[str, str | None]) -> dict[str, str | None]:
    """Return the first imported remark above each one; in a cycle of parents, one remark starts a thread."""
    roots: dict[str, str | None] = {}
    for start in parents:
        path: dict[str, None] = {}
        current = start
        while current in parents and current not in roots and current not in path:
            path[current] = None
            current = parents[current]
        root = roots.get(current) or (current if current in roots and reasons[current] is None else None)
        for key in reversed(path):
            roots[key] = root
            root = root or (key if reasons[key] is None else None)
    return roots
