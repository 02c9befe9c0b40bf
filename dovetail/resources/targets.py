"""The related models that a resource shows or asks about: their own policies decide which of their rows."""

from collections.abc import Iterable, Iterator, Sequence

from sqlalchemy.orm import InstrumentedAttribute

from dovetail.resources.query.paths import Path
from dovetail.resources.sql.nodes import Column, Node, Relation


def targets(nodes: Iterable[Node], paths: Iterable[object]) -> dict[str, type[object]]:
    """Return the models that nested objects and filters, orders and searches lead to, by path: `reviews.reviewer`."""
    found: dict[str, type[object]] = {}
    for node in nodes:
        found |= dict(_nested(node))
    for path in paths:
        if isinstance(path, Path):
            found |= dict(_on_the_way(path.relations))
    return found


def field_names(nodes: Iterable[Node], paths: Iterable[object]) -> frozenset[str]:
    """Return the names of all fields that are answered or asked about, with those of the objects that they are in."""
    names = {place for node in nodes for _, place in node.paths()} | {
        path.field for path in paths if isinstance(path, Path)
    }
    parts = [name.split(".") for name in names]
    return frozenset(".".join(part[: depth + 1]) for part in parts for depth in range(len(part)))


def _nested(node: Node, prefix: str = "") -> Iterator[tuple[str, type[object]]]:
    for part in node.parts:
        if isinstance(part, Relation):
            yield prefix + part.key, part.node.model
            yield from _nested(part.node, f"{prefix}{part.key}.")
        elif isinstance(part, Column):
            yield from ((prefix + path, model) for path, model in _on_the_way(part.relations))


def _on_the_way(relations: Sequence[InstrumentedAttribute[object]]) -> Iterator[tuple[str, type[object]]]:
    names = [relation.key for relation in relations]
    for depth, relation in enumerate(relations, 1):
        yield ".".join(names[:depth]), relation.property.mapper.class_
