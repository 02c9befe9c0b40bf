"""Read rows of a resource by compiled statements, or by the ORM and pydantic where a schema needs Python.

Both return the same page; `Reader.why_python` says which of them a read uses, and why.
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Any, TypeVar

from pydantic import BaseModel
from sqlalchemy import Dialect, Select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql.dml import ReturningInsert, ReturningUpdate

from dovetail.database.prepared_reads import DriverConnection, PoolSource, ReadSource, session_of
from dovetail.database.presumed import Presumed, UnconfirmedError
from dovetail.errors import ConfigurationError
from dovetail.resources.query.filters import FilterParameter
from dovetail.resources.query.keys import key_names, keys_parameter
from dovetail.resources.query.ordering import Terms, complete
from dovetail.resources.query.search import Search
from dovetail.resources.query.url import ItemQuery, ListQuery
from dovetail.resources.query.where import PageRequest
from dovetail.resources.read.etags import value_reader, version_within
from dovetail.resources.read.orm_rows import dumped, expression_values
from dovetail.resources.read.page_select import count_select, is_selective, page_select
from dovetail.resources.read.reads_together import ReadTogether, read_together
from dovetail.resources.sql import nodes
from dovetail.resources.sql.compilable import why_python
from dovetail.resources.sql.json_values import result_processor, sent_moment
from dovetail.resources.sql.nested_select import (
    Beside,
    MakeItems,
    NestedSelect,
    allowed_column,
    nested_select,
    nothing,
    page_columns,
)
from dovetail.resources.sql.node_building import build, required_objects
from dovetail.resources.sql.nodes import Node
from dovetail.resources.sql.presumed import confirming
from dovetail.resources.sql.statements import PreparedStatement, prepare
from dovetail.resources.visibility import Visibility

ALL_FIELDS = ItemQuery()
KEY = "filter_0_0"  # the placeholder of the key in a read of one row
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


class Reader:
    """Reads `schema` from rows of `model`; `version` names the attributes whose values change with every write.

    `lookup` is the attribute by which `read_keys` finds rows, if that is not the primary key.
    """

    def __init__(
        self,
        model: type[object],
        schema: type[BaseModel],
        search: Search,
        version: Sequence[str],
        lookup: str = "",
    ) -> None:
        self.model = model
        self._lookup = lookup
        self.node = build(model, schema)
        self.search = search
        self.version = tuple(version)
        self._nodes = Cache()
        self._plans = Cache()
        self._plans_of_one = Cache()  # plans for one row, by dialect and `Visibility.template`

    def why_python(self, dialect: Dialect) -> str | None:
        """Return the reason why a read needs the ORM and pydantic; None if it is compiled."""
        return self._why(ItemQuery(expand=frozenset(self.node.on_demand())), frozenset(), dialect)

    def is_compiled(self, query: ItemQuery, visibility: Visibility, dialect: Dialect) -> bool:
        """Return True if this read is compiled."""
        return visibility.is_cacheable and self._why(query, visibility.hidden, dialect) is None

    def plan(self, request: PageRequest, visibility: Visibility, dialect: Dialect) -> Plan | None:
        """Return the compiled read of a page; None if it needs the ORM."""
        if not self.is_compiled(request.query, visibility, dialect):
            return None
        query = request.query
        key = ("page", dialect.name, request.cache_key, query.fields, query.expand, visibility.cache_key)
        return self._plans.remember(key, lambda: self._compile(request, visibility, dialect))

    def count_plan(self, request: PageRequest, visibility: Visibility, dialect: Dialect) -> PreparedStatement | None:
        """Return the compiled count of a list; None if it cannot be compiled."""
        if not visibility.is_cacheable:
            return None
        key = ("count", dialect.name, request.cache_key, request.query.count, visibility.cache_key)

        def compiled() -> PreparedStatement | None:
            statement = count_select(self.model, request, visibility, self.search, dialect)
            return prepare(statement, dialect, visibility.binds)

        return self._plans.remember(key, compiled)

    async def read(self, source: ReadSource, request: PageRequest, visibility: Visibility) -> Batch:
        """Return the rows of a page and one more.

        Raise NeedsSessionError if only the ORM can read them and the source has no session.
        """
        return await self.run(self.plan(request, visibility, source.dialect), source, request, visibility)

    async def run(
        self,
        plan: "Plan | None",
        source: ReadSource,
        request: PageRequest,
        visibility: Visibility,
        parameters: Mapping[str, object] | None = None,
    ) -> Batch:
        """Do as `read` does with a `plan` from `self.plan`; `parameters` are `request.parameters()`, if known."""
        if plan is None:
            return await self.load(session_of(source), request, visibility)
        known = request.parameters() if parameters is None else parameters
        return await plan.fetch(await source.connection(), known, visibility.bind_values)

    async def read_keys(
        self, source: ReadSource, keys: Sequence[object], visibility: Visibility, query: ItemQuery = ALL_FIELDS
    ) -> Batch:
        """Return the rows with these keys. Raise NeedsSessionError as `read` does."""
        # Most reads are of this kind, and finding the plan by the whole request would take ten times as long.
        is_plain = query is ALL_FIELDS and len(keys) == 1 and visibility.template is not None
        if isinstance(source, PoolSource) and source.presumed is not None:
            return await self._read_confirming(source, source.presumed, keys[0], visibility if is_plain else None)
        place = (source.dialect.name, visibility.template)
        plan: Plan | None = self._plans_of_one.get(place) if is_plain else None
        if plan is None:
            request = self._request_of(keys, query)
            plan = self.plan(request, visibility, source.dialect)
            if plan is None or not is_plain:
                return await self.run(plan, source, request, visibility)
            plan = self._plans_of_one[place] = _with_others(plan, source.dialect)
        return plan.batch(await plan.fetch_one(source, self._arguments(keys[0]), visibility.bind_values))

    async def _read_confirming(
        self, source: PoolSource, presumed: Presumed, key: object, visibility: Visibility | None
    ) -> Batch:
        """Return the row with this key by a statement that also confirms the presumed user. Raise UnconfirmedError."""
        if visibility is None:
            raise UnconfirmedError
        place = (source.dialect.name, visibility.template, presumed.statement)
        compiled = partial(self._compile_confirming, presumed, visibility, source.dialect)
        plan: Plan | None = self._plans_of_one.remember(place, compiled)
        if plan is None:
            raise UnconfirmedError
        values = {**presumed.values, **self._arguments(key)}
        rows = await plan.fetch_one(source, values, visibility.bind_values)
        width = len(presumed.row)
        source.confirm(presumed, rows[0][:width] if rows else None)
        return plan.batch([row[width + 1 :] for row in rows if row[width] is not None])

    async def load(self, session: AsyncSession, request: PageRequest, visibility: Visibility) -> Batch:
        """Return the rows of a page and one more by the ORM, each validated and serialized by pydantic."""
        full = self._selected(ItemQuery(expand=request.query.expand), frozenset())
        node = self._selected(request.query, visibility.hidden)
        _refuse_impossible(node, visibility)
        await session.flush()
        dialect = session.get_bind().dialect
        columns = [self.model, *allowed_column(visibility.check)]
        statement = page_select(self.model, columns, request, visibility, self.search, dialect=dialect)
        statement = statement.options(*nodes.loader_options(full, visibility.related))
        parameters = {**request.parameters(), **visibility.named_values}
        rows = (await session.execute(statement, parameters, execution_options={"populate_existing": True})).all()
        computed = await expression_values(session, full, [row[0] for row in rows], visibility.expressions)
        include, version = node.include(), self.version_within(visibility.hidden)
        start = len(columns) - 1  # after the object come the result of the check, if any, order values and versions
        middle = start + len(request.terms)
        places = [(place, None) for place in range(middle + len(version))]
        return Batch(
            [dumped(row[0], full, include, computed) for row in rows],
            [(*row[1:], *(getattr(row[0], key) for key in version)) for row in rows],
            places[start:middle],
            places[middle:],
            0 if start else None,
        )

    def version_within(self, hidden: frozenset[str]) -> tuple[str, ...]:
        """Return the attributes that make up the version for a viewer from whom fields are hidden.

        The tag must not depend on hidden values: a viewer could guess them until the tag matches.
        """
        return self._nodes.remember(("version", hidden), lambda: version_within(self.model, self.version, hidden))

    async def count(self, source: ReadSource, request: PageRequest, visibility: Visibility) -> int:
        """Return the number of rows on all pages; CAP + 1 if the count is capped and there are more than CAP."""
        prepared = self.count_plan(request, visibility, source.dialect)
        if prepared is not None:
            rows = await prepared.fetch(await source.connection(), request.parameters(), visibility.bind_values)
            return int(rows[0][0])
        statement = count_select(self.model, request, visibility, self.search, source.dialect)
        parameters = {**request.parameters(), **visibility.named_values}
        return int((await session_of(source).execute(statement, parameters)).scalar_one())

    def node_for(self, visibility: Visibility, dialect: Dialect) -> Node | None:
        """Return the fields of a read without query parameters, for this visibility; None if it needs the ORM."""
        query = ItemQuery()
        return self._selected(query, visibility.hidden) if self.is_compiled(query, visibility, dialect) else None

    def nested_select(
        self,
        node: Node,
        page: Select[object] | ReturningInsert[object] | ReturningUpdate[object],
        visibility: Visibility,
        dialect: Dialect,
        *,
        terms: Terms = (),
        beside: Beside = nothing,
        is_list: bool = False,
        is_selective: bool = False,
    ) -> NestedSelect:
        """Return the SELECT of `node` for the rows of `page`, which may be an INSERT or UPDATE on PostgreSQL."""
        version = self.version_within(visibility.hidden)
        return nested_select(
            node,
            page,
            terms=terms,
            extra=version,
            related=visibility.related,
            expressions=visibility.expressions,
            dialect=dialect,
            beside=beside,
            is_list=is_list,
            is_selective=is_selective,
        )

    def plan_of(
        self,
        select: NestedSelect,
        prepared: PreparedStatement | None,
        visibility: Visibility,
        dialect: Dialect,
        terms: Terms = (),
    ) -> Plan | None:
        """Return the plan that runs `prepared`, which is `select` compiled; None if `prepared` is None."""
        if prepared is None:
            return None
        steps = [result_processor(term.path.type, dialect) for term in terms]
        version = self.version_within(visibility.hidden)
        steps += [value_reader(getattr(self.model, key).type, dialect) for key in version]
        steps = [sent_moment if at in select.sent else step for at, step in zip(select.behind, steps, strict=True)]
        places = tuple(zip(select.behind, steps, strict=True))
        return Plan(prepared, select.make_items, places[: len(terms)], places[len(terms) :], select.allowed)

    def _arguments(self, key: object) -> dict[str, object]:
        """Return the arguments of the statement that reads the row with this key."""
        if self._is_single:
            return {KEY: key}
        return {f"filter_0_{number}": value for number, value in enumerate(self._key_filter.arguments((key,)))}

    @cached_property
    def _is_single(self) -> bool:
        return bool(self._lookup) or len(key_names(self.model)) == 1

    @cached_property
    def _key_filter(self) -> FilterParameter:
        names = (self._lookup,) if self._lookup else key_names(self.model)
        return keys_parameter(self.model, names)

    @cached_property
    def _key_terms(self) -> Terms:
        return complete(self.model, ())

    def _selected(self, query: ItemQuery, hidden: frozenset[str]) -> Node:
        key = ("node", query.fields, query.expand, hidden)
        return self._nodes.remember(key, lambda: nodes.select_fields(self.node, query.fields, query.expand, hidden))

    def _why(self, query: ItemQuery, hidden: frozenset[str], dialect: Dialect) -> str | None:
        key = ("why", query.fields, query.expand, hidden, dialect.name)
        return self._nodes.remember(key, lambda: why_python(self._selected(query, hidden), dialect))

    def _compile(self, request: PageRequest, visibility: Visibility, dialect: Dialect) -> Plan | None:
        select = self._page(request, visibility, dialect)
        prepared = prepare(select.statement, dialect, visibility.binds)
        return self.plan_of(select, prepared, visibility, dialect, request.terms)

    def _compile_confirming(self, presumed: Presumed, visibility: Visibility, dialect: Dialect) -> Plan | None:
        nothing_known = None if self._is_single else (None,) * len(key_names(self.model))
        request = self._request_of((nothing_known,), ALL_FIELDS)
        if not self.is_compiled(request.query, visibility, dialect):
            return None
        select = self._page(request, visibility, dialect)
        prepared = prepare(confirming(presumed, select.statement, dialect), dialect, visibility.binds)
        plan = self.plan_of(select, prepared, visibility, dialect)
        return None if plan is None else _with_others(plan, dialect)

    def _page(self, request: PageRequest, visibility: Visibility, dialect: Dialect) -> NestedSelect:
        node = self._selected(request.query, visibility.hidden)
        _refuse_impossible(node, visibility)
        columns = page_columns(node, self.version_within(visibility.hidden), visibility.check)
        page = page_select(self.model, columns, request, visibility, self.search, dialect=dialect)
        return self.nested_select(
            node,
            page,
            visibility,
            dialect,
            terms=request.terms,
            is_list=request.query.limit > 1,
            is_selective=is_selective(request, visibility, self.search),
        )

    def _request_of(self, keys: Sequence[object], query: ItemQuery) -> PageRequest:
        listed = ListQuery(
            filters=((self._key_filter, tuple(keys)),), limit=len(keys), fields=query.fields, expand=query.expand
        )
        return PageRequest(listed, self._key_terms if len(keys) > 1 else ())


def _with_others(plan: Plan, dialect: Dialect) -> Plan:
    return replace(plan, together=read_together(plan.prepared, dialect))


def _values(row: Sequence[object], places: Sequence[Place]) -> tuple[object, ...]:
    # Converted on demand: most lists need neither position nor version.
    return tuple([row[place] if step is None else step(row[place]) for place, step in places])


def _refuse_impossible(node: Node, visibility: Visibility) -> None:
    """Raise ConfigurationError if the policy may hide an object that the schema requires."""
    for path, field, _ in required_objects(node):
        if path in visibility.related:
            raise ConfigurationError(f"the policy may hide {path!r}, so {field} has to allow null")
