"""Reads rows of a resource by the compiled road, or by the ORM and pydantic where a schema needs Python.

Both roads run the same page and give the same answer; `Reader.why_python` says which one a read takes.
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import orjson
from pydantic import BaseModel
from sqlalchemy import Dialect, Select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession
from sqlalchemy.sql.dml import ReturningInsert

from dovetail.database.drivers.session_connection import connection_to_read
from dovetail.database.prepared_reads import DriverConnection, driver_connection
from dovetail.errors import ConfigurationError
from dovetail.resources.query.ordering import Terms
from dovetail.resources.query.search import Search
from dovetail.resources.query.url import ItemQuery
from dovetail.resources.read.pages import PageRequest, count_select, page_select
from dovetail.resources.sql import nodes
from dovetail.resources.sql.encodable import why_python
from dovetail.resources.sql.json_values import result_processor
from dovetail.resources.sql.nested_select import Beside, MakeItem, NestedSelect, nested_select, nothing, page_columns
from dovetail.resources.sql.nodes import Node, Relation, View
from dovetail.resources.sql.prepared import PreparedStatement, prepare
from dovetail.resources.visibility import Visibility

MAXIMUM_PLANS = 500  # a resource; each is some kilobytes
T = TypeVar("T")
Place = tuple[int, Callable[[Any], Any] | None]  # where in a row a value is, and what makes Python's value of it


@dataclass(frozen=True)
class Batch:
    """Rows as they are to be answered: each an item for orjson, with its place in the order and its version."""

    items: list[Any]
    rows: Sequence[Sequence[Any]]  # what each item was made of, as the driver gave it
    order: Sequence[Place]  # of what the rows are ordered by
    versions: Sequence[Place]  # of what changes with every write

    def position(self, number: int) -> tuple[Any, ...]:
        """The values that an item is ordered by."""
        return _values(self.rows[number], self.order)

    def version(self, number: int) -> tuple[Any, ...]:
        """The values that change with every write of an item."""
        return _values(self.rows[number], self.versions)


@dataclass(frozen=True)
class Plan:
    """A compiled read."""

    prepared: PreparedStatement
    make_item: MakeItem
    order: tuple[Place, ...]  # of what the rows are ordered by
    versions: tuple[Place, ...]  # of what changes with every write

    async def fetch(
        self, connection: DriverConnection, values: Mapping[str, Any], viewer_values: Sequence[Any]
    ) -> Batch:
        """The rows of a page and one more."""
        rows = await self.prepared.fetch(connection, values, viewer_values)
        make_item = self.make_item
        return Batch([make_item(row) for row in rows], rows, self.order, self.versions)


class Cache(OrderedDict[Hashable, Any]):
    """Keeps what was used last."""

    def remember(self, key: Hashable, make: Callable[[], T]) -> T:
        """What `make` made for `key`, now or before."""
        try:
            self.move_to_end(key)
        except KeyError:
            self[key] = make()
            if len(self) > MAXIMUM_PLANS:
                self.popitem(last=False)
        return self[key]  # type: ignore[no-any-return]  # what make() made


class Reader:
    """Reads `schema` from rows of `model`; `version` names the attributes whose values change with every write."""

    def __init__(self, model: type[Any], schema: type[BaseModel], search: Search, version: Sequence[str]) -> None:
        self.model = model
        self.node = nodes.build(model, schema)
        self.search = search
        self.version = tuple(version)
        self._nodes = Cache()
        self._plans = Cache()

    def why_python(self, dialect: Dialect) -> str | None:
        """Why a read takes the road of the ORM and pydantic; None if it takes the compiled one."""
        return self._why(ItemQuery(expand=frozenset(self.node.on_demand())), frozenset(), dialect)

    def is_compiled(self, query: ItemQuery, visibility: Visibility, dialect: Dialect) -> bool:
        """Whether this read takes the compiled road."""
        return visibility.is_cacheable and self._why(query, visibility.hidden, dialect) is None

    def plan(self, request: PageRequest, visibility: Visibility, dialect: Dialect) -> Plan | None:
        """How to read a page by the compiled road; None where it cannot go."""
        if not self.is_compiled(request.query, visibility, dialect):
            return None
        key = (
            "page",
            dialect.name,
            request.cache_key,
            request.query.fields,
            request.query.expand,
            visibility.cache_key,
        )
        return self._plans.remember(key, lambda: self._compile(request, visibility, dialect))

    def count_plan(self, request: PageRequest, visibility: Visibility, dialect: Dialect) -> PreparedStatement | None:
        """How to count by the compiled road; None where it cannot go."""
        if not visibility.is_cacheable:
            return None
        key = ("count", dialect.name, request.cache_key, request.query.count, visibility.cache_key)
        return self._plans.remember(
            key,
            lambda: prepare(
                count_select(self.model, request, visibility, self.search, dialect), dialect, visibility.binds
            ),
        )

    async def fetch(self, connection: AsyncConnection, request: PageRequest, visibility: Visibility) -> Batch | None:
        """The rows of a page and one more, by the compiled road; None where it cannot go."""
        plan = self.plan(request, visibility, connection.dialect)
        if plan is None:
            return None
        return await plan.fetch(await driver_connection(connection), request.parameters(), visibility.bind_values)

    async def load(self, session: AsyncSession, request: PageRequest, visibility: Visibility) -> Batch:
        """The same rows by the ORM, each validated and written by pydantic."""
        full = self._selected(ItemQuery(expand=request.query.expand), frozenset())
        node = self._selected(request.query, visibility.hidden)
        _refuse_impossible(node, visibility)
        dialect = session.get_bind().dialect
        statement = page_select(self.model, [self.model], request, visibility, self.search, dialect=dialect)
        statement = statement.options(*nodes.loader_options(full, visibility.related))
        rows = (
            await session.execute(statement, request.parameters(), execution_options={"populate_existing": True})
        ).all()
        include = node.include()
        places = [(place, None) for place in range(len(request.terms) + len(self.version))]
        return Batch(
            [_dumped(row[0], full, include) for row in rows],
            [(*row[1:], *(getattr(row[0], key) for key in self.version)) for row in rows],
            places[: len(request.terms)],
            places[len(request.terms) :],
        )

    async def read(self, session: AsyncSession, request: PageRequest, visibility: Visibility) -> Batch:
        """The rows of a page and one more, by the road that suits, as this session's transaction sees them."""
        await session.flush()
        connection = await connection_to_read(session)
        return await self.fetch(connection, request, visibility) or await self.load(session, request, visibility)

    async def count(self, connection: AsyncConnection, request: PageRequest, visibility: Visibility) -> int:
        """How many rows there are on all pages; CAP + 1 if the count is capped and there are more than CAP."""
        prepared = self.count_plan(request, visibility, connection.dialect)
        if prepared is None:
            statement = count_select(self.model, request, visibility, self.search, connection.dialect)
            return int((await connection.execute(statement, request.parameters())).scalar_one())
        rows = await prepared.fetch(await driver_connection(connection), request.parameters(), visibility.bind_values)
        return int(rows[0][0])

    def node_for(self, visibility: Visibility, dialect: Dialect) -> Node | None:
        """What a plain read answers in this visibility; None if it does not take the compiled road."""
        query = ItemQuery()
        return self._selected(query, visibility.hidden) if self.is_compiled(query, visibility, dialect) else None

    def nested_select(
        self,
        node: Node,
        page: Select[Any] | ReturningInsert[Any],
        visibility: Visibility,
        dialect: Dialect,
        *,
        terms: Terms = (),
        beside: Beside = nothing,
    ) -> NestedSelect:
        """Return the SELECT of `node` for the rows of `page`, which may be an INSERT on PostgreSQL."""
        return nested_select(
            node, page, terms=terms, extra=self.version, related=visibility.related, dialect=dialect, beside=beside
        )

    def plan_of(
        self, select: NestedSelect, prepared: PreparedStatement | None, dialect: Dialect, terms: Terms = ()
    ) -> Plan | None:
        """How to read what `prepared` gives, which is `select` compiled; None if it is None."""
        if prepared is None:
            return None
        types = [term.path.type for term in terms]
        types += [getattr(self.model, key).type for key in self.version]
        steps = [result_processor(one, dialect) for one in types]
        places = tuple(zip(select.behind, steps, strict=True))
        return Plan(prepared, select.make_item, places[: len(terms)], places[len(terms) :])

    def _selected(self, query: ItemQuery, hidden: frozenset[str]) -> Node:
        key = ("node", query.fields, query.expand, hidden)
        return self._nodes.remember(key, lambda: nodes.select_fields(self.node, query.fields, query.expand, hidden))

    def _why(self, query: ItemQuery, hidden: frozenset[str], dialect: Dialect) -> str | None:
        key = ("why", query.fields, query.expand, hidden, dialect.name)
        return self._nodes.remember(key, lambda: why_python(self._selected(query, hidden), dialect))

    def _compile(self, request: PageRequest, visibility: Visibility, dialect: Dialect) -> Plan | None:
        node = self._selected(request.query, visibility.hidden)
        _refuse_impossible(node, visibility)
        page = page_select(
            self.model, page_columns(node, self.version), request, visibility, self.search, dialect=dialect
        )
        select = self.nested_select(node, page, visibility, dialect, terms=request.terms)
        return self.plan_of(select, prepare(select.statement, dialect, visibility.binds), dialect, request.terms)


def _values(row: Sequence[Any], places: Sequence[Place]) -> tuple[Any, ...]:
    # Most lists never ask, so nothing is converted before somebody does.
    return tuple([row[place] if step is None else step(row[place]) for place, step in places])


def _dumped(item: Any, node: Node, include: dict[str, Any]) -> orjson.Fragment:
    validated = node.schema.model_validate(View(item, node), from_attributes=True)
    return orjson.Fragment(validated.model_dump_json(include=include, by_alias=True))


def _refuse_impossible(node: Node, visibility: Visibility, prefix: str = "") -> None:
    for part in node.parts:
        if isinstance(part, Relation):
            name = prefix + part.name
            if name in visibility.related and not (part.is_list or part.is_optional):
                raise ConfigurationError(
                    f"the policy may hide {name!r}, so {node.schema.__name__}.{part.name} has to allow null"
                )
            _refuse_impossible(part.node, visibility, f"{name}.")
