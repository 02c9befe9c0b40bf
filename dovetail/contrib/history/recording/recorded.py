"""Decide what is recorded: which tables, which of their columns, and which of these are secret.

Every model of every plugin is recorded, unless it sets `__history__ = False` or HISTORY_IGNORE names it. A link of a
many-to-many relation is recorded as a change of the object whose column comes first in the link table.

Of a secret column only the fact that it changed is recorded. A column is secret if it is marked with
`mapped_column(info={"secret": True})`, if its name suggests it ("hashed_password", "token_hash", "api_secret") and it
is not marked otherwise, or if the policy of its model hides it from everybody.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, partial

from sqlalchemy import Column, FromClause, Table, inspect
from sqlalchemy.orm import MANYTOMANY, Mapper

from dovetail.errors import ConfigurationError, quoted
from dovetail.plugin import Context
from dovetail.resources.schemas.secret_columns import is_secret

REDACTED = "•••"  # stands for the value of a secret field


@dataclass(frozen=True)
class RecordedTable:
    """A recorded table: its changes are recorded as changes of `label`, whose objects are identified by `keys`."""

    table: Table
    label: str  # "blog.post"
    keys: tuple[Column[object], ...]
    fields: Mapping[str, Column[object]]  # by attribute name; for a link table by the name of the relation
    hidden: Callable[[], frozenset[str]] = frozenset  # the fields the policy hides from everybody; called when needed
    is_link: bool = False
    model: type[object] | None = None  # the model of `label`; for a link table the model that has the relation

    @cached_property
    def columns(self) -> list[Column[object]]:
        """The columns whose values a line needs."""
        return list(dict.fromkeys([*self.keys, *self.table.primary_key.columns, *self.fields.values()]))

    @cached_property
    def secrets(self) -> frozenset[str]:
        """The fields of which only the fact that they changed is recorded."""
        hidden = self.hidden()
        return frozenset(name for name, column in self.fields.items() if is_secret(column) or name in hidden)

    def written(self, names: Collection[str]) -> dict[str, Column[object]]:
        """Return the fields among `names` that are set explicitly, leaving out columns with `onupdate`."""
        return {name: one for name, one in self.fields.items() if one.key in names and one.onupdate is None}


class Recorded:
    """The recorded tables of a site; collected on first use, when all models have been imported."""

    def __init__(self, context: Context, ignored: Collection[str]) -> None:
        self._context = context
        self._ignored = ignored
        self._tables: dict[str, RecordedTable] | None = None

    def find(self, table: FromClause) -> RecordedTable | None:
        """Return the entry of a table; None if it is not recorded."""
        return self.tables.get(getattr(table, "key", ""))

    @property
    def tables(self) -> Mapping[str, RecordedTable]:
        """All recorded tables, by name."""
        if self._tables is None:
            self._tables = {one.table.key: one for one in _tables(self._context, self._ignored)}
        return self._tables

    def labelled(self, label: str) -> RecordedTable | None:
        """Return the table of the objects with this label, such as `blog.post`; None if there is none."""
        return self._labelled.get(label)

    @cached_property
    def _labelled(self) -> Mapping[str, RecordedTable]:
        return {one.label: one for one in reversed(list(self.tables.values())) if not one.is_link}

    def labels_of(self, model: type[object]) -> list[str]:
        """Return the labels of a model's changes: one for each table that it is stored in."""
        tables = dict.fromkeys(mapper.local_table for mapper in inspect(model).iterate_to_root())
        return list(dict.fromkeys(one.label for table in tables if (one := self.find(table)) is not None))


def check_ignored(context: Context, ignored: Collection[str]) -> None:
    """Raise ConfigurationError if HISTORY_IGNORE names something that is not a model."""
    known = {label for label, _ in _models(context)}
    for name in ignored:
        if name not in known:
            raise ConfigurationError(
                f"HISTORY_IGNORE names {quoted(name)}, which is no model; expected some of: {', '.join(sorted(known))}"
            )


def _tables(context: Context, ignored: Collection[str]) -> Iterator[RecordedTable]:
    links: dict[str, RecordedTable] = {}
    seen: set[str] = set()
    for label, model in _models(context):
        mapper: Mapper[object] = inspect(model)
        table = mapper.local_table
        if label in ignored or getattr(model, "__history__", True) is False or not isinstance(table, Table):
            continue
        for link in _links(label, mapper):
            links.setdefault(link.table.key, link)
        if table.key not in seen:  # a table shared with subclasses belongs to the base class
            seen.add(table.key)
            yield _of_model(context, label, model, table)
    yield from (link for key, link in links.items() if key not in seen)


def _models(context: Context) -> Iterator[tuple[str, type[object]]]:
    for plugin in context.plugins:
        for model in sorted(plugin.models, key=lambda one: len(one.__mro__)):
            yield f"{plugin.name}.{model.__name__.lower()}", model


def _of_model(context: Context, label: str, model: type[object], table: Table) -> RecordedTable:
    mapper: Mapper[object] = inspect(model)
    fields: dict[str, Column[object]] = {}
    for heir in (mapper, *mapper.self_and_descendants):  # subclasses may add columns to the same table
        for attribute in heir.column_attrs:
            for column in attribute.columns:
                if isinstance(column, Column) and column.table is table and _is_kept(column):
                    fields.setdefault(attribute.key, column)
    hidden = partial(_hidden_from_all, context, model)
    return RecordedTable(table, label, tuple(table.primary_key.columns), fields, hidden, model=model)


def _is_kept(column: Column[object]) -> bool:
    """Return False for a column that the database computes, or that PostgreSQL gives every table."""
    return column.computed is None and not column.system


def _hidden_from_all(context: Context, model: type[object]) -> frozenset[str]:
    policy = context.policies.of(model)
    return _common(policy.hidden(viewer) for viewer in policy.sample_viewers())


def _common(sets: Iterable[frozenset[str]]) -> frozenset[str]:
    found = list(sets)
    return frozenset.intersection(*found) if found else frozenset()


def _links(label: str, mapper: Mapper[object]) -> Iterator[RecordedTable]:
    for relation in mapper.relationships:
        table = relation.secondary
        if relation.direction is not MANYTOMANY or relation.viewonly or not isinstance(table, Table):
            continue
        own = [table.columns[column.key] for _, column in relation.synchronize_pairs]
        other = [table.columns[column.key] for _, column in relation.secondary_synchronize_pairs or ()]
        if len(other) == 1 and own and own[0] is next(iter(table.columns)):
            fields = {relation.key: other[0]}
            yield RecordedTable(table, label, tuple(own), fields, is_link=True, model=mapper.class_)
