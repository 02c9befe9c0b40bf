"""Compiled reads, the rows that they return, and a cache of compiled statements."""

from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from dovetail.database.prepared_reads import DriverConnection, PoolSource, ReadSource
from dovetail.database.presumed import Presumable
from dovetail.resources.read.reads_together import ReadTogether
from dovetail.resources.sql.nested_select import MakeItems
from dovetail.resources.sql.statements import PreparedStatement

MAXIMUM_PLANS = 500  # per resource; each is some kilobytes
T = TypeVar("T")
Place = tuple[int, Callable[[object], object] | None]  # the position of a value in a row, and its converter


@dataclass(frozen=True)
class Batch:
    """Rows for a response: an item for orjson of each, with its position in the order and its version."""

    items: list[object]
    rows: Sequence[Sequence[object]]  # the driver's row of each item
    order: Sequence[Place]  # the values that the rows are ordered by
    versions: Sequence[Place]  # the values that change with every write
    allowed: int | None = None  # the position in a row of the result of `Visibility.check`

    def refused(self) -> list[int]:
        """Return the numbers of the items that do not fulfil `Visibility.check`."""
        place = self.allowed
        return [] if place is None else [number for number, row in enumerate(self.rows) if not row[place]]

    def position(self, number: int) -> tuple[object, ...]:
        """Return the values that an item is ordered by."""
        return _values(self.rows[number], self.order)

    def version(self, number: int) -> tuple[object, ...]:
        """Return the values that change with every write of an item."""
        return _values(self.rows[number], self.versions)


@dataclass(frozen=True)
class Plan:
    """A compiled read."""

    prepared: PreparedStatement
    make_items: MakeItems
    order: tuple[Place, ...]  # as in `Batch`
    versions: tuple[Place, ...]
    allowed: int | None = None
    first: tuple[PreparedStatement, ...] = ()  # statements to run before it: the history line of a write on SQLite
    together: ReadTogether | None = None  # reads one row together with other requests
    # The same read with `sql.presumed.also_confirming`, by the query of the user; None if it cannot be compiled.
    confirming: dict[Presumable, "Plan | None"] = field(default_factory=dict, compare=False)

    async def fetch(
        self, connection: DriverConnection, values: Mapping[str, object], viewer_values: Sequence[object]
    ) -> Batch:
        """Run the statement and return its rows: of a page, one row more than the page."""
        if self.first:
            return self.batch(await self.prepared.fetch_behind(connection, self.first, values, viewer_values))
        return self.batch(await self.prepared.fetch(connection, values, viewer_values))

    async def fetch_one(
        self, source: ReadSource, values: Mapping[str, object], viewer_values: Sequence[object]
    ) -> Sequence[Sequence[object]]:
        """Return the row of a read by key, as the driver gave it."""
        if self.together is not None and isinstance(source, PoolSource) and (pool := source.shared_pool()) is not None:
            return await self.together.rows(source, pool, values, viewer_values)
        return await self.prepared.fetch(await source.connection(), values, viewer_values)

    def batch(self, rows: Sequence[Sequence[object]]) -> Batch:
        """Return the batch of the driver's rows."""
        return Batch(self.make_items(rows), rows, self.order, self.versions, self.allowed)


class Cache(OrderedDict[Hashable, Any]):
    """A least recently used cache of up to `maximum` entries."""

    def __init__(self, maximum: int = MAXIMUM_PLANS) -> None:
        super().__init__()
        self._maximum = maximum

    def __setitem__(self, key: Hashable, value: object) -> None:
        super().__setitem__(key, value)
        if len(self) > self._maximum:
            self.popitem(last=False)

    def remember(self, key: Hashable, make: Callable[[], T]) -> T:
        """Return the entry of `key`; if there is none, add what `make` returns."""
        try:
            self.move_to_end(key)
        except KeyError:
            self[key] = make()
        return self[key]  # type: ignore[no-any-return]  # what make() made


def _values(row: Sequence[object], places: Sequence[Place]) -> tuple[object, ...]:
    # Converted on demand: most lists need neither position nor version.
    return tuple([row[place] if step is None else step(row[place]) for place, step in places])
