"""Parse the elements of an RSS channel one at a time, with defusedxml: no DTD, no entities, no external references."""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from html.entities import html5
from xml.parsers.expat import errors as expat_errors

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser, ParseError

from plugins.wordpress.export.source import ExportError

# WordPress has used these namespaces with http and https, and with the version of each format.
NAMESPACES = (
    (re.compile(r"https?://wordpress\.org/export/1\.\d+/excerpt/?"), "excerpt"),
    (re.compile(r"https?://wordpress\.org/export/1\.\d+/?"), "wp"),
    (re.compile(r"https?://purl\.org/rss/1\.0/modules/content/?"), "content"),
    (re.compile(r"https?://purl\.org/dc/elements/1\.1/?"), "dc"),
)
HTML_ENTITIES = {name[:-1]: character for name, character in html5.items() if name.endswith(";")}
CUT_SHORT = {
    expat_errors.codes[message]
    for message in (
        expat_errors.XML_ERROR_NO_ELEMENTS,
        expat_errors.XML_ERROR_UNCLOSED_TOKEN,
        expat_errors.XML_ERROR_UNCLOSED_CDATA_SECTION,
        expat_errors.XML_ERROR_PARTIAL_CHAR,
    )
}
CHANNEL = 2  # the depth inside <rss><channel>
MAX_DEPTH = 32  # an export has five levels
MAX_SILENT_CHUNKS = 16  # consecutive chunks without a complete tag or any text
COST_OF_ELEMENT = 100  # characters that an element counts as, so that empty elements also reach the limit


@dataclass(slots=True)
class Node:
    """One element; `tag` has WordPress's usual prefix, whatever prefix the file uses (`wp:post_id`, `dc:creator`)."""

    tag: str
    attributes: dict[str, str]
    parts: list[str] = field(default_factory=list)
    children: list["Node"] = field(default_factory=list)
    size: int = 0  # characters in it; only set for children of the channel

    @property
    def text(self) -> str:
        """Return the text directly inside the element."""
        return "".join(self.parts)

    def find_all(self, tag: str) -> Iterator["Node"]:
        """Return the children with this tag, in order."""
        return (child for child in self.children if child.tag == tag)

    def value(self, tag: str) -> str:
        """Return the unchanged text of the first child with this tag; "" if there is none."""
        return next((child.text for child in self.find_all(tag)), "")

    def word(self, tag: str) -> str:
        """Return the text of the first child with this tag, without surrounding white space."""
        return self.value(tag).strip()


def read_nodes(chunks: Iterable[str], name: str, max_item_size: int) -> Iterator[Node]:
    """Yield the children of `<rss><channel>` when they are complete; only one is kept in memory.

    `name` is the file's name for messages, `max_item_size` the maximum number of characters in one child. Raise
    ExportError if the text is not well-formed XML or not RSS, declares a DTD or an entity, or ends too early.
    """
    channel = _Channel(name, max_item_size)
    parser = _make_parser(channel)
    silent, seen = 0, 0
    for chunk in chunks:
        _feed(parser.feed, chunk, name)
        silent = silent + 1 if channel.events == seen else 0
        seen = channel.events
        if silent > MAX_SILENT_CHUNKS:
            raise ExportError(f"{name} has a tag that does not end; it is not a WordPress export")
        yield from channel.take()
    _feed(lambda _nothing: parser.close(), "", name)
    yield from channel.take()


class _Channel:
    """The target of the parser: builds the children of the channel."""

    def __init__(self, name: str, max_item_size: int) -> None:
        self.events = 0
        self._name = name
        self._max_item_size = max_item_size
        self._size = 0
        self._open: list[Node] = []
        self._depth = 0
        self._finished: list[Node] = []

    def take(self) -> list[Node]:
        """Return the children that were completed since the last call."""
        finished, self._finished = self._finished, []
        return finished

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """Begin an element."""
        self.events += 1
        tag = _prefixed(tag)
        if self._depth == 0 and tag != "rss":
            raise ExportError(f"{self._name} is not a WordPress export: it starts with <{tag[:40]}>, expected <rss>")
        if self._depth >= MAX_DEPTH:
            raise ExportError(f"{self._name} is not a WordPress export: its tags are nested {MAX_DEPTH} levels deep")
        if self._depth >= CHANNEL:
            self._add(Node(tag, attributes))
        self._depth += 1

    def end(self, _tag: str) -> None:
        """End an element."""
        self.events += 1
        self._depth -= 1
        if not self._open:
            return
        node = self._open.pop()
        if not self._open:
            node.size, self._size = self._size, 0
            self._finished.append(node)

    def data(self, text: str) -> None:
        """Add text, of which there may be several parts."""
        self.events += 1
        if self._open:
            self._open[-1].parts.append(text)
            self._grow(len(text))

    def close(self) -> None:
        """End the document."""

    def _add(self, node: Node) -> None:
        self._grow(COST_OF_ELEMENT)
        if self._open:
            self._open[-1].children.append(node)
        self._open.append(node)

    def _grow(self, size: int) -> None:
        self._size += size
        if self._size > self._max_item_size:
            item = self._open[0] if self._open else None
            title = item.word("title")[:60] if item else ""
            raise ExportError(
                f"{self._name}: the item {title!r} has more than {self._max_item_size:,} characters; "
                "shorten it, or set WORDPRESS_MAX_ITEM_SIZE"
            )


@lru_cache(maxsize=256)
def _prefixed(tag: str) -> str:
    address, brace, name = tag[1:].rpartition("}")
    if not brace:
        return tag
    return next((f"{prefix}:{name}" for pattern, prefix in NAMESPACES if pattern.fullmatch(address)), tag)


def _make_parser(channel: _Channel) -> DefusedXMLParser:
    parser = DefusedXMLParser(target=channel, forbid_dtd=True)
    # Old exports use &nbsp; outside CDATA. With an (empty) foreign DTD the parser looks it up here instead of failing.
    parser.entity = HTML_ENTITIES
    parser.parser.UseForeignDTD(True)  # noqa: FBT003 - expat's own signature
    refuse = parser.defused_external_entity_ref_handler

    def resolve(context: str, base: str | None, system_id: str | None, public_id: str | None) -> int:
        return 1 if system_id is None and public_id is None else int(refuse(context, base, system_id, public_id) or 0)

    parser.parser.ExternalEntityRefHandler = resolve
    return parser


def _feed(consume: Callable[[str], object], chunk: str, name: str) -> None:
    try:
        consume(chunk)
    except DefusedXmlException as error:
        raise ExportError(
            f"{name} is refused: it declares a document type or an entity ({type(error).__name__}), "
            "which no WordPress export does"
        ) from None
    except UnicodeError:
        raise ExportError(f"{name} has half a character (a lone surrogate); save it as UTF-8") from None
    except ParseError as error:
        raise _explain(error, name) from None


def _explain(error: ParseError, name: str) -> ExportError:
    line, column = error.position
    if error.code in CUT_SHORT:
        return ExportError(f"{name} ends too early, in line {line:,}; copy or export it again")
    reason = str(error).partition(": line")[0]
    return ExportError(f"{name} is not well-formed XML: {reason} (line {line:,}, column {column + 1:,})")
