"""Find the references to the rows of a table, and what a deletion does to the referring rows.

They are deleted too, lose their reference, or prevent the deletion. `by_database` reads this from the foreign keys
(`ON DELETE`). `by_objects` adds what the ORM does when a session deletes objects: over relationships without
`passive_deletes` it deletes related objects, or sets their foreign keys to NULL.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

from sqlalchemy import Column, ForeignKeyConstraint, Table
from sqlalchemy.orm import MANYTOMANY, MANYTOONE, Mapper, RelationshipProperty

from dovetail.database.models import is_read_only

Pairs: TypeAlias = tuple[tuple[Column[object], Column[object]], ...]  # referring and referenced columns


class Effect(Enum):
    """The effect of deleting a row on a row that refers to it."""

    DELETE = "delete"
    EMPTY = "empty"  # its reference is set to NULL or to the default
    BLOCK = "block"  # none: as long as it exists, the referenced row cannot be deleted


@dataclass(frozen=True)
class Rows:
    """Rows of a table that are deleted: by the database, or, with a `mapper`, as objects by a session.

    With joined-table inheritance an object has rows in several tables; `is_part` is true for all but the first one.
    """

    table: Table
    mapper: Mapper[object] | None = None
    is_part: bool = False


@dataclass(frozen=True)
class Reference:
    """Rows that refer to deleted rows, and the effect on them."""

    rows: Rows
    pairs: Pairs
    effect: Effect
    rule: str = ""  # the ON DELETE of the foreign key, such as SET NULL


Referring: TypeAlias = Callable[[Rows], Sequence[Reference]]
RULES = {"CASCADE": Effect.DELETE, "SET NULL": Effect.EMPTY, "SET DEFAULT": Effect.EMPTY}


def by_database(rows: Rows) -> list[Reference]:
    """Return the references to rows by foreign keys."""
    return [
        Reference(Rows(other), _pairs(constraint), RULES.get(rule, Effect.BLOCK), rule)
        for other in rows.table.metadata.tables.values()
        if not is_read_only(other)  # a view has no foreign keys, even if its model declares some for relationships
        for constraint in other.foreign_key_constraints
        if constraint.referred_table is rows.table
        for rule in [(constraint.ondelete or "").upper()]
    ]


def by_objects(rows: Rows) -> list[Reference]:
    """Return the references to rows by ORM relationships, which take precedence, and by foreign keys."""
    if rows.mapper is None:
        return by_database(rows)
    parts = [*_parts(rows)]
    relations = [*_by_relations(rows, rows.mapper)]
    settled = {(one.rows.table, frozenset(own for own, _ in one.pairs)) for one in [*parts, *relations]}
    others = [
        one for one in by_database(rows) if (one.rows.table, frozenset(own for own, _ in one.pairs)) not in settled
    ]
    own_tables = _tables_of(rows.mapper)
    return [*parts, *relations, *(one for one in others if not _is_inheritance(one, own_tables))]


def _pairs(constraint: ForeignKeyConstraint) -> Pairs:
    return tuple((key.parent, key.column) for key in constraint.elements)


def _tables_of(mapper: Mapper[object]) -> list[Table]:
    lines = [mapper, *mapper.iterate_to_root(), *mapper.self_and_descendants]
    return list(dict.fromkeys(one.local_table for one in lines if isinstance(one.local_table, Table)))


def _parts(rows: Rows) -> Iterator[Reference]:
    """Yield the rows that the objects have in other tables (joined-table inheritance)."""
    if rows.is_part or rows.mapper is None:
        return
    for table in _tables_of(rows.mapper):
        if table is not rows.table:
            pairs = tuple(zip(table.primary_key.columns, rows.table.primary_key.columns, strict=True))
            yield Reference(Rows(table, rows.mapper, is_part=True), pairs, Effect.DELETE)


def _is_inheritance(one: Reference, tables: Sequence[Table]) -> bool:
    """Return True if a foreign key only joins the rows of one object (joined-table inheritance)."""
    if one.rows.table not in tables:
        return False
    own, other = zip(*one.pairs, strict=True)
    return set(own) == set(one.rows.table.primary_key.columns) and all(key.primary_key for key in other)


def _by_relations(rows: Rows, mapper: Mapper[object]) -> Iterator[Reference]:
    heirs = [one for heir in mapper.self_and_descendants for one in heir.relationships]
    for relation in {(one.parent.base_mapper, one.key): one for one in heirs}.values():
        if not (relation.viewonly or (relation.passive_deletes and relation.direction is not MANYTOONE)):
            yield from _by_relation(rows, relation)


def _by_relation(rows: Rows, relation: RelationshipProperty[object]) -> Iterator[Reference]:
    if relation.direction is MANYTOONE:
        pairs = _as_pairs((other, own) for other, own in relation.synchronize_pairs)
        effect = Effect.DELETE if relation.cascade.delete else None
    else:
        pairs = _as_pairs((other, own) for own, other in relation.synchronize_pairs)
        can_be_empty = all(other.nullable and not other.primary_key for other, _ in pairs)
        is_deleted = relation.cascade.delete or relation.direction is MANYTOMANY
        effect = Effect.DELETE if is_deleted else Effect.EMPTY if can_be_empty else Effect.BLOCK
    if effect is None or any(own.table is not rows.table for _, own in pairs):
        return
    table = pairs[0][0].table
    mapper = None if relation.direction is MANYTOMANY or effect is not Effect.DELETE else relation.mapper
    yield Reference(Rows(table, mapper), pairs, effect)


def _as_pairs(given: Iterable[tuple[object, object]]) -> Pairs:
    return tuple((own, other) for own, other in given if isinstance(own, Column) and isinstance(other, Column))
