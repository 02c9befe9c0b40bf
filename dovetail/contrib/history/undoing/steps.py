"""Build the steps that undo the lines of a transaction, last line first, with similar changes grouped into one step."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum, auto
from graphlib import CycleError, TopologicalSorter

from dovetail.contrib.history.models import ChangeAction
from dovetail.contrib.history.recording.recorded import REDACTED, RecordedTable
from dovetail.contrib.history.undoing.changed_keys import changed_keys, key_after, key_values
from dovetail.contrib.history.undoing.names import Names
from dovetail.errors import ConflictError
from dovetail.translation import formats
from dovetail.translation.texts import gettext

MAX_ROWS = 500  # rows per step: all of them are sent as one JSON parameter
MAX_MOVED = 500  # changed primary keys of a transaction that can be undone: each takes statements of its own


@dataclass(frozen=True)
class Line:
    """A line of the history, with numbers as Decimals so that no digit is lost."""

    id: int
    action: ChangeAction
    model: str
    object_key: str
    before: Mapping[str, object]
    after: Mapping[str, object]


class Kind(Enum):
    """The kinds of statements a step executes."""

    DELETE = auto()
    INSERT = auto()
    UPDATE = auto()


@dataclass(frozen=True)
class Row:
    """A row of a step: the values it has to have now and those it gets, by field name, as in JSON."""

    text: str  # its key as it has to be now, in the form that lines have
    key: Mapping[str, object]  # the values of that key, by column key
    now: Mapping[str, object]
    then: Mapping[str, object]


@dataclass(frozen=True)
class Step:
    """Rows of one table that are changed in the same way."""

    kind: Kind
    table: RecordedTable
    names: tuple[str, ...]  # the fields that are written
    rows: list[Row] = field(default_factory=list)

    @property
    def moves(self) -> bool:
        """True if the step changes the primary key of its row, which is then its only one."""
        row, keys = self.rows[0], [name for name in self.names if self.table.fields[name] in self.table.keys]
        return self.kind is Kind.UPDATE and any(row.now[name] != row.then[name] for name in keys)

    def is_like(self, other: "Step") -> bool:
        """Return whether rows of the other step can be added: it does the same to the same table and fields."""
        is_same = (self.kind, self.table, self.names) == (other.kind, other.table, other.names)
        return is_same and not self.moves and not other.moves

    def found_rows(self) -> list[dict[str, object]]:
        """Return the keys by which the rows are found, by column key."""
        return [dict(row.key) for row in self.rows]

    def target_rows(self) -> list[dict[str, object]]:
        """Return the rows with the values they get, by column key."""
        fields = self.table.fields
        given = [{fields[name].key: value for name, value in row.then.items()} for row in self.rows]
        return [
            {**row.key, **one} if self.moves else {**one, **row.key} for row, one in zip(self.rows, given, strict=True)
        ]


class Steps:
    """Collects the steps that undo lines, which are added last line first; `names` is used in error messages."""

    def __init__(self, tables: Iterable[RecordedTable], names: Names) -> None:
        self._names = names
        self._known: dict[str, list[RecordedTable]] = {}
        for table in tables:
            self._known.setdefault(table.label, []).append(table)
        self._found: list[Step] = []
        self._moved = 0
        self._keys: set[tuple[object, ...]] = set()  # of the rows in the last step: a row may occur in it only once

    def add(self, line: Line) -> None:
        """Add the steps that undo a line. Raise ConflictError if it cannot be undone."""
        table = self._table_of(line)
        if line.action == ChangeAction.ADD:  # a field that is not there any more need not be brought back
            line = replace(line, after={name: value for name, value in line.after.items() if name in table.fields})
        if not table.is_link and line.action != ChangeAction.ADD:
            _refuse_secrets(line, table, self._names)
        for step in self._steps_of(line, table):
            self._moved += step.moves
            if self._moved > MAX_MOVED:
                raise ConflictError(
                    gettext("This cannot be undone: it changed the keys of more than %(most)s objects.")
                    % {"most": formats.number(MAX_MOVED)}
                )
            key = tuple(step.rows[0].key.values())
            if self._found and key not in self._keys and self._found[-1].is_like(step):
                self._found[-1].rows.extend(step.rows)
            else:
                self._found.append(step)
                self._keys.clear()
            self._keys.add(key)

    def _steps_of(self, line: Line, table: RecordedTable) -> list[Step]:
        try:
            return list(_steps_of(line, table))
        except ValueError:  # a column of the key had another type, or there were more or fewer of them
            raise ConflictError(
                gettext("This cannot be undone: the key of %(name)s has another form now.")
                % {"name": self._names.object_name(table, line.object_key)}
            ) from None

    def in_parts(self) -> list[Step]:
        """Return the steps, divided so that none has more than MAX_ROWS rows."""
        return [part for step in self._found for part in _in_parts(step)]

    def _table_of(self, line: Line) -> RecordedTable:
        candidates, names = self._known.get(line.model, []), {*line.before, *line.after}
        for table in candidates:
            if line.action == ChangeAction.ADD and not table.is_link:
                return table
            if names <= set(table.fields) and (table.is_link or len(names) == 0 or not _is_link_line(line, candidates)):
                return table
        name = f"{line.model} {line.object_key}"
        if candidates:
            name = self._names.object_name(candidates[0], line.object_key)
        lost = sorted(names - {name for table in candidates for name in table.fields})
        raise ConflictError(
            gettext("%(name)s cannot be brought back: it has no field %(lost)s any more.")
            % {"name": name, "lost": lost[0]}
            if candidates and lost
            else gettext("%(name)s cannot be brought back: its changes are not written down any more.") % {"name": name}
        )


def _in_parts(step: Step) -> Iterator[Step]:
    rows = _parents_first(step) if step.kind is Kind.INSERT and not step.table.is_link else step.rows
    for start in range(0, len(rows), MAX_ROWS):
        yield replace(step, rows=rows[start : start + MAX_ROWS])


def _parents_first(step: Step) -> list[Row]:
    """Return the rows with referenced rows before those that refer to them; unchanged if the references are cyclic."""
    names = {column.key: name for name, column in step.table.fields.items()}
    waiting: dict[int, set[int]] = {}
    for constraint in step.table.table.foreign_key_constraints:
        if constraint.referred_table is not step.table.table:
            continue
        own = [names.get(one.parent.key, "") for one in constraint.elements]
        other = [names.get(one.column.key, "") for one in constraint.elements]
        places = {_values(row, other): place for place, row in enumerate(step.rows)}
        for place, row in enumerate(step.rows):
            parent = places.get(_values(row, own), place)
            if parent != place:
                waiting.setdefault(place, set()).add(parent)
    if not waiting:
        return step.rows
    try:
        order = TopologicalSorter({place: waiting.get(place, ()) for place in range(len(step.rows))}).static_order()
        return [step.rows[place] for place in order]
    except CycleError:
        return step.rows


def _values(row: Row, names: Iterable[str]) -> tuple[str, ...]:
    return tuple(str(row.then.get(name)) for name in names)


def _is_link_line(line: Line, candidates: Sequence[RecordedTable]) -> bool:
    names = {*line.before, *line.after}
    return any(table.is_link and names <= set(table.fields) for table in candidates)


def _steps_of(line: Line, table: RecordedTable) -> Iterator[Step]:
    before, after = line.before, line.after
    text, key = line.object_key, key_values(table, line.object_key)
    if line.action == ChangeAction.CHANGE and not table.is_link:
        text, key = key_after(table, text, before, after), {**key, **changed_keys(table, before, after)}
    if table.is_link:
        if after:
            yield Step(Kind.DELETE, table, tuple(after), [Row(text, {**key, **_columns(table, after)}, after, {})])
        if before:
            yield Step(Kind.INSERT, table, tuple(before), [Row(text, {**key, **_columns(table, before)}, {}, before)])
    elif line.action == ChangeAction.ADD:
        yield Step(Kind.DELETE, table, tuple(after), [Row(text, key, after, {})])
    else:
        kind = Kind.INSERT if line.action == ChangeAction.DELETE else Kind.UPDATE
        yield Step(kind, table, tuple(before), [Row(text, key, after, before)])


def _columns(table: RecordedTable, values: Mapping[str, object]) -> dict[str, object]:
    return {table.fields[name].key: value for name, value in values.items()}


def _refuse_secrets(line: Line, table: RecordedTable, names: Names) -> None:
    secret = next((one for one, value in line.before.items() if value == REDACTED), None)
    if secret is not None:
        raise ConflictError(
            gettext("%(name)s cannot be brought back: its %(secret)s is a secret, which the history does not hold.")
            % {"name": names.object_name(table, line.object_key), "secret": names.field(table, secret)}
        )
