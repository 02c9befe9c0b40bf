"""An INSERT or UPDATE of one row that also reads it, nested objects included, in the same statement.

A read starts from a page of rows (`nested_select`). On PostgreSQL the RETURNING of the write, as a CTE, takes the place
of that page. SQLite has no writes in CTEs, but a subquery in RETURNING sees the new values of the row. So there the
subquery begins with a CTE that has the table's name, and therefore hides it, and holds the written row alone: the read
that is compiled for every page finds that row and no other. Such a subquery yields a single value, so all that is not
a column of the row itself comes as one JSON array.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import TypeAlias

from sqlalchemy import (
    CTE,
    Column,
    ColumnElement,
    Dialect,
    Float,
    FromClause,
    Insert,
    Table,
    Update,
    cast,
    func,
    inspect,
    literal_column,
    select,
)
from sqlalchemy.exc import DBAPIError

from dovetail.database.change_log import ChangeLog, snapshot_of
from dovetail.database.drivers.sqlalchemy_private_statements import values_to_set
from dovetail.database.prepared_reads import DriverConnection
from dovetail.resources.read.reader import Batch, Plan, Reader
from dovetail.resources.sql.change_lines import (
    OLD,
    changed_line,
    made_line,
    old_columns,
    tells_old_rows,
)
from dovetail.resources.sql.enforced import enforced, is_refusal
from dovetail.resources.sql.insert_statements import Defaults, prepare_values
from dovetail.resources.sql.json_values import is_exact_in_json
from dovetail.resources.sql.nested_select import NestedSelect, page_columns
from dovetail.resources.sql.nodes import Attribute, Node, Relation
from dovetail.resources.sql.nodes import Column as ColumnPart
from dovetail.resources.sql.statements import Cache, PreparedStatement, prepare
from dovetail.resources.visibility import Visibility
from dovetail.resources.write.links import link_columns, link_cte

Write: TypeAlias = Insert | Update


class ReadBack:
    """Compiles statements that write a row of the reader's model and return what the reader would read."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._known = Cache()

    def is_possible(self, links: Sequence[str], visibility: Visibility, dialect: Dialect) -> bool:
        """Return True if the statement that writes a row, and links it by `links`, can also read it."""
        if visibility.related or visibility.expressions:
            return False  # they may look at rows that this very statement writes, which it does not see in the tables
        if visibility.check_asks_rows:
            return False  # likewise
        node = self._reader.node_for(visibility, dialect)
        key = (dialect.name, tuple(links), visibility.hidden)
        return node is not None and bool(self._known.remember(key, lambda: _sees_only_the_row(node, links, dialect)))

    def compile(  # noqa: PLR0917 - what the statement is made of
        self,
        write: Write,
        defaults: Defaults,
        links: Mapping[str, FromClause],
        visibility: Visibility,
        dialect: Dialect,
        log: ChangeLog | None = None,
        *,
        taken: CTE | None = None,
        is_alone: bool = False,
    ) -> Plan | None:
        """Return the plan that writes and reads the row, if that `is_possible`; None if JSON would lose precision.

        `links` are the keys of the rows to link, by relation (see `link_cte`).

        On PostgreSQL the plan also writes the history line; `taken` is the row's old version for it. `is_alone` says
        that the statement may run outside a transaction: it then fails by itself if the written row is not allowed,
        and `fetch_allowed` has to run it.
        """
        node, model = self._reader.node_for(visibility, dialect), self._reader.model
        assert node is not None  # noqa: S101 - it is possible
        is_sqlite = dialect.name == "sqlite"
        check = visibility.check
        if is_alone and check is not None and not is_sqlite:
            check = enforced(model, check)
        columns = page_columns(node, self._reader.version_within(visibility.hidden), check)
        tells_old = tells_old_rows(dialect) or taken is not None
        lines = None if is_sqlite or log is None else _Lines(log, write, taken, tells_old)

        def beside(row: CTE) -> Sequence[CTE]:
            hiding = [_row_cte(model, dialect)] if is_sqlite else []
            linked = {name: link_cte(model, name, row, keys, dialect) for name, keys in links.items()}
            written = () if lines is None else lines.of(row, model, linked)
            return [*hiding, *linked.values(), *written]

        looked_at = () if lines is None else lines.returned(set(columns), dialect)
        page = select(*columns) if is_sqlite else write.returning(*columns, *looked_at)
        nested = self._reader.nested_select(node, page, visibility, dialect, beside=beside)
        if is_sqlite:
            prepared = _prepare_returning(write, nested, model, visibility, dialect, defaults)
        else:
            prepared = prepare_values(nested.statement, dialect, visibility.binds, defaults)
        return self._reader.plan_of(nested, prepared, visibility, dialect)


@dataclass(frozen=True)
class _Lines:
    """The history lines about the rows that a statement writes, as CTEs of that statement."""

    log: ChangeLog
    write: Write
    taken: CTE | None  # the old version of the row that is written
    tells_old_rows: bool

    @property
    def columns(self) -> Sequence[Column[object]]:
        """The columns that the history records."""
        return self.log.columns(self.write.table)

    def returned(self, known: Collection[object], dialect: Dialect) -> Iterator[ColumnElement[object]]:
        """Yield the columns that RETURNING needs for the lines in addition to those `known`."""
        yield from (column for column in self.columns if column not in known)
        if self.tells_old_rows and not isinstance(self.write, Insert):
            told = [column for column in self.columns if column.key in self._names]
            yield from old_columns(told, dialect, self.taken)

    @property
    def _names(self) -> Collection[object]:
        return {getattr(column, "key", column) for column in values_to_set(self.write)}

    def of(self, row: CTE, model: type[object], links: Mapping[str, CTE]) -> Sequence[CTE]:
        """Return one CTE that inserts all lines in order: first that of the row, then those of its links.

        One CTE, since PostgreSQL executes several in no defined order, and an undo reverts the last line first.
        """
        lines = list(self._inserts(row, model, links))
        return [self.log.insert_all(lines).cte("history_lines")] if lines else []

    def _inserts(self, row: CTE, model: type[object], links: Mapping[str, CTE]) -> Iterator[Insert]:
        table = self.write.table
        if not isinstance(table, Table):
            return
        if self.columns:
            yield self._of_row(row, table)
        for name, cte in links.items():
            if self.log.columns(link_columns(model, name)[0].table):
                yield made_line(self.log, link_columns(model, name)[0].table, snapshot_of(cte))

    def _of_row(self, row: CTE, table: Table) -> Insert:
        if isinstance(self.write, Insert):
            return made_line(self.log, table, snapshot_of(row))
        names = self._names
        same = [column == row.c[column.key] for column in table.primary_key.columns]
        after = {key: value for key, value in snapshot_of(row).items() if key in names}
        if not self.tells_old_rows:
            return changed_line(self.log, table, after, same)  # a CTE sees the table as before the statement
        before = {**snapshot_of(row), **{key: row.c[f"{OLD}{key}"] for key in after}}
        return self.log.insert(table, before=before, after=after, where=())


async def fetch_allowed(
    plan: Plan, connection: DriverConnection, values: Mapping[str, object], viewer_values: Sequence[object]
) -> Batch | None:
    """Run the plan and return the row it wrote; None if the written row was not allowed, and so was rolled back."""
    try:
        return await plan.fetch(connection, values, viewer_values)
    except DBAPIError as error:
        if not is_refusal(error):
            raise
        return None


def _prepare_returning(  # noqa: PLR0917 - as ReadBack.compile has them
    write: Write,
    nested: NestedSelect,
    model: type[object],
    visibility: Visibility,
    dialect: Dialect,
    defaults: Defaults,
) -> PreparedStatement | None:
    """Compile `write` for SQLite so that it returns what `nested` reads; None if JSON would lose precision."""
    read = nested.statement.subquery("read")
    others = {place: column for place, column in enumerate(read.c) if place not in nested.own}
    if not all(is_exact_in_json(column.type, dialect) for column in others.values()):
        return None
    own = dict(sorted(nested.own.items()))
    columns = [_as_stored(getattr(model, name).property.columns[0]) for name in own.values()]
    statement = prepare_values(write.returning(*columns), dialect, visibility.binds, defaults)
    packed = prepare(select(func.json_array(*others.values())), dialect, visibility.binds)
    if statement is None or packed is None:
        return None
    if not others:
        return statement
    places = [*own, *others]
    order = itemgetter(*map(places.index, range(len(places)))) if len(places) > 1 else tuple
    return PreparedStatement(f"{statement.sql}, ({packed.sql})", statement.arguments + packed.arguments, order)


def _row_cte(model: type[object], dialect: Dialect) -> CTE:
    """Return a CTE with the name of the model's table that holds the row being written, for RETURNING on SQLite."""
    table = inspect(model).local_table
    name = dialect.identifier_preparer.format_column
    columns = (literal_column(name(one, use_table=True), one.type).label(one.name) for one in table.columns)
    return select(*columns).cte(table.name)


def _sees_only_the_row(node: Node, links: Sequence[str], dialect: Dialect) -> bool:
    """Return True if a read of the written row does not need the tables that the statement writes to."""
    hidden = {link_columns(node.model, name)[0].table for name in links}
    own_table = inspect(node.model).local_table
    # On SQLite CTEs replace the row's own table too, and the link tables with their future content.
    stand_for = {*hidden, own_table} if dialect.name == "sqlite" else hidden
    if dialect.name == "sqlite" and any(len(table.columns) != 2 for table in hidden):  # noqa: PLR2004 - a link's keys
        return False
    for depth, relation in _relations(node):
        if relation.property.mapper.local_table is own_table:
            return False
        if relation.property.secondary in hidden and (depth or relation.key not in links):
            return False
    return all(isinstance(table, Table) and table.schema is None for table in stand_for)


def _as_stored(column: ColumnElement[object]) -> ColumnElement[object]:
    # SQLite stores 1.0 as 1 to save space, and converts it back everywhere but in RETURNING.
    return cast(column, column.type) if isinstance(column.type, Float) else column


def _relations(node: Node, depth: int = 0) -> Iterator[tuple[int, Attribute]]:
    for part in node.parts:
        if isinstance(part, ColumnPart):
            yield from ((depth, relation) for relation in part.relations)
        elif isinstance(part, Relation):
            yield depth, part.relation
            yield from _relations(part.node, depth + 1)
