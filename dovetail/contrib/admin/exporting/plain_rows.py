"""Read the rows of an export as tuples instead of objects, if it contains only columns.

These are columns of the model, of a related object (`author.email`), and the title of a related object if its
`__str__` returns a column. Anything else, and listeners to loading, need the objects.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import TypeAlias, cast

from sqlalchemy import Column, ColumnElement, Enum, String
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapper, RelationshipProperty, aliased
from sqlalchemy.orm.util import AliasedClass

from dovetail.contrib.admin.columns.code_names import returned_by
from dovetail.contrib.admin.columns.columns import TITLE
from dovetail.contrib.admin.lists.relations import is_of_one
from dovetail.contrib.admin.permissions import Rights
from dovetail.contrib.admin.rules.rules import EVERYTHING
from dovetail.contrib.admin.shown import ShownView, follows_paths, is_computed, title_by_key
from dovetail.contrib.admin.sqladmin_private import AnySelect
from dovetail.contrib.admin.views import ModelAdmin
from dovetail.database.drivers.sqlalchemy_private_statements import merges_rows, options_of
from dovetail.resources.query.keys import key_names, write_key

Read: TypeAlias = Callable[[Sequence[object]], object]
Source: TypeAlias = type[object] | AliasedClass[object]  # the model of columns, or an alias of a joined one


class _NeedsObjectsError(Exception):
    """The export contains something that is not a column."""


@dataclass(frozen=True)
class PlainRows:
    """The SELECT of the rows of an export, which begin with their keys, and the functions that read each cell."""

    statement: AnySelect
    reads: Sequence[Read]


def plain_rows(
    session: AsyncSession, view: ModelAdmin, statement: AnySelect, names: Sequence[str], rights: Rights, *, keyed: bool
) -> PlainRows | None:
    """Return the plan to read `names` of the rows of `statement` as tuples; None if objects are needed.

    Related objects are read by their keys if `keyed`, or else by their titles.
    """
    described = statement.column_descriptions
    is_plain = len(described) == 1 and described[0]["expr"] is view.model and not options_of(statement)
    has_listeners = bool(session.sync_session.dispatch.loaded_as_persistent)
    if not is_plain or has_listeners or merges_rows(statement) or not follows_paths(view):
        return None
    plan = _Plan(view, rights, keyed)
    try:
        plan.begin()
        reads = [plan.cell(name) for name in names]
    except _NeedsObjectsError:
        return None
    narrowed = cast("AnySelect", statement.with_only_columns(*plan.places, maintain_column_froms=True))
    for name, target in plan.joined.items():
        narrowed = narrowed.outerjoin(getattr(view.model, name).of_type(target))
    return PlainRows(narrowed, reads)


@dataclass(frozen=True)
class _Plan:
    view: ModelAdmin
    rights: Rights
    keyed: bool
    places: dict[ColumnElement[object], int] = field(default_factory=dict)  # the position of each column in the rows
    joined: dict[str, AliasedClass[object]] = field(default_factory=dict)  # the aliases of related models

    def begin(self) -> None:
        """Select the key. Raise _NeedsObjectsError as `cell` does."""
        _check_quiet(self.view.mapper)
        for name in key_names(self.view.model):
            self._place(self.view.model, name)

    def cell(self, name: str) -> Read:
        """Return the function that reads a cell. Raise _NeedsObjectsError if it is not a column."""
        first, _, rest = name.partition(".")
        if name != TITLE and is_computed(self.view, name):
            raise _NeedsObjectsError
        if name == TITLE or (not rest and first in self.view.mapper.column_attrs):
            return self._read(self.view.mapper, self.view.model, name)
        relation = self.view.mapper.relationships.get(first)
        if relation is None or not is_of_one(relation):
            raise _NeedsObjectsError
        if self.keyed and not rest:
            return self._key(relation.mapper.class_, self._target(relation))
        return self._read(relation.mapper, self._target(relation), rest or TITLE)

    def _key(self, model: type[object], source: Source) -> Read:
        places = [self._place(source, key) for key in key_names(model)]

        def read(row: Sequence[object]) -> object:
            key = [row[place] for place in places]
            return None if key[0] is None else write_key(key)

        return read

    def _target(self, relation: RelationshipProperty[object]) -> Source:
        model = relation.mapper.class_
        if self.rights.shown(self.view.model, (relation.key,), model) is not EVERYTHING:
            raise _NeedsObjectsError
        _check_quiet(relation.mapper)
        return self.joined.setdefault(relation.key, cast("AliasedClass[object]", aliased(model)))

    def _read(self, mapper: Mapper[object], source: Source, name: str) -> Read:
        if name == TITLE:
            return self._title(mapper, source)
        _column(mapper, name)
        return itemgetter(self._place(source, name))

    def _title(self, mapper: Mapper[object], source: Source) -> Read:
        """Return the function that reads an object's title, as `title_of` of the view returns it; None if none can."""
        view, model, name = self.view, mapper.class_, returned_by(mapper.class_.__str__)
        if type(view).title_of is not ShownView.title_of or name in {None, *self.rights.fields.hidden(model)}:
            raise _NeedsObjectsError
        kind = _column(mapper, str(name)).type
        if not isinstance(kind, String) or isinstance(kind, Enum):
            raise _NeedsObjectsError  # `__str__` must not return None
        keys, text = [self._place(source, key) for key in key_names(model)], self._place(source, str(name))

        def read(row: Sequence[object]) -> object:
            said = cast("str | None", row[text])
            if said is None or not said.strip():
                key = [row[place] for place in keys]
                return None if key[0] is None else title_by_key(view, model, write_key(key))
            return said

        return read

    def _place(self, source: Source, name: str) -> int:
        return self.places.setdefault(getattr(source, name), len(self.places))


def _column(mapper: Mapper[object], name: str) -> Column[object]:
    """Return the column of an attribute. Raise _NeedsObjectsError if it has none, or is an expression."""
    columns = mapper.column_attrs[name].columns if name in mapper.column_attrs else ()
    if len(columns) != 1 or not isinstance(columns[0], Column):
        raise _NeedsObjectsError
    return columns[0]


def _check_quiet(mapper: Mapper[object]) -> None:
    """Raise _NeedsObjectsError if the model has several tables, or listeners to the loading of its objects."""
    is_alone = mapper.polymorphic_on is None and mapper.inherits is None and len(mapper.tables) == 1
    if not is_alone or mapper.class_manager.dispatch.load:
        raise _NeedsObjectsError
