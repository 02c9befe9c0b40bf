"""Find how the rows of an inline refer to the object of a form: by a foreign key, or by type and key (generic)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import (
    Column,
    ColumnElement,
    ForeignKeyConstraint,
    FromClause,
    Table,
    UniqueConstraint,
    and_,
    inspect,
    tuple_,
)
from sqlalchemy.orm import MANYTOONE, Mapper

from dovetail.contrib.admin.columns.identifiers import identifier_of, primary_keys
from dovetail.contrib.admin.columns.readers import is_text

Key = tuple[object, ...]


@dataclass(frozen=True)
class Link:
    """The columns by which rows refer to their parent; `kind` has the values of columns that are the same for all."""

    columns: tuple[Column[object], ...]
    parent_columns: tuple[Column[object], ...]
    kind: tuple[tuple[Column[object], object], ...] = ()
    is_single: bool = False  # True if a parent has at most one row

    @property
    def all_columns(self) -> frozenset[Column[object]]:
        """Return the columns of the link, which the form of a row does not edit."""
        return frozenset((*self.columns, *(column for column, _ in self.kind)))

    def condition(self, parents: Sequence[object]) -> ColumnElement[bool]:
        """Return the condition that a row belongs to one of the parents."""
        keys = [self.key_of_parent(parent) for parent in parents]
        one = len(self.columns) == 1
        belongs = self.columns[0].in_([key[0] for key in keys]) if one else tuple_(*self.columns).in_(keys)
        return and_(belongs, *(column == value for column, value in self.kind))

    def key_of_parent(self, parent: object) -> Key:
        """Return the values of the link's columns in the rows of a parent."""
        mapper: Mapper[object] = inspect(parent).mapper
        if self.kind and is_text(self.columns[0].type):
            return (identifier_of(parent),)
        return tuple(getattr(parent, mapper.get_property_by_column(column).key) for column in self.parent_columns)

    def key_of(self, row: object) -> Key:
        """Return the values of the link's columns in a row: `key_of_parent` of its parent."""
        mapper: Mapper[object] = inspect(row).mapper
        return tuple(getattr(row, mapper.get_property_by_column(column).key) for column in self.columns)

    def attach(self, row: object, parent: object) -> None:
        """Set the link's columns of a new row so that it belongs to `parent`, which has a primary key."""
        mapper: Mapper[object] = inspect(row).mapper
        held = [*zip(self.columns, self.key_of_parent(parent), strict=True), *self.kind]
        for column, value in held:
            setattr(row, mapper.get_property_by_column(column).key, value)


def foreign_links(model: type[object], parent: type[object]) -> Iterator[Link]:
    """Yield the foreign keys by which rows of `model` refer to a `parent`."""
    mapper, parents = _mapper(model), set(_mapper(parent).tables)
    for table in mapper.tables:
        if not isinstance(table, Table):
            continue
        for constraint in sorted(table.foreign_key_constraints, key=lambda one: tuple(one.column_keys)):
            if constraint.referred_table in parents and not _is_inheritance(mapper, constraint):
                columns = tuple(constraint.columns)
                referred = tuple(element.column for element in constraint.elements)
                yield Link(columns, referred, is_single=_is_unique(table, columns))


def is_called(link: Link, model: type[object], name: str) -> bool:
    """Return whether `name`, a value of `fk_name`, is a column of this link or the relation that uses it."""
    mapper = _mapper(model)
    if name in {mapper.get_property_by_column(column).key for column in link.columns}:
        return True
    relation = mapper.relationships.get(name)
    return relation is not None and relation.direction is MANYTOONE and set(relation.local_columns) == {*link.columns}


def names_of(link: Link, model: type[object]) -> list[str]:
    """Return the values of `fk_name` that select a link: the names of its columns."""
    return [_mapper(model).get_property_by_column(column).key for column in link.columns]


def generic_link(model: type[object], parent: type[object], names: tuple[str, str], kind: object) -> Link | None:
    """Return the generic link by a column that holds the `kind` of the parent and one that holds its key.

    Return None if the model has no such columns, or the primary key of the parent has another type.
    """
    mapper = _mapper(model)
    if not all(name in mapper.column_attrs for name in names):
        return None
    discriminator, key = (mapper.column_attrs[name].columns[0] for name in names)
    keys = primary_keys(parent)
    if not isinstance(discriminator, Column) or not isinstance(key, Column) or not _fits(key, keys):
        return None
    return Link((key,), keys, ((discriminator, kind),), is_single=_is_unique(key.table, (discriminator, key)))


def _mapper(model: type[object]) -> Mapper[object]:
    found: Mapper[object] = inspect(model)
    return found


def _is_inheritance(mapper: Mapper[object], constraint: ForeignKeyConstraint) -> bool:
    """Return whether a foreign key refers to the table of a base class (joined table inheritance)."""
    condition = mapper.inherit_condition
    if condition is None:
        return False
    return all(element.column.table in mapper.tables and element.parent.primary_key for element in constraint.elements)


def _fits(key: Column[object], parents: Sequence[Column[object]]) -> bool:
    if is_text(key.type):
        return True
    return len(parents) == 1 and getattr(key.type, "python_type", None) is getattr(parents[0].type, "python_type", None)


def _is_unique(table: FromClause, columns: tuple[Column[object], ...]) -> bool:
    wanted = set(columns)
    if not isinstance(table, Table):
        return False
    if set(table.primary_key.columns) == wanted or (len(columns) == 1 and columns[0].unique):
        return True
    constraints = [set(one.columns) for one in table.constraints if isinstance(one, UniqueConstraint)]
    whole = [one for one in table.indexes if one.unique and not any(one.dialect_kwargs.values())]
    return wanted in [*constraints, *(set(one.columns) for one in whole)]
