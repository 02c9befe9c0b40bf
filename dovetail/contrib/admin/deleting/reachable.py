"""Describe what a deletion from a view reaches, as conditions: made once where the objects are known.

To make these conditions, and SQLAlchemy's keys of the statements with them, takes far longer than to ask the database.
So the keys of the objects are a parameter, and the back office keeps what was made for each view.
"""

from collections.abc import Callable, Collection, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeVar, cast

from sqlalchemy import ColumnElement, Executable, Table, and_, bindparam, or_, select, true, tuple_
from sqlalchemy.orm import Mapper
from sqlalchemy.orm.attributes import instance_state
from starlette.requests import Request

from dovetail.contrib.admin.change_list.view import ChangeListView
from dovetail.contrib.admin.columns.identifiers import primary_keys
from dovetail.contrib.admin.sqladmin_private import AnySelect
from dovetail.database.deletion.conditions import refer, rows_with
from dovetail.database.deletion.reach import Group, Reach
from dovetail.database.deletion.references import Effect, Pairs, Rows, by_objects
from dovetail.database.drivers.sqlalchemy_private_statements import as_plain_subquery
from dovetail.state import StateKey

StatementT = TypeVar("StatementT", bound=Executable)
KEYS = "deleted_keys"  # the parameter that has the keys of the objects
REACHABLE = StateKey[dict[ChangeListView, "Reachable"]]("admin_reachable")  # in the state of a back office


@dataclass(frozen=True)
class AffectedRows:
    """Rows of one kind, and what becomes of them; of a table of links, the rows at their other end."""

    model: type[object]
    effect: Effect
    condition: ColumnElement[bool]
    is_linked: bool = False


class Reachable:
    """Holds what a deletion of objects of a model may reach, however many there are."""

    def __init__(self, mapper: Mapper[object]) -> None:
        self.root = Rows(_table_of(mapper.base_mapper), mapper)
        self.reach = Reach.of([self.root], by_objects)
        self._known: dict[frozenset[Group], Effects] = {}

    def of_known(self, model: type[object], flat: Collection[Group]) -> "Effects":
        """Return the effects of deleting the objects whose keys the parameter `KEYS` has."""
        key = frozenset(flat)
        if key not in self._known:
            keys = primary_keys(model)
            own = keys[0] if len(keys) == 1 else tuple_(*keys)
            chosen = own.in_(bindparam(KEYS, expanding=True, type_=own.type))
            self._known[key] = Effects(self, chosen, flat)
        return self._known[key]

    def of_selected(self, model: type[object], statement: AnySelect, flat: Collection[Group]) -> "Effects":
        """Return the effects of deleting all objects that a statement selects."""
        keys = primary_keys(model)
        only_keys = statement.order_by(None).with_only_columns(*keys, maintain_column_froms=True)
        return Effects(self, rows_with(keys, as_plain_subquery(only_keys.correlate(None))), flat)

    @cached_property
    def mappers(self) -> dict[Table, Mapper[object]]:
        """The models of tables; of those that share one, the one that the others derive from."""
        found: dict[Table, Mapper[object]] = {}
        assert self.root.mapper is not None  # noqa: S101 - see __init__
        for mapper in self.root.mapper.registry.mappers:
            table = mapper.local_table
            if isinstance(table, Table) and not (mapper.inherits and mapper.inherits.local_table is table):
                found[table] = mapper
        return found


@dataclass
class Effects:
    """The effects of one deletion; the circles in `flat` are not followed, see `Reach.gone`."""

    of: Reachable
    chosen: ColumnElement[bool]
    flat: Collection[Group]
    _statements: dict[Hashable, Executable] = field(default_factory=dict)

    @cached_property
    def gone(self) -> Mapping[Rows, ColumnElement[bool]]:
        """The conditions on what is deleted, by kind of rows."""
        return self.of.reach.gone({self.of.root: self.chosen}, self.flat)

    @cached_property
    def reached(self) -> Sequence[AffectedRows]:
        """The rows that go along, that lose their reference and that stand in the way, by kind."""
        return [one for found in self._found() if (one := self._as_objects(*found)) is not None]

    def kept(self, key: Hashable, make: Callable[[], StatementT]) -> StatementT:
        """Return the statement that `make` makes, of the first time that it was asked for by this key."""
        if key not in self._statements:
            self._statements[key] = make()
        return cast("StatementT", self._statements[key])

    def _found(self) -> Iterator[tuple[Table, Effect, ColumnElement[bool], Pairs]]:
        """Yield tables, effects and conditions, and of tables of links by which columns they were found."""
        gone: dict[Table, list[ColumnElement[bool]]] = {}
        for rows, condition in self.gone.items():
            gone.setdefault(rows.table, []).append(condition)
        found: dict[tuple[Table, Effect], list[ColumnElement[bool]]] = {}
        pairs: dict[Table, Pairs] = {}
        for rows, references in self.of.reach.references.items():
            for one in references:
                pairs.setdefault(one.rows.table, one.pairs)
                if one.effect is not Effect.DELETE:
                    left = refer(one.pairs, self.gone[rows])
                    if one.rows.table in gone:
                        left = and_(left, is_not(or_(*gone[one.rows.table])))
                    found.setdefault((one.rows.table, one.effect), []).append(left)
        for rows in self.gone:
            conditions = [] if rows.is_part else gone.pop(rows.table, [])
            if self._is_shown(rows, conditions):
                told = or_(*conditions)
                if rows.table is self.of.root.table:
                    told = and_(told, is_not(self.chosen))
                yield rows.table, Effect.DELETE, told, pairs.get(rows.table, ())
        for (table, effect), conditions in found.items():
            yield table, effect, or_(*conditions), pairs[table]

    def _is_shown(self, rows: Rows, conditions: Sequence[ColumnElement[bool]]) -> bool:
        """Return whether rows are objects that go along, and not chosen, nor parts that others have in a table."""
        if not conditions or (rows == self.of.root and len(conditions) == 1):
            return False
        mapper = self.of.mappers.get(rows.table)
        base = None if mapper is None or mapper.inherits is None else mapper.inherits.local_table
        return base is None or all(one.table is not base for one in self.gone)

    def _as_objects(
        self, table: Table, effect: Effect, condition: ColumnElement[bool], pairs: Pairs
    ) -> AffectedRows | None:
        """Return the objects that rows are, or that are at the other end of links, of a table without a model."""
        mapper = self.of.mappers.get(table)
        if mapper is not None:
            return AffectedRows(mapper.class_, effect, condition)
        used = {own for own, _ in pairs}
        for constraint in table.foreign_key_constraints:
            mapper = self.of.mappers.get(constraint.referred_table)
            if mapper is not None and used.isdisjoint(constraint.columns):
                ends = [(key.column, key.parent) for key in constraint.elements]
                links = select(*(own for _, own in ends)).where(condition).correlate(None)
                return AffectedRows(
                    mapper.class_, effect, rows_with([other for other, _ in ends], links), is_linked=True
                )
        return None


def reachable_from(view: ChangeListView, request: Request) -> Reachable:
    """Return what deletions from a view may reach; the back office that answers `request` keeps it."""
    known = REACHABLE.find(request.app)
    if known is None:
        known = {}
        REACHABLE.set(request.app, known)
    if view not in known:
        known[view] = Reachable(view.mapper)
    return known[view]


def keys_of(objs: Sequence[object]) -> list[object]:
    """Return the keys of objects, as the parameter `KEYS` takes them."""
    keys = [instance_state(one).mapper.primary_key_from_instance(one) for one in objs]
    return [key[0] if len(key) == 1 else tuple(key) for key in keys]


def is_not(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    """Return the condition that another one does not hold, also where it is NULL, as of what refers to nothing."""
    return condition.is_not(true())


def _table_of(mapper: Mapper[object]) -> Table:
    table = mapper.local_table
    assert isinstance(table, Table)  # noqa: S101 - a view of another selectable has no rows to delete
    return table
