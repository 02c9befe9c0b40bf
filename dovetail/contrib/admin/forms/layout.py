"""The layout of a form: its fields, their groups, and the fields that share a line."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Column
from sqlalchemy.orm import MANYTOONE, Mapper

from dovetail.contrib.admin.columns.attributes import is_secret, name_of

CLASSES = frozenset({"collapse", "tab", "wide"})
OPTIONS = frozenset({"fields", "classes", "description"})


@dataclass(frozen=True, kw_only=True)
class Fieldset:
    """A group of fields; each of its rows has the names of fields that share a line."""

    title: str | None
    rows: tuple[tuple[str, ...], ...]
    classes: frozenset[str] = frozenset()
    description: str = ""

    @property
    def names(self) -> list[str]:
        """Return the names of the fields, in their order."""
        return [name for row in self.rows for name in row]

    def only(self, names: Collection[str]) -> "Fieldset":
        """Return the fieldset with only these fields."""
        rows = (tuple(name for name in row if name in names) for row in self.rows)
        left = tuple(row for row in rows if row)
        return Fieldset(title=self.title, rows=left, classes=self.classes, description=self.description)


Layout = tuple[Fieldset, ...]


def layout_of(fieldsets: Iterable[tuple[str | None, Mapping[str, object]]], without: Collection[str] = ()) -> Layout:
    """Return the groups of Django's option `fieldsets`, without the fields `without` and without empty groups."""
    found = []
    for title, options in fieldsets:
        rows = tuple(_row(one) for one in _several(options.get("fields", ())))
        left = tuple(row for row in (tuple(name for name in row if name not in without) for row in rows) if row)
        classes = frozenset(str(one) for one in _several(options.get("classes", ())))
        description = str(options.get("description", ""))
        if left:
            found.append(Fieldset(title=title, rows=left, classes=classes, description=description))
    return tuple(found)


def names_in(layout: Iterable[Fieldset]) -> list[str]:
    """Return the names of all fields of a layout, in their order."""
    return [name for fieldset in layout for name in fieldset.names]


def flat(fields: Iterable[object]) -> list[object]:
    """Return the names in `fields`, with tuples flattened."""
    return [one for row in fields for one in (row if isinstance(row, list | tuple) else (row,))]


def editable(mapper: Mapper[object], relations: Collection[str], *, with_keys: bool) -> list[str]:
    """Return the default fields of a form: columns, and relations with an autocomplete.

    Primary keys, secrets, columns that the database computes, and foreign keys of relations are left out.
    """
    held = {column for one in mapper.relationships if one.direction is MANYTOONE for column in one.local_columns}
    found = [name for name, column in _columns(mapper) if column not in held and _is_editable(column, with_keys)]
    return [*found, *(name for name in mapper.relationships.keys() if name in relations)]  # noqa: SIM118 - not a mapping


def _columns(mapper: Mapper[object]) -> Iterator[tuple[str, Column[object]]]:
    for attribute in mapper.column_attrs:
        column = attribute.columns[0]
        if isinstance(column, Column) and not is_secret(mapper, attribute.key):
            yield attribute.key, column


def _is_editable(column: Column[object], with_keys: bool) -> bool:  # noqa: FBT001 - a predicate
    if column.computed is not None or column.system or (column.identity is not None and column.identity.always):
        return False
    if column.onupdate is not None or column.server_onupdate is not None:
        return False
    return with_keys or not (column.primary_key or column.foreign_keys)


def _row(one: object) -> tuple[str, ...]:
    return tuple(map(name_of, one)) if isinstance(one, list | tuple) else (name_of(one),)


def _several(value: object) -> Sequence[object]:
    return value if isinstance(value, list | tuple) else (value,)
